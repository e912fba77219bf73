"""From a TOML file to a recipe, with errors that name key, line, allowed values and a fix."""

import difflib
import re
import tomllib
from errno import ELOOP
from pathlib import Path
from shlex import quote
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from edgetag.errors import EdgetagError, InputError, one_line
from edgetag.recipe.mistaken import NEW, WANTED, mistaken_file
from edgetag.recipe.sections import Recipe, with_places
from edgetag.records import first_problem
from edgetag.toml_text import with_tuples
from edgetag.userfiles import read_file, require_text

MAX_RECIPE_BYTES = 1_000_000

RENAMED = {"device": "targets"}
"""Sections by the name that they had before."""


def load_recipe(path: Path) -> Recipe:
    """Read a recipe; relative paths in it are taken from its folder.

    Raises:
        InputError: The file is missing, no TOML, or breaks a rule; the text says where.
    """
    require_text(path)
    try:
        if mistaken := mistaken_file(path):
            raise InputError(mistaken)
        text = read_file(path, "recipe", MAX_RECIPE_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8 text; save the recipe as UTF-8") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; {WANTED}. Write one with: {NEW}") from None
    return parse_recipe(text, path)


def resolved_recipe(values: dict[str, Any], path: Path) -> Recipe:
    """Return the recipe that a run folder keeps, with its paths as they were resolved then.

    Raises:
        InputError: It is none of this version's recipes.
    """
    try:
        renamed = {RENAMED.get(key, key): value for key, value in values.items()}
        return Recipe.model_validate(with_tuples(_with_paths(renamed, path.parent)))
    except ValidationError as error:
        raise InputError(
            f"{path}: {first_problem(error)}; name the recipe's own file instead of the folder"
        ) from None


def parse_recipe(text: str, path: Path) -> Recipe:
    """Parse the text of a recipe that lies, or would lie, at `path`.

    Raises:
        InputError: See `load_recipe`. All problems are listed, one a line.
    """
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also of too many digits, nested without end
        raise InputError(f"{path}: not valid TOML: {error}") from None
    if "models" in values and "data" not in values:
        raise InputError(
            f"{path}: an ensemble of models, not a recipe; it is judged by: edgetag validate file "
            f"RECIPE {quote(str(path))}"
        )
    try:
        # TOML has arrays where the recipe has tuples; everything else stays strict.
        return Recipe.model_validate(with_tuples(_with_paths(values, path.parent)))
    except ValidationError as error:
        problems = error.errors()
        lines = [
            _explain(problem, text, path)
            for problem in problems
            if not _follows_from_another(problem, problems)
        ]
        raise InputError("\n".join(dict.fromkeys(lines))) from None
    except EdgetagError as error:
        raise InputError(f"{path}: {error}") from None


