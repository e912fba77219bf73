"""`--on NAME`: every target that files can be run on, by name.

A target is an emulated machine (`arm64`), one of its engines (`litert@arm64`), WebAssembly
(`wasm`) or a browser (`browser`, `browser-webgpu`); some verbs take engines of this machine too.
Every verb resolves its names here. Phones are no targets of `--on`: they have verbs of their own.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from enum import StrEnum

from edgetag.catalogue.engines import ENGINES
from edgetag.errors import InputError
from edgetag.runtimes import engines
from edgetag.runtimes.emulation import TARGETS, Target
from edgetag.runtimes.emulation.engine import SEPARATOR

PHONES = "adb"
WEB = tuple(name for name, line in ENGINES.items() if line.use == "elsewhere")
CHECK = "target check"
COUNT = "target count"
SETUP = "target setup"


class Kind(StrEnum):
    """What a place is."""

    HERE = "this machine"
    EMULATED = "an emulated machine"
    WEB = "WebAssembly or a browser"


CAN = {
    CHECK: frozenset({Kind.EMULATED, Kind.WEB}),
    COUNT: frozenset({Kind.EMULATED}),
    SETUP: frozenset({Kind.EMULATED, Kind.WEB}),
    "bundle check": frozenset(Kind),
    "matrix": frozenset(Kind),
}
"""Verb → the kinds of places that it works on."""


@dataclass(frozen=True)
class Place:
    """What a name stands for.

    Attributes:
        name: As it was given.
        kind: What it is.
        runtimes: Engines by their full names, such as `litert@arm64`.
        target: The emulated machine.
        chosen: Whether a single engine was named, rather than all that a machine has.
    """

    name: str
    kind: Kind
    runtimes: tuple[str, ...]
    target: Target | None = None
    chosen: bool = False


def places() -> tuple[Place, ...]:
    """Return every place, the shortest way to say something first."""
    emulated = {
        target: tuple(f"{runtime}{SEPARATOR}{target.name}" for runtime, _ in target.runtimes)
        for target in TARGETS
    }
    return (
        *(Place(target.name, Kind.EMULATED, names, target) for target, names in emulated.items()),
        *(
            Place(name, Kind.EMULATED, (name,), target, chosen=True)
            for target, names in emulated.items()
            for name in names
        ),
        *(Place(name, Kind.WEB, (name,)) for name in WEB),
        *(Place(name, Kind.HERE, (name,), chosen=True) for name in engines.names()),
    )


def resolve(name: str, kinds: Container[Kind] = tuple(Kind)) -> Place:
    """Return what a name stands for.

    The error lists what there is of `kinds`.

    Raises:
        InputError: It stands for nothing; the text lists what there is.
    """
    every = places()
    for place in every:
        if place.name == name:
            return place
    if name.partition(":")[0] == PHONES:
        raise InputError(
            f"{name}: phones need no set-up and have verbs of their own: edgetag phone list, "
            "edgetag phone check, edgetag phone bench"
        )
    known = ", ".join(place.name for place in every if place.kind in kinds)
    raise InputError(f"{name!r} is no place to run files on; there are: {known}")


def resolve_for(verb: str, names: Iterable[str]) -> tuple[Place, ...]:
    """Return places that a verb can work on.

    Raises:
        InputError: A name is unknown, or the verb cannot work there.
    """
    allowed = CAN[verb]
    named = tuple(resolve(name, allowed) for name in dict.fromkeys(names))
    for place in named:
        if place.kind not in allowed:
            raise InputError(f"{place.name}: {_why_not(verb, place.kind)}")
    return named


def _why_not(verb: str, kind: Kind) -> str:
    if kind is Kind.WEB:
        return (
            "instructions are counted on emulated machines alone, and latency here says nothing "
            "of a browser on a phone; compare scores with: edgetag target check RECIPE --on wasm"
        )
    if verb == SETUP:
        return "that is this machine, which has its runtimes by pip; see: edgetag doctor"
    about_here = {CHECK: "validate", COUNT: "bench"}[verb]
    return f"that is this machine; edgetag {about_here} RECIPE is about it"


def runtime_names(places: Iterable[Place]) -> tuple[str, ...]:
    """Return the full names of all engines of places, each once."""
    return tuple(dict.fromkeys(name for place in places for name in place.runtimes))
