"""A library's public Kotlin API as stubs: what its sources declare, with nothing that runs.

Stubs are there to compile against. What a caller's compiler sees stays as it is written: names,
types, defaults, annotations that matter to callers. Private and internal declarations, bodies and
values are left out. A constructor that no caller may call loses its parameters, and entries of
enums their values.
"""

import re
from dataclasses import dataclass

import kotlin_source as kt
from kotlin_classes import (
    ABSENT,
    Classes,
    Constructor,
    Parameter,
    is_entry,
    is_enum,
    is_interface,
)
from kotlin_source import Source, squash, text_of
from tree_sitter import Node

KEPT = frozenset(
    ("Deprecated", "JvmField", "JvmInline", "JvmName", "JvmOverloads", "JvmStatic", "Throws")
)
"""Annotations that matter to callers."""

NOT_OF_STUBS = frozenset((*kt.VISIBILITIES, "external", "lateinit", "tailrec"))
"""Modifiers of what is left out, and visibilities, which are written first."""

WIDTH = 100
INDENT = "    "
ABSENT_DECLARED = f"""\
private fun <T> {ABSENT}(): T =
    throw UnsatisfiedLinkError("these are stubs to compile against, and run nothing")"""


def stub_of(source: Source, classes: Classes) -> str:
    """Return a file's public API as stubs.

    Raises:
        StubError: There is a declaration of which no stub can be made.
    """
    stubs = _Stubs(source, classes, None, WIDTH)
    head, imports, declared = [], [], []
    for node in source.root.named_children:
        match node.type:
            case "package_header":
                head.append(squash(text_of(node)))
            case "file_annotation":
                head += [squash(text_of(node))] if _is_kept(node) else []
            case "import":
                imports.append(squash(text_of(node)))
            case _:
                declared.append("\n".join(stubs.declaration(node)))
    words = set(re.findall(r"\w+", "\n".join(declared)))
    needed = [line for line in imports if line.endswith("*") or re.split(r"\W", line)[-1] in words]
    if ABSENT in words:
        declared.append(ABSENT_DECLARED)
    parts = ("\n".join(head), "\n".join(needed), *declared)
    return "\n\n".join(part for part in parts if part) + "\n"


