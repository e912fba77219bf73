"""Writes as Markdown what code knows best: the keys of the recipe, the options of commands."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import typer.main

from edgetag.cli.app import app
from edgetag.recipe import Recipe

Schema = dict[str, Any]
"""A part of a JSON Schema."""

BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
    "minItems": "entries: {} or more",
    "maxItems": "entries: {} or fewer",
}
NAMES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
}
ENTRY = {
    "budgets": "VARIANT",
    "budgets.VARIANT.tags": "TAG",
    "bundle.display_names": "TAG",
    "compress.channels.budgets": "NETWORK",
}
"""Tables of sections → what their keys are called."""


def recipe_reference() -> str:
    """Return every section of the recipe with its keys, types, defaults and meanings."""
    schema = Recipe.model_json_schema()
    return "\n".join(_Sections(schema["$defs"]).lines(schema))


class _Sections:
    """Walks a JSON Schema section by section."""

    def __init__(self, definitions: Schema) -> None:
        self._definitions = definitions

    def lines(self, recipe: Schema) -> Iterator[str]:
        """Yield all lines, those of the keys above the sections first."""
        yield "### Above all sections\n"
        yield from self._section(recipe, "")

    def _section(self, section: Schema, path: str) -> Iterator[str]:
        """Yield a section's table, then the sections in it with their headings and texts."""
        inner = []
        rows = []
        for key, value in section["properties"].items():
            below, many = self._section_in(value)
            if below:
                inner.append((f"{path}.{key}".strip("."), value, below, many))
            if not below or many:
                required = key in section.get("required", ())
                rows.append((f"`{key}`", *self._key(value, required)))
        yield from _table(("key", "type", "default", "meaning"), rows)
        for name, value, below, many in inner:
            place = f"{name}.{ENTRY[name]}" if name in ENTRY else name
            yield f"### `{f'[[{place}]]' if many else f'[{place}]'}`\n"
            texts = (below["description"], "" if many else value.get("description", ""))
            yield from (f"{text}\n" for text in texts if text)
            yield from self._section(below, place)

    def _section_in(self, value: Schema) -> tuple[Schema | None, bool]:
        """Return the section that a key holds, if it does, and whether it holds a list of them."""
        many = value.get("type") == "array"
        held = value["items"] if many and "items" in value else value
        if isinstance(held.get("additionalProperties"), dict):
            held = held["additionalProperties"]
        target = self._target(held)
        return (target, many) if "properties" in target else (None, False)

    def _target(self, value: Schema) -> Schema:
        reference = value.get("$ref")
        return self._definitions[reference.rpartition("/")[2]] if reference else value

    def _key(self, value: Schema, required: bool) -> tuple[str, str, str]:
        default = "required" if required else _toml(value.get("default"))
        return self._kind(value), default, value.get("description", "")

    def _kind(self, value: Schema) -> str:
        value = self._target(value)
        choices = value.get("anyOf") or value.get("oneOf")
        if choices:
            return " or ".join(self._kind(one) for one in choices if one.get("type") != "null")
        if "properties" in value:
            return "table"
        if "enum" in value or "const" in value:
            return ", ".join(f"`{one}`" for one in value.get("enum") or [value["const"]])
        if "prefixItems" in value:
            return f"list of {' and '.join(self._kind(one) for one in value['prefixItems'])}"
        kind = value.get("type", "")
        if kind == "array":
            name = f"list of {self._kind(value['items'])}"
        elif kind == "object":
            name = f"table of {self._kind(value['additionalProperties'])}"
        else:
            name = "path" if value.get("format") == "path" else NAMES[kind]
        bounds = [words.format(value[key]) for key, words in BOUNDS.items() if key in value]
        return ", ".join([name, *bounds])


def command_reference() -> str:
    """Return every command with its arguments and options, as `--help` has them."""
    command = typer.main.get_command(app)
    context = command.make_context("edgetag", [], resilient_parsing=True)
    return "\n".join(_command(command, context, "edgetag"))


def _command(command: Any, context: Any, name: str) -> Iterator[str]:
    """Yield the lines of a command and of those in it."""
    verbs = {
        verb: command.get_command(context, verb)
        for verb in (command.list_commands(context) if hasattr(command, "list_commands") else ())
    }
    default = verbs.pop(getattr(command, "default", ""), None)
    shown = default or command
    yield f"## `{name}`\n"
    yield f"{_text(shown.help or command.help)}\n"
    inner = context
    if default:
        inner = default.make_context(name, [], parent=context, resilient_parsing=True)
    yield f"`{' '.join((name, *shown.collect_usage_pieces(inner)))}`\n"
    yield from _options(shown.get_params(inner), inner)
    for verb, inner_command in verbs.items():
        inner = inner_command.make_context(verb, [], parent=context, resilient_parsing=True)
        yield from _command(inner_command, inner, f"{name} {verb}")


def _options(parameters: Iterable[Any], context: Any) -> Iterator[str]:
    """Yield a table for each panel of options; `--help` itself is left out."""
    panels: dict[str, list[tuple[str, str]]] = {}
    for parameter in parameters:
        record = parameter.get_help_record(context)
        if record and parameter.name != "help":
            name, text = record
            panel = getattr(parameter, "rich_help_panel", None) or ""
            panels.setdefault(panel, []).append((f"`{name.replace('|', ', ')}`", _text(text)))
    for panel, rows in panels.items():
        if panel:
            yield f"{panel}:\n"
        yield from _table(("option", "meaning"), rows)


def _text(text: str) -> str:
    """Return a help text without the marks of a terminal's bold type."""
    return text.replace("[bold]", "**").replace("[/bold]", "**")


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    if not rows:
        return
    for row in (heads, ("---",) * len(heads), *rows):
        yield f"| {' | '.join(_cell(text) for text in row)} |"
    yield ""


def _cell(text: str) -> str:
    return " ".join(text.replace("|", r"\|").split())


def _toml(value: Any) -> str:
    """Return a default as it is written in a recipe."""
    return "–" if value is None or value == {} else f"`{_inline(value)}`"


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_inline(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return f"[{', '.join(_inline(one) for one in value)}]"
    return json.dumps(value)