def _with_paths(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return values whose paths are paths; relative ones are taken from a folder."""

    def resolved(place: str) -> Path:
        path = folder / place
        try:
            path.stat()
        except (OSError, ValueError) as error:  # links in a circle, a NUL; others come later
            if getattr(error, "errno", ELOOP) == ELOOP:
                raise InputError(f"{place!r} is no path: {error}; name a file or folder") from None
        return path.resolve()

    return with_places(values, resolved)


def _follows_from_another(problem: ErrorDetails, problems: list[ErrorDetails]) -> bool:
    """Tell whether a list is only too short since pydantic left out what is wrong in it."""
    where = problem["loc"]
    return problem["type"] == "too_short" and any(
        len(other["loc"]) > len(where) and other["loc"][: len(where)] == where for other in problems
    )


def _explain(problem: ErrorDetails, text: str, path: Path) -> str:
    keys = [part for part in problem["loc"] if not _is_union_branch(part)]
    name = ".".join(str(part) for part in keys) or "recipe"
    place = f"{path}:{_line_of(text, keys)}: {name}: "
    if problem["type"] == "missing":
        return f"{place}missing; add it"
    if problem["type"] == "extra_forbidden":
        if name in RENAMED:
            return f"{place}this section is called [{RENAMED[name]}] now; rename it"
        known = sorted(_fields(keys[:-1]))
        near = _nearest(str(keys[-1]), known) or "."
        return f"{place}unknown key{near} Known: {', '.join(known)}"
    if problem["type"] == "literal_error":
        allowed = re.findall(r"'([^']*)'", str(problem["ctx"]["expected"]))
        given = str(problem["input"])
        return f"{place}{given!r} is not one of {', '.join(allowed)}{_nearest(given, allowed)}"
    if problem["type"] == "string_pattern_mismatch":
        given, pattern = problem["input"], problem["ctx"]["pattern"]
        described = _fields(keys[:-1])[str(keys[-1])].description
        return f"{place}{given!r} does not match the pattern {pattern}: {described}"
    message = problem["msg"].removeprefix("Value error, ").removeprefix("Input ")
    message = message.replace("valid tuple", "list in brackets").replace("Tuple should", "should")
    message = message.replace(" after validation", "")
    message = message.replace("an instance of Path", "a path in quotes")
    message = re.sub(r"valid dictionary( or instance of \w+)?", "table", message)
    if not keys and (named := _NAMED.match(message)):
        # What sections do not fit together is told by key, since pydantic knows no place of it.
        return f"{path}:{_line_of(text, list(named[1].split('.')))}: {message}"
    if named := _NAMED_IN_SECTION.match(message):
        # What keys of a section do not fit together is told by the key that it begins with.
        place = f"{path}:{_line_of(text, [*keys, *named[0].split('.')])}: {name}: "
    given = problem["input"]
    shown = f" (got {one_line(repr(given))})" if isinstance(given, str | int | float | bool) else ""
    return f"{place}{message}{shown}"


def _is_union_branch(part: int | str) -> bool:
    return isinstance(part, str) and (
        "[" in part or part in ("int", "float", "str", "bool", "constrained-str")
    )


def _nearest(given: str, known: list[str]) -> str:
    near = difflib.get_close_matches(given, known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""


def _fields(parents: list[int | str]) -> dict[str, FieldInfo]:
    """Return the keys of the section at a path, following pydantic's field types."""
    section: type[BaseModel] = Recipe
    for part in parents:
        if isinstance(part, int) or part not in section.model_fields:
            continue
        inner = _section_in(section.model_fields[part].annotation)
        section = inner or section
    return section.model_fields


def _section_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        nested = _section_in(inner)
        if nested:
            return nested
    return None


_PART = r"""(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)"""
_DOTTED = rf"({_PART}(?:\s*\.\s*{_PART})*)"
_HEADER = re.compile(rf"^\s*\[\[?\s*{_DOTTED}\s*\]\]?\s*(?:#.*)?$")
_NAMED = re.compile(r"^([a-z_]+(?:\.[\w-]+)+)")
_NAMED_IN_SECTION = re.compile(r"[a-z_]+(?:\.[a-z_]+)*")
_KEY = re.compile(rf"^\s*{_DOTTED}\s*=")


def _line_of(text: str, keys: list[int | str]) -> int:
    """Find the line that best matches a key path; 1 where nothing does.

    An array of tables counts its entries, so `training.phases.1.epochs` finds the second
    `[[training.phases]]`.
    """
    wanted = [str(key) for key in keys]
    best, best_length = 1, 0
    header: list[str] = []
    counts: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if match := _HEADER.match(line):
            header = _split_key(match[1])
            if line.lstrip().startswith("[["):
                index = counts.get(match[1], -1) + 1
                counts[match[1]] = index
                header = [*header, str(index)]
            path = header
        elif match := _KEY.match(line):
            path = [*header, *_split_key(match[1])]
        else:
            continue
        if len(path) > best_length and wanted[: len(path)] == path:
            best, best_length = number, len(path)
    return best


def _split_key(dotted: str) -> list[str]:
    return [part.strip("\"'") for part in re.findall(_PART, dotted)]
