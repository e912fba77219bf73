"""`Tags.kt`: the vocabulary as a Kotlin enum, whatever the tags are called."""

import re
from collections.abc import Sequence
from pathlib import Path

from edgetag.bundling.contents import Label
from edgetag.bundling.result import BundleManifest
from edgetag.errors import InputError
from edgetag.text_templates import template

TEMPLATE = Path(__file__).parent / "templates" / "Tags.kt.j2"
MOST_CHARACTERS = 80

KEYWORDS = frozenset(
    (
        "abstract as assert boolean break byte case catch char class const continue default do "
        "double else enum extends false final finally float for fun goto if implements import "
        "in instanceof int interface is long native new null object package private protected "
        "public return short static strictfp super switch synchronized this throw throws "
        "transient true try typealias typeof val var void volatile when while"
    ).split()
)
"""Hard keywords of Kotlin and Java, which no part of a package can be."""

_PACKAGE = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+")


def check_package(package: str) -> None:
    """Refuse what is no package of Kotlin.

    Raises:
        InputError: It is none, or a part of it is a keyword.
    """
    parts = package.split(".")
    if not _PACKAGE.fullmatch(package) or KEYWORDS & set(parts):
        raise InputError(
            f"--package {package!r} is no package of Kotlin; give one such as dev.example.app"
        )


def tags_source(
    manifest: BundleManifest, labels: Sequence[Label], manifest_sha256: str, package: str
) -> str:
    """Return the text of `Tags.kt`."""
    check_package(package)
    names = entry_names([label.tag for label in labels])
    return template(TEMPLATE, literal=literal).render(
        package=package,
        entries=list(zip(names, labels, strict=True)),
        name=manifest.name,
        version=manifest.version,
        manifest_sha256=manifest_sha256,
    )


def entry_names(tags: Sequence[str]) -> tuple[str, ...]:
    """Return a name for each tag that Kotlin takes as it stands; no two are the same.

    Capital letters, digits and underscores alone: such a name is no keyword and needs no quotes.
    What is not ASCII becomes its code point, `U773C`.
    """
    wanted = [_entry_name(tag) for tag in tags]
    taken: set[str] = set(wanted)
    used: set[str] = set()
    names = []
    for name in wanted:
        candidate, number = name, 1
        while candidate in used or (number > 1 and candidate in taken):
            number += 1
            candidate = f"{name}_{number}"
        used.add(candidate)
        names.append(candidate)
    return tuple(names)


def _entry_name(tag: str) -> str:
    parts = "".join(_spelled(c) for c in tag)
    name = re.sub("_+", "_", parts).strip("_")[:MOST_CHARACTERS].rstrip("_")
    return name if name[:1].isalpha() else f"TAG_{name}".rstrip("_")


def _spelled(character: str) -> str:
    if character.isascii():
        return character.upper() if character.isalnum() else "_"
    return f"_U{ord(character):04X}_"


def literal(text: str) -> str:
    """Return a Kotlin string literal; nothing in the text can end it or be run."""
    return '"' + "".join(_escaped(c) for c in text) + '"'


def _escaped(character: str) -> str:
    if character in '\\"$':
        return f"\\{character}"
    if character.isprintable():
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i] << 8 | units[i + 1]:04X}" for i in range(0, len(units), 2))