@dataclass(frozen=True)
class _Stubs:
    """Makes stubs of declarations that stand side by side.

    Attributes:
        source: The file.
        classes: Those of all files.
        owner: The class that they stand in; None at the top of a file.
        width: How long their lines may be.
    """

    source: Source
    classes: Classes
    owner: Node | None
    width: int

    def declaration(self, node: Node) -> list[str]:
        """Return the lines of a declaration; none where callers do not see it."""
        if kt.is_hidden(node):
            return []
        match node.type:
            case "anonymous_initializer":
                return []
            case "function_declaration":
                return self.function(node)
            case "property_declaration":
                return self.property(node)
            case "secondary_constructor":
                return self.secondary_constructor(node)
            case "class_declaration" | "object_declaration" | "companion_object":
                return self.whole_class(node)
            case "type_alias":
                start = self.modifiers(node) + _from_keyword(node, node.end_byte)
                return [*_annotations(node), start]
            case other:
                raise self.source.refuse(node, f"no stub is made of this: {other}")

    def function(self, node: Node) -> list[str]:
        """Return a function, which does nothing."""
        if "inline" in kt.keywords(node):
            raise self.source.refuse(node, "an inline function runs in its caller")
        listed = kt.child(node, "function_value_parameters")
        if listed is None:
            raise self.source.refuse(node, "a function without parentheses")
        body = kt.child(node, "function_body")
        where = kt.child(node, "type_constraints")
        end = min([each.start_byte for each in (where, body) if each], default=node.end_byte)
        has_body = not self.is_left_open(node) and not (body is None and is_interface(self.owner))
        type_ = kt.between(node, listed.end_byte, end).lstrip(": ")
        if has_body and not type_:
            value = body and kt.after(body, "=")
            type_ = "Unit" if value is None else self.type_of(value)
        tail = f": {type_}" if type_ else ""
        tail += f" {squash(text_of(where))}" if where else ""
        tail += f" = {ABSENT}()" if has_body else ""
        start = self.modifiers(node) + _from_keyword(node, listed.start_byte)
        lines = _wrapped(start, _function_parameters(listed), tail, self.width)
        return [*_annotations(node), *lines]

    def property(self, node: Node) -> list[str]:
        """Return a property, whose value stays where callers are compiled with it."""
        variable = kt.child(node, "variable_declaration")
        if variable is None:
            raise self.source.refuse(node, "a property without a name")
        getter, setter = kt.child(node, "getter"), kt.child(node, "setter")
        value = kt.after(node, "=")
        start = _from_keyword(node, variable.end_byte)
        if kt.after(variable, ":") is None:
            body = getter and kt.child(getter, "function_body")
            shown = value or (body and kt.after(body, "="))
            if shown is None:
                raise self.source.refuse(node, "the type of this property is not written")
            start += f": {self.type_of(shown)}"
        is_open_to_set = start.startswith("var ") and not (setter and kt.is_hidden(setter))
        if not is_open_to_set:
            start = re.sub("^var ", "val ", start)
        start = self.modifiers(node) + start
        annotations = _annotations(node)
        if "const" in kt.keywords(node) and value is not None:
            return [*annotations, f"{start} = {squash(text_of(value))}"]
        if "@JvmField" in annotations:
            return [*annotations, f"{start} = {ABSENT}()"]
        if self.is_left_open(node) or (is_interface(self.owner) and getter is None):
            return [*annotations, start]
        visibility = "protected " if setter and "protected" in kt.keywords(setter) else ""
        return [*annotations, start, *_accessors(is_open_to_set, visibility)]

    def secondary_constructor(self, node: Node) -> list[str]:
        """Return a constructor, which hands nothing on to the first one."""
        listed = kt.child(node, "function_value_parameters")
        if listed is None or self.owner is None:
            raise self.source.refuse(node, "a constructor without parentheses, or without a class")
        first = Constructor.of(self.owner)
        called = kt.child(node, "constructor_delegation_call")
        tail = ""
        if first.node is not None:
            tail = f" : this{first.arguments}"
        elif called is not None and text_of(called).startswith("super"):
            tail = f" : {squash(text_of(called))}"
        parameters = _function_parameters(listed)
        start = f"{self.modifiers(node)}constructor"
        return [*_annotations(node), *_wrapped(start, parameters, tail, self.width)]

    def whole_class(self, node: Node) -> list[str]:
        """Return a class, an interface, an object or an enum, and what it declares."""
        constructor = Constructor.of(node)
        start, parameters = self.class_head(node, constructor)
        tail = self.supertypes(node, constructor)
        head = _wrapped(start, parameters, tail, self.width - 2)
        inside = _Stubs(self.source, self.classes, node, self.width - len(INDENT))
        members = [] if constructor.is_callable else inside.moved(constructor)
        members += [
            lines
            for each in kt.members_of(node)
            if not is_entry(each) and (lines := inside.declaration(each))
        ]
        entries = inside.entries(node, more_follows=bool(members))
        blocks = [entries, *members] if entries else members
        if not blocks:
            return [*_annotations(node), *head]
        head[-1] += " {"
        body: list[str] = []
        for block in blocks:
            body += [*([""] if body else []), *(INDENT + line if line else "" for line in block)]
        return [*_annotations(node), *head, *body, "}"]

    def class_head(self, node: Node, constructor: Constructor) -> tuple[str, list[str] | None]:
        """Return a class's name with what precedes it; its parameters, None where it has none."""
        name = node.child_by_field_name("name")
        last = kt.child(node, "type_parameters") or name or kt.child(node, "object") or node
        start = self.modifiers(node) + _from_keyword(node, last.end_byte)
        others = [each for each in kt.members_of(node) if each.type == "secondary_constructor"]
        if is_enum(node):
            return start, None
        if constructor.node is None:
            is_closed = bool(others) and all(map(kt.is_hidden, others))
            return (f"{start} private constructor", []) if is_closed else (start, None)
        words = kt.keywords(constructor.node)
        if not constructor.is_callable:
            if "data" in kt.keywords(node):
                raise self.source.refuse(node, "a data class whose constructor is hidden")
            return f"{start} {' '.join(words)} constructor", []
        words = [*_annotations(constructor.node), *(word for word in words if word != "public")]
        if words:
            start += f" {' '.join(words)} constructor"
        return start, [_class_parameter(each) for each in constructor.parameters]

    def supertypes(self, node: Node, constructor: Constructor) -> str:
        """Return what a class derives from, as it follows the class's head."""
        listed = kt.child(node, "delegation_specifiers")
        written = []
        for specifier in [] if listed is None else listed.named_children:
            type_ = specifier.children[0]
            if type_.type == "explicit_delegation":
                raise self.source.refuse(node, "a supertype that another object stands for")
            text = squash(text_of(type_))
            arguments = kt.child(type_, "value_arguments")
            if arguments is not None:
                name = type_.children[0]
                known = self.classes.arguments(name)
                given = known or squash(text_of(arguments))
                if known is None and given != "()" and not constructor.is_callable:
                    raise self.source.refuse(node, f"a hidden constructor passes {given} on")
                text = squash(text_of(name)) + given
            written.append(text)
        where = kt.child(node, "type_constraints")
        constraints = f" {squash(text_of(where))}" if where else ""
        return (f" : {', '.join(written)}" if written else "") + constraints

    def moved(self, constructor: Constructor) -> list[list[str]]:
        """Return the properties of a constructor that has lost its parameters."""
        blocks = []
        for each in constructor.parameters:
            if each.is_property:
                keyword = each.declared.split()[0]
                head = f"{self.modifiers(each.node)}{keyword} {each.name}: {each.type}"
                lines = [head, *_accessors(keyword == "var")]
                blocks.append([*_annotations(each.node), *lines])
        return blocks

    def entries(self, node: Node, *, more_follows: bool) -> list[str]:
        """Return the names of an enum's entries."""
        lines = []
        for each in filter(is_entry, kt.members_of(node)):
            name = kt.child(each, "identifier")
            if name is not None:
                lines.append(" ".join([*_annotations(each), text_of(name)]) + ",")
        if lines and more_follows:
            lines[-1] = lines[-1][:-1] + ";"
        return lines

    def modifiers(self, node: Node) -> str:
        """Return a declaration's modifiers, visibility first; one that overrides inherits it."""
        words = kt.keywords(node)
        visible = [word for word in words if word in kt.VISIBILITIES]
        if not visible and "override" not in words:
            visible = ["public"]
        left = NOT_OF_STUBS | ({"abstract"} if is_enum(self.owner) else set())
        return "".join(f"{word} " for word in (*visible, *(w for w in words if w not in left)))

    def is_left_open(self, node: Node) -> bool:
        """Tell whether a member is for others to define; entries of enums lose theirs."""
        return "abstract" in kt.keywords(node) and not is_enum(self.owner)

    def type_of(self, value: Node) -> str:
        """Return the type that a value shows.

        Raises:
            StubError: It shows none.
        """
        type_ = self.classes.type_of(value, self.owner)
        if type_ is None:
            text = squash(text_of(value))
            raise self.source.refuse(value, f"no type is written, and none is seen from {text}")
        return type_


