"""What classes of Kotlin's sources tell about themselves: constructors, entries, types."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import kotlin_source as kt
from kotlin_source import Source, squash, text_of
from tree_sitter import Node

ABSENT = "absent"
"""The function of stubs that stands for every value, and returns none."""

_LITERALS = (
    (r"true|false", "Boolean"),
    (r"-?\d+", "Int"),
    (r"-?\d+L", "Long"),
    (r"-?\d+\.\d+", "Double"),
    (r'"[^"]*"', "String"),
)


@dataclass(frozen=True)
class Parameter:
    """A parameter of a primary constructor.

    Attributes:
        node: Where it stands.
        name: What it is called.
        type: What it takes.
        is_property: Whether callers see it as a property.
        declared: From `val`, or the name, to the end, its default included.
        plain: The same from the name on.
    """

    node: Node
    name: str
    type: str
    is_property: bool
    declared: str
    plain: str


@dataclass(frozen=True)
class Constructor:
    """A class's primary constructor.

    Attributes:
        node: Where it stands; None where it is not written.
        is_callable: Whether a caller may call it.
        parameters: What it takes.
    """

    node: Node | None
    is_callable: bool
    parameters: tuple[Parameter, ...]

    @classmethod
    def of(cls, owner: Node) -> "Constructor":
        """Read it; what no caller may call is hidden, or of an enum."""
        node = kt.child(owner, "primary_constructor")
        listed = None if node is None else kt.child(node, "class_parameters")
        parameters = [] if listed is None else [each for each in listed.children if each.is_named]
        is_callable = not is_enum(owner) and not (node is not None and kt.is_hidden(node))
        return cls(node, is_callable, tuple(map(_read_parameter, parameters)))

    @property
    def arguments(self) -> str:
        """Arguments for it that are not there, with types, since it may not be the only one."""
        if not self.is_callable:
            return "()"
        given = [each for each in self.parameters if "vararg" not in kt.keywords(each.node)]
        return "(" + ", ".join(f"{ABSENT}<{each.type}>()" for each in given) + ")"


def _read_parameter(node: Node) -> Parameter:
    name = kt.child(node, "identifier")
    type_ = kt.after(node, ":")
    if name is None or type_ is None:
        raise TypeError(f"not a parameter: {text_of(node)}")
    keyword = kt.child(node, "val", "var")
    return Parameter(
        node,
        text_of(name),
        squash(text_of(type_)),
        keyword is not None and not kt.is_hidden(node),
        kt.between(node, (keyword or name).start_byte, node.end_byte),
        kt.between(node, name.start_byte, node.end_byte),
    )


def is_enum(node: Node | None) -> bool:
    """Tell whether a declaration is an enum."""
    return node is not None and "enum" in kt.keywords(node)


def is_interface(node: Node | None) -> bool:
    """Tell whether a declaration is an interface."""
    return node is not None and kt.child(node, "interface") is not None


def entries_of(node: Node) -> list[str]:
    """Return the names of an enum's entries."""
    entries = [kt.child(each, "identifier") for each in kt.members_of(node) if is_entry(each)]
    return [text_of(each) for each in entries if each is not None]


def is_entry(node: Node) -> bool:
    """Tell whether a member is an entry of an enum."""
    return node.type == "enum_entry"


@dataclass(frozen=True)
class Classes:
    """The classes of all sources by their own name; of several with one name it is the last."""

    by_name: dict[str, Node]

    @classmethod
    def of(cls, sources: Iterable[Source]) -> "Classes":
        """Collect them."""
        nodes = (node for source in sources for node in kt.walk(source.root))
        return cls({kt.name_of(node): node for node in nodes if node.type in kt.CLASSES})

    def arguments(self, type_: Node) -> str | None:
        """Return arguments for a class's constructor; None where it is none of the sources."""
        names = [text_of(each) for each in type_.children if each.type == "identifier"]
        node = self.by_name.get(names[-1]) if names else None
        return None if node is None else Constructor.of(node).arguments

    def type_of(self, value: Node, owner: Node | None) -> str | None:
        """Return the type that a value shows by itself; None where it shows none.

        Args:
            value: What stands behind `=`.
            owner: The class that it stands in.
        """
        text = squash(text_of(value))
        for pattern, type_ in _LITERALS:
            if re.fullmatch(pattern, text):
                return type_
        if value.type == "object_literal":
            supertypes = kt.child(value, "delegation_specifiers")
            return None if supertypes is None else squash(text_of(supertypes))
        if value.type == "call_expression":
            called = kt.child(value, "identifier")
            return text_of(called) if called and text_of(called) in self.by_name else None
        prefix, _, entry = text.rpartition(".")
        enum = self.by_name.get(prefix.rpartition(".")[2])
        if enum is not None and entry in entries_of(enum):
            return prefix
        parameters = () if owner is None else Constructor.of(owner).parameters
        return next((each.type for each in parameters if each.name == text), None)
