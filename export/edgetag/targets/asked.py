"""Which engines on which processors a verb asks, and what records of files there begin with."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from edgetag.catalogue.engines import ENGINES
from edgetag.conversion.result import ExportedVariant
from edgetag.errors import InputError
from edgetag.recipe import BUDGET_CPU, BUDGET_TARGET, Recipe
from edgetag.runtimes import Engine, engines
from edgetag.runtimes.emulation import TARGETS, Target, open_target
from edgetag.runtimes.emulation.engine import SEPARATOR, Emulated
from edgetag.runtimes.npm import NpmEngine
from edgetag.targets.naming import CHECK, COUNT, WEB, Place, resolve_for


def engines_to_check(
    recipe: Recipe, on: Sequence[str] = (), cpus: Sequence[str] = (), cache: Path | None = None
) -> tuple[Engine, ...]:
    """Return the engines on which files are to be scored.

    Args:
        recipe: Names engines of emulated machines, and whatever is not given.
        on: Names of targets; those of the recipe where none is given.
        cpus: Processors; those of the recipe where none is given.
        cache: The folder of all targets; None for the default one.

    Raises:
        InputError: Nothing is named, a name is unknown, or the verb cannot work there.
    """
    places = resolve_for(CHECK, on or _named_by(recipe))
    return engines_of(places, recipe.validation.runtimes, cpus or recipe.targets.cpus, cache)


def engines_to_count(
    recipe: Recipe, on: Sequence[str] = (), cpus: Sequence[str] = (), cache: Path | None = None
) -> tuple[Engine, ...]:
    """Return the engines on which instructions are counted; of the recipe's those emulated.

    Arguments and errors are those of `engines_to_check`.
    """
    places = resolve_for(COUNT, on or [name for name in _named_by(recipe) if name not in WEB])
    return engines_of(places, recipe.benchmark.runtimes, cpus or recipe.targets.cpus, cache)


def engine_of_budgets(recipe: Recipe, runtime: str) -> Emulated:
    """Return where instructions are counted that a budget limits: a runtime on `BUDGET_CPU`.

    Raises:
        InputError: It is not set up, or cannot count; the text says what to type.
    """
    engines = engines_to_count(recipe, (f"{runtime}@{BUDGET_TARGET}",), (BUDGET_CPU,))
    require_ready(engines)
    (engine,) = (each for each in engines if isinstance(each, Emulated))
    if why := engine.why_no_count():
        raise InputError(f"{BUDGET_TARGET} cannot count instructions: {why}")
    return engine


def _named_by(recipe: Recipe) -> tuple[str, ...]:
    if not recipe.targets.on:
        raise InputError(
            'name a target, such as --on arm64, or in the recipe: [targets] on = ["arm64"]'
        )
    return recipe.targets.on


def engines_of(
    places: Sequence[Place],
    runtimes: Sequence[str],
    cpus: Sequence[str],
    cache: Path | None = None,
) -> tuple[Engine, ...]:
    """Return every engine of places on every processor, each once.

    Args:
        places: Emulated machines, WebAssembly, browsers.
        runtimes: Which engines of an emulated machine, unless a place names its own.
        cpus: Which processors; those of another machine are passed over.
        cache: The folder of all targets; None for the default one.

    Raises:
        InputError: A processor is none of the machines', or nothing is left of a machine.
    """
    own = [cpu.name for place in places if place.target for cpu in place.target.cpus]
    every = [cpu.name for target in TARGETS for cpu in target.cpus]
    for name in cpus:
        if name not in every:
            raise InputError(f"processor {name!r} is not one of: {', '.join(own or every)}")
    emulated = [
        engine
        for place in places
        if place.target
        for engine in _emulated(place, place.target, runtimes, cpus, cache)
    ]
    web = (web_engine(place.name, cache) for place in places if place.target is None)
    return (*dict.fromkeys(emulated), *web)


def web_engine(name: str, cache: Path | None) -> NpmEngine:
    """Return an engine that npm brings, fetched to a cache folder.

    Raises:
        InputError: It is none of these.
    """
    engine = engines.get(name)
    if not isinstance(engine, NpmEngine):
        raise InputError(f"{name} is no target; there are: {', '.join(WEB)}")
    return engine.at(cache)


def _emulated(
    place: Place, target: Target, runtimes: Sequence[str], cpus: Sequence[str], cache: Path | None
) -> list[Emulated]:
    named = [name.partition(SEPARATOR)[0] for name in place.runtimes]
    wanted = named if place.chosen else [name for name in named if name in runtimes]
    if not wanted:
        raise InputError(
            f"{place.name} has {', '.join(named)}, and none of the runtimes asked for: "
            f"{', '.join(runtimes)}"
        )
    chosen = [cpu for cpu in target.cpus if cpu.name in cpus]
    if not chosen:
        own = ", ".join(cpu.name for cpu in target.cpus)
        raise InputError(f"{place.name} can be {own}, not {', '.join(cpus)}")
    place_of_all = cache and cache.absolute()  # what Python compiled there is kept by its path
    return [Emulated(target, runtime, cpu, place_of_all) for runtime in wanted for cpu in chosen]


def require_ready(engines: Iterable[Engine]) -> None:
    """Refuse targets that are not set up.

    Raises:
        InputError: One line for each, which says what to type.
    """
    reasons = {target_of(engine): engine.available() for engine in engines}
    missing = [
        f"{target}: {reason}" if target in WEB else reason
        for target, reason in reasons.items()
        if reason
    ]
    if missing:
        raise InputError("\n".join(missing))


def require_comparable(there: Sequence[Engine]) -> None:
    """Refuse where no engine there has a counterpart here: nothing would be compared.

    Where some have one, files on the others are told as not compared.

    Raises:
        InputError: One line for each engine, which says what is missing here.
    """
    reasons = {engine.name: _why_not_comparable(engine.inner) for engine in there}
    if reasons and all(reasons.values()):
        raise InputError(
            "\n".join(
                f"{name}: there is nothing here to compare its scores with: {reason}"
                for name, reason in reasons.items()
            )
        )


def _why_not_comparable(runtime: str) -> str | None:
    """Return None where an engine is here that must give a runtime's scores, else why none is."""
    hosts = {runtime, *ENGINES[runtime].same_here.values()} - set(WEB)
    reasons = [engines.get(name).available() for name in sorted(hosts)]
    return None if None in reasons else reasons[0]


def target_of(engine: Engine) -> str:
    """Return the name of the target that an engine is on."""
    return engine.target.name if isinstance(engine, Emulated) else engine.name


def facts_of(file: ExportedVariant, engine: Engine) -> dict[str, Any]:
    """Return what every record of a file on an engine begins with; see `result.TargetRecord`.

    Raises:
        InputError: The target is not set up.
    """
    return {
        "variant": file.variant,
        "sha256": file.sha256,
        "target": target_of(engine),
        "runtime": engine.inner,
        "runtime_version": engine.version(),
        "cpu": engine.cpu.name if isinstance(engine, Emulated) else None,
        "program": _program(engine),
    }


def _program(engine: Engine) -> str:
    """Return the program that is the machine, with its version."""
    if isinstance(engine, Emulated):
        installed, _ = open_target(engine.target, engine.cache)
        return f"QEMU {installed.emulator_version}"
    return engine.program() if isinstance(engine, NpmEngine) else ""
