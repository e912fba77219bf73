"""`--on NAME`: every place beside this machine that files can be run on, by name.

A place is an emulated machine (`arm64`), one of its engines (`litert@arm64`), WebAssembly
(`wasm`), or Android phones (`adb`, `adb:SERIAL`). Every verb resolves its names here.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from edgetag.errors import InputError
from edgetag.runtimes import Engine, engines
from edgetag.runtimes.emulation import TARGETS, Cpu, Target, open_target
from edgetag.runtimes.emulation.engine import SEPARATOR, Emulated
from edgetag.runtimes.wasm import Wasm
from edgetag.runtimes.wasm.tools import find_node, node_version

PHONES = "adb"
WASM = "wasm"
SETUP = "device setup"


class Kind(StrEnum):
    """What a place is."""

    HERE = "this machine"
    EMULATED = "an emulated machine"
    WASM = "WebAssembly"
    PHONES = "phones"


@dataclass(frozen=True)
class Place:
    """What a name stands for.

    Attributes:
        name: As it was given.
        kind: What it is.
        runtimes: Engines by their full names, such as `litert@arm64`; none for phones.
        target: The emulated machine.
        chosen: Whether a single engine was named, rather than all that a machine has.
    """

    name: str
    kind: Kind
    runtimes: tuple[str, ...] = ()
    target: Target | None = None
    chosen: bool = False


@dataclass(frozen=True)
class Spot:
    """One engine on one processor, ready to be asked.

    Attributes:
        engine: The runtime.
        target: Name of the machine it is on.
        runtime: Its name there.
        cpu: The processor; None where none is chosen.
    """

    engine: Engine
    target: str
    runtime: str
    cpu: str | None

    def program(self) -> str:
        """Return the program that is the machine, with its version; call only where it is ready."""
        if isinstance(self.engine, Emulated):
            installed, _ = open_target(self.engine.target, self.engine.cache)
            return f"QEMU {installed.emulator_version}"
        version = node_version(find_node() or "node")
        return f"Node.js {'.'.join(map(str, version))}" if version else "Node.js"


def known(kinds: Container[Kind] = tuple(Kind)) -> tuple[str, ...]:
    """Return every name of some kinds, the shortest way to say something first."""
    found = (
        *((target.name, Kind.EMULATED) for target in TARGETS),
        *((name, Kind.EMULATED) for name in engines.target_names() if name != WASM),
        (WASM, Kind.WASM),
        (PHONES, Kind.PHONES),
        (f"{PHONES}:SERIAL", Kind.PHONES),
        *((name, Kind.HERE) for name in engines.names()),
    )
    return tuple(name for name, kind in found if kind in kinds)


def resolve(name: str, kinds: Container[Kind] = tuple(Kind)) -> Place:
    """Return what a name stands for.

    Args:
        name: As given.
        kinds: Of what the error lists.

    Raises:
        InputError: It stands for nothing; the text lists what there is.
    """
    if name == PHONES or (name.startswith(f"{PHONES}:") and name != f"{PHONES}:"):
        return Place(name, Kind.PHONES)
    if name == WASM:
        return Place(name, Kind.WASM, (WASM,))
    for target in TARGETS:
        full = tuple(f"{runtime}{SEPARATOR}{target.name}" for runtime, _ in target.runtimes)
        if name == target.name:
            return Place(name, Kind.EMULATED, full, target)
        if name in full:
            return Place(name, Kind.EMULATED, (name,), target, chosen=True)
    if name in engines.names():
        return Place(name, Kind.HERE, (name,), chosen=True)
    raise InputError(f"{name!r} is no place to run files on; there are: {', '.join(known(kinds))}")


def resolve_for(verb: str, names: Sequence[str], kinds: Iterable[Kind]) -> tuple[Place, ...]:
    """Return places of the kinds that a verb can work on; phones only by themselves.

    Args:
        verb: For the error's text.
        names: As given.
        kinds: What the verb can work on.

    Raises:
        InputError: A name is unknown, the verb cannot work there, or phones and others are named.
    """
    allowed = frozenset(kinds)
    places = tuple(resolve(name, allowed) for name in dict.fromkeys(names))
    for place in places:
        if place.kind not in allowed:
            raise InputError(f"{place.name}: {_why_not(verb, place.kind)}")
    if len(places) > 1 and any(place.kind is Kind.PHONES for place in places):
        raise InputError(
            "phones are measured in another way than other machines; give --on adb in a command of "
            "its own"
        )
    return places


def _why_not(verb: str, kind: Kind) -> str:
    match kind:
        case Kind.HERE if verb == SETUP:
            return "that is this machine, which has its runtimes by pip; see: edgetag doctor"
        case Kind.HERE:
            return f"that is this machine; edgetag {verb} without --on is about it"
        case Kind.PHONES if verb == SETUP:
            return "phones need no set-up, but adb and USB debugging; see: edgetag phone list"
        case Kind.WASM:
            return (
                "edgetag measures no latency there, since that of Node on this machine's processor "
                "says nothing of a browser on a phone; compare scores with: edgetag validate "
                "RECIPE --on wasm"
            )
        case Kind.PHONES:
            return (
                f"edgetag {verb} has no phones; they have: edgetag bench RECIPE --on adb, and "
                "edgetag validate RECIPE --on adb"
            )
        case Kind.EMULATED:
            return f"edgetag {verb} does not work on emulated machines"


def runtime_names(places: Iterable[Place]) -> tuple[str, ...]:
    """Return the full names of all engines of places, each once."""
    return tuple(dict.fromkeys(name for place in places for name in place.runtimes))


def spots(
    places: Sequence[Place],
    runtimes: Sequence[str],
    cpus: Sequence[str],
    cache: Path | None = None,
) -> tuple[Spot, ...]:
    """Return every engine of places on every processor.

    Args:
        places: Emulated machines and WebAssembly.
        runtimes: Which engines of an emulated machine, unless a place names its own.
        cpus: Which processors; those of another machine are passed over.
        cache: The folder of all machines; None for the default one.

    Raises:
        InputError: A processor is none of the machines', or nothing is left of a machine.
    """
    targets = [place.target for place in places if place.target]
    _require_known(cpus, targets)
    found: dict[tuple[str, str | None], Spot] = {}
    for place in places:
        made = (
            _wasm_spots(cache)
            if place.target is None
            else _emulated(place, place.target, runtimes, cpus, cache)
        )
        for spot in made:
            found.setdefault((spot.engine.name, spot.cpu), spot)
    return tuple(found.values())


def _require_known(cpus: Sequence[str], targets: Sequence[Target]) -> None:
    known = [cpu.name for target in targets for cpu in target.cpus]
    every = [cpu.name for target in TARGETS for cpu in target.cpus]
    for name in cpus:
        if name not in every:
            raise InputError(f"processor {name!r} is not one of: {', '.join(known or every)}")


def _wasm_spots(cache: Path | None) -> list[Spot]:
    engine = Wasm(cache)
    return [Spot(engine, engine.name, engine.name, None)]


def _emulated(
    place: Place, target: Target, runtimes: Sequence[str], cpus: Sequence[str], cache: Path | None
) -> list[Spot]:
    named = [name.partition(SEPARATOR)[0] for name in place.runtimes]
    wanted = named if place.chosen else [name for name in named if name in runtimes]
    if not wanted:
        raise InputError(
            f"{place.name} has {', '.join(named)}, and none of the runtimes asked for: "
            f"{', '.join(runtimes)}"
        )
    chosen: list[Cpu] = [cpu for cpu in target.cpus if cpu.name in cpus]
    if not chosen:
        own = ", ".join(cpu.name for cpu in target.cpus)
        raise InputError(f"{place.name} can be {own}, not {', '.join(cpus)}")
    return [
        Spot(Emulated(target, runtime, cpu, cache), target.name, runtime, cpu.name)
        for runtime in wanted
        for cpu in chosen
    ]


def require_ready(found: Iterable[Spot]) -> None:
    """Refuse places that are not set up.

    Raises:
        InputError: One line for each, which says what to type.
    """
    told = {spot.target: spot.engine.available() for spot in found}
    missing = [
        f"{target}: {reason}" if target == WASM else reason
        for target, reason in told.items()
        if reason
    ]
    if missing:
        raise InputError("\n".join(missing))
