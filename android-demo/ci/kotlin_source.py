"""Kotlin's sources as trees, by tree-sitter, and what is asked of their nodes.

It is no compiler: its grammar takes some annotations of functions outside classes for statements.
So whoever reads a tree refuses what is no declaration, and leaves nothing out in silence.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

import tree_sitter_kotlin
from tree_sitter import Language, Node, Parser

COMMENTS = frozenset(("block_comment", "line_comment"))
HIDDEN = frozenset(("private", "internal"))
VISIBILITIES = (*HIDDEN, "protected", "public")
CLASSES = frozenset(("class_declaration", "object_declaration", "companion_object"))
BODIES = frozenset(("class_body", "enum_class_body"))

_PARSER = Parser(Language(tree_sitter_kotlin.language()))
_LONELY_CONSTRUCTOR = re.compile(rb"(class \w+(?:<[^>]*>)?)(\s*\n\s*)constructor\b")
_STRING = re.compile(r'("(?:\\.|[^"\\])*")')


class StubError(ValueError):
    """A source has what no stub can be made of; the text says where and what."""


@dataclass(frozen=True)
class Source:
    """A file's tree.

    Attributes:
        path: Within the folder of sources.
        root: Of the tree; it has no comments.
    """

    path: PurePosixPath
    root: Node

    def refuse(self, node: Node, reason: str) -> StubError:
        """Return the error that names a place of this file."""
        return StubError(f"{self.path}:{node.start_point.row + 1}: {reason}")


def parse(path: PurePosixPath, text: str) -> Source:
    """Parse a file.

    Raises:
        StubError: The parser does not understand a part of it.
    """
    # To the grammar a class ends with the line of its name, where `constructor` is on the next.
    content = _LONELY_CONSTRUCTOR.sub(rb"\1 constructor\2", text.encode())
    tree = _PARSER.parse(content)
    blanked = bytearray(content)
    for node in walk(tree.root_node):
        if node.type in COMMENTS:
            span = slice(node.start_byte, node.end_byte)
            blanked[span] = re.sub(rb"[^\n]", b" ", content[span])
    source = Source(path, _PARSER.parse(bytes(blanked)).root_node)
    for node in walk(source.root):
        if node.is_error or node.is_missing:
            raise source.refuse(node, f"the parser does not understand: {squash(text_of(node))}")
    return source


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all below it, in the order of the text."""
    yield node
    for child in node.children:
        yield from walk(child)


def text_of(node: Node) -> str:
    """Return a node's text as it stands there."""
    return (node.text or b"").decode()


def squash(text: str) -> str:
    """Return text on one line, without the comma that may end a list."""
    parts = _STRING.split(text)
    for place in range(0, len(parts), 2):
        part = re.sub(r"\s+", " ", parts[place])
        parts[place] = re.sub(r",? ?(?=[)\]])|(?<=[(\[]) ", "", part)
    return "".join(parts).strip()


def between(parent: Node, start: int, end: int) -> str:
    """Return a part of a node's text, by bytes of the file, on one line."""
    content = parent.text or b""
    return squash(content[start - parent.start_byte : end - parent.start_byte].decode())


def child(node: Node, *types: str) -> Node | None:
    """Return the first child of one of these types; None where there is none."""
    return next((each for each in node.children if each.type in types), None)


def after(node: Node, mark: str) -> Node | None:
    """Return the child that follows a mark such as `=`; None where there is no such mark."""
    children = node.children
    for place, each in enumerate(children[:-1]):
        if each.type == mark:
            return children[place + 1]
    return None


def keywords(node: Node) -> list[str]:
    """Return a declaration's modifiers but for annotations."""
    modifiers = child(node, "modifiers")
    if modifiers is None:
        return []
    return [text_of(each) for each in modifiers.children if each.type != "annotation"]


def is_hidden(node: Node) -> bool:
    """Tell whether a declaration is private or internal."""
    return not HIDDEN.isdisjoint(keywords(node))


def name_of(node: Node) -> str:
    """Return a class's name, `Companion` where it has none."""
    name = node.child_by_field_name("name")
    return "Companion" if name is None else text_of(name)


def members_of(node: Node) -> list[Node]:
    """Return what a class's body declares, entries of an enum included."""
    body = child(node, *BODIES)
    return [] if body is None else [each for each in body.children if each.is_named]
