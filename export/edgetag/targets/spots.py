"""Which engines on which processors a verb asks: a target by name, taken apart."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgetag.conversion.result import ExportedVariant
from edgetag.errors import InputError
from edgetag.recipe import Recipe
from edgetag.runtimes import Engine
from edgetag.runtimes.emulation import TARGETS, Cpu, Target, open_target
from edgetag.runtimes.emulation.engine import SEPARATOR, Emulated
from edgetag.runtimes.wasm import Wasm
from edgetag.runtimes.wasm.tools import find_node, node_version
from edgetag.targets.naming import CHECK, COUNT, WASM, Place, resolve_for


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

    def facts_of(self, file: ExportedVariant) -> dict[str, Any]:
        """Return what every record of a file there begins with; see `result.TargetRecord`."""
        return {
            "variant": file.variant,
            "sha256": file.sha256,
            "target": self.target,
            "runtime": self.runtime,
            "runtime_version": self.engine.version(),
            "cpu": self.cpu,
            "program": self.program(),
        }

    def program(self) -> str:
        """Return the program that is the machine, with its version; call only where it is ready."""
        if isinstance(self.engine, Emulated):
            installed, _ = open_target(self.engine.target, self.engine.cache)
            return f"QEMU {installed.emulator_version}"
        version = node_version(find_node() or "node")
        return f"Node.js {'.'.join(map(str, version))}" if version else "Node.js"


def spots_to_check(
    recipe: Recipe, on: Sequence[str] = (), cpus: Sequence[str] = (), cache: Path | None = None
) -> tuple[Spot, ...]:
    """Return where files are to be scored.

    Args:
        recipe: Names engines of emulated machines, and whatever is not given.
        on: Names of targets; those of the recipe where none is given.
        cpus: Processors; those of the recipe where none is given.
        cache: The folder of all targets; None for the default one.

    Raises:
        InputError: Nothing is named, a name is unknown, or the verb cannot work there.
    """
    places = resolve_for(CHECK, on or _named_by(recipe))
    return spots(places, recipe.validation.runtimes, cpus or recipe.targets.cpus, cache)


def spots_to_count(
    recipe: Recipe, on: Sequence[str] = (), cpus: Sequence[str] = (), cache: Path | None = None
) -> tuple[Spot, ...]:
    """Return where instructions are to be counted; of the recipe's targets those emulated.

    Arguments and errors are those of `spots_to_check`.
    """
    emulated = tuple(name for name in on or _named_by(recipe) if on or name != WASM)
    places = resolve_for(COUNT, emulated)
    return spots(places, recipe.benchmark.runtimes, cpus or recipe.targets.cpus, cache)


def _named_by(recipe: Recipe) -> tuple[str, ...]:
    if not recipe.targets.on:
        raise InputError(
            'name a target, such as --on arm64, or in the recipe: [targets] on = ["arm64"]'
        )
    return recipe.targets.on


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
    chosen: dict[tuple[str, str | None], Spot] = {}
    for place in places:
        made = (
            _wasm_spots(cache)
            if place.target is None
            else _emulated(place, place.target, runtimes, cpus, cache)
        )
        for spot in made:
            chosen.setdefault((spot.engine.name, spot.cpu), spot)
    return tuple(chosen.values())


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


def require_ready(spots: Iterable[Spot]) -> None:
    """Refuse places that are not set up.

    Raises:
        InputError: One line for each, which says what to type.
    """
    told = {spot.target: spot.engine.available() for spot in spots}
    missing = [
        f"{target}: {reason}" if target == WASM else reason
        for target, reason in told.items()
        if reason
    ]
    if missing:
        raise InputError("\n".join(missing))