def _is_kept(annotation: Node) -> bool:
    names = [text_of(each) for each in kt.walk(annotation) if each.type == "identifier"]
    return bool(names) and names[0] in KEPT


def _annotations(node: Node) -> list[str]:
    modifiers = kt.child(node, "modifiers")
    listed = [] if modifiers is None else modifiers.children
    return [
        squash(text_of(each)) for each in listed if each.type == "annotation" and _is_kept(each)
    ]


def _accessors(is_variable: bool, visibility: str = "") -> list[str]:
    setter = [f"{INDENT}{visibility}set(value) = {ABSENT}()"] if is_variable else []
    return [f"{INDENT}get() = {ABSENT}()", *setter]


def _from_keyword(node: Node, end: int) -> str:
    first = next(each for each in node.children if each.type != "modifiers")
    return kt.between(node, first.start_byte, end)


def _class_parameter(parameter: Parameter) -> str:
    words = [word for word in kt.keywords(parameter.node) if word != "public"]
    if not parameter.is_property:
        words = [word for word in words if word == "vararg"]
    declared = parameter.declared if parameter.is_property else parameter.plain
    return " ".join([*_annotations(parameter.node), *words, declared])


def _function_parameters(listed: Node) -> list[str]:
    """Return parameters with modifiers and defaults, which are their siblings in the tree."""
    parameters: list[str] = []
    words = ""
    start: int | None = None
    for each in listed.children[1:]:
        if each.type == "parameter_modifiers":
            kept = (word for word in each.children if word.type != "annotation" or _is_kept(word))
            words = "".join(f"{squash(text_of(word))} " for word in kept)
        elif each.type in (",", ")"):
            if start is not None:
                parameters.append(words + kt.between(listed, start, each.start_byte))
            words, start = "", None
        elif start is None:
            start = each.start_byte
    return parameters


def _wrapped(start: str, parameters: list[str] | None, tail: str, width: int) -> list[str]:
    """Return a head on one line, or with a line for each parameter."""
    if parameters is None:
        return [start + tail]
    line = f"{start}({', '.join(parameters)}){tail}"
    if len(line) <= width or not parameters:
        return [line]
    return [f"{start}(", *(f"{INDENT}{each}," for each in parameters), f"){tail}"]
