"""What `validate --on` and `bench --on` share: their options, and other machines at work."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from edgetag.errors import ExitCode
    from edgetag.progress import Progress
    from edgetag.recipe import Recipe
    from edgetag.records import Result
    from edgetag.targets.naming import Place
    from edgetag.workspace import Workspace

MACHINES = "On other machines (--on arm64, armv7, wasm)"
PHONES = "On phones (--on adb)"
"""Panels of `--help`."""

PHONE_IMAGES = 512
MIN_SECS, MAX_SECS = 1.0, 150.0
"""Of benchmark_model, as it does by itself."""

ROUNDS = 3
MIN_DELEGATED = 0.5


class Delegate(StrEnum):
    """What a file is to run on."""

    AUTO = "auto"
    CPU = "cpu"
    XNNPACK = "xnnpack"
    GPU = "gpu"


On = Annotated[
    list[str] | None,
    typer.Option(
        "--on",
        metavar="NAME",
        help="Elsewhere than on this machine: arm64, armv7, wasm, a single engine such as "
        "litert@arm64, adb or adb:SERIAL; may be repeated.",
        show_default=False,
    ),
]
Cache = Annotated[
    Path | None,
    typer.Option(
        "--cache",
        metavar="DIR",
        envvar="EDGETAG_TARGETS",
        help="The folder of machines that device setup made; default: edgetag/targets in your "
        "cache folder.",
        show_default=False,
        rich_help_panel=MACHINES,
    ),
]
Cpu = Annotated[
    list[str] | None,
    typer.Option(
        help="Processor to emulate, such as cortex-a76; may be repeated; default: the "
        "recipe's device.cpus.",
        show_default=False,
        rich_help_panel=MACHINES,
    ),
]
Runner = Annotated[
    Path | None,
    typer.Option(
        help="An executable for the phone that scores images: RUNNER JOB.json; see edgetag "
        "phone schema.",
        show_default=False,
        rich_help_panel=PHONES,
    ),
]
PhoneApp = Annotated[
    str | None,
    typer.Option(
        "--app",
        metavar="PACKAGE",
        help="Score in the demo app, dev.edgetag.demo, or another app with its headless entry.",
        show_default=False,
        rich_help_panel=PHONES,
    ),
]
Clean = Annotated[
    bool,
    typer.Option(
        "--clean",
        help="First delete what edgetag left on the phones.",
        rich_help_panel=PHONES,
    ),
]


def refuse(options: Mapping[str, Any], why: str) -> None:
    """Refuse options that were given and would have no effect.

    Args:
        options: As they are typed → value; None, False and empty lists count as not given.
        why: What they are for.

    Raises:
        InputError: One was given.
    """
    from edgetag.errors import InputError

    given = [name for name, value in options.items() if value is not None and value is not False]
    if given:
        raise InputError(f"{', '.join(given)}: {why}")


def there_code(result: "Result") -> "ExitCode":
    """Return the exit code of what was found elsewhere."""
    from edgetag.cli.outcome import exit_code
    from edgetag.errors import ExitCode
    from edgetag.phones.result import PhonesResult

    if isinstance(result, PhonesResult):
        return ExitCode.BAD_INPUT if result.failures else ExitCode.ACCEPTED
    return exit_code({"targets": result})


def validate_there(
    recipe: "Recipe",
    workspace: "Workspace",
    progress: "Progress",
    on: list[str],
    images: int | None,
    variants: list[str],
    cpus: list[str] | None,
    cache: Path | None,
    runner: Path | None,
    app: str | None,
    clean: bool,
) -> "Result":
    """Compare scores on other machines, or on phones, with those here.

    Raises:
        InputError: See `device.compare.compare_scores` and `phones.stage.run`.
    """
    from edgetag.errors import InputError
    from edgetag.targets.naming import Kind, resolve_for, spots

    places = resolve_for("validate", on, (Kind.EMULATED, Kind.WASM, Kind.PHONES))
    if places[0].kind is Kind.PHONES:
        refuse({"--cpu": cpus}, "is for emulated machines")
        if runner is None and app is None:
            raise InputError(
                "--on adb: give --app, the demo app on the phone, or --runner, a program that "
                "scores images there"
            )
        return _score_on_phones(
            recipe, workspace, progress, places[0].name, images, variants, runner, app, clean
        )
    refuse({"--runner": runner, "--app": app, "--clean": clean}, "is for phones; use --on adb")
    from edgetag.pipeline import add_to_stage
    from edgetag.targets.checking import compare_scores

    where = spots(places, recipe.validation.runtimes, cpus or recipe.targets.cpus, cache)
    return add_to_stage(
        "targets",
        recipe,
        workspace,
        lambda: compare_scores(recipe, workspace, progress, where, images, variants),
    )


def _score_on_phones(
    recipe: "Recipe",
    workspace: "Workspace",
    progress: "Progress",
    target: str,
    images: int | None,
    variants: list[str],
    runner: Path | None,
    app: str | None,
    clean: bool,
) -> "Result":
    from edgetag.phones.benchmark import Settings
    from edgetag.phones.stage import Options, run

    section = recipe.benchmark
    settings = Settings(threads=section.threads, warmup_runs=section.warmup_runs, runs=section.runs)
    options = Options(
        target=target,
        settings=settings,
        runner=runner,
        app=app,
        variants=tuple(variants),
        images=images or PHONE_IMAGES,
        clean=clean,
        time_app=False,
    )
    with workspace.locked():
        return run(recipe, workspace, progress, options)


def bench_places(on: list[str]) -> "tuple[Place, ...]":
    """Return where to count instructions, or phones; see `device.on.resolve_for`."""
    from edgetag.targets.naming import Kind, resolve_for

    return resolve_for("bench", on, (Kind.EMULATED, Kind.PHONES))


def count_there(
    recipe: "Recipe",
    workspace: "Workspace",
    progress: "Progress",
    places: "tuple[Place, ...]",
    variants: list[str],
    runtimes: list[str],
    cpus: list[str],
    operators: bool,
    cache: Path | None,
) -> "Result":
    """Count instructions on emulated machines; see `device.count.count_instructions`."""
    from edgetag.pipeline import add_to_stage
    from edgetag.runtimes import engines
    from edgetag.targets.counting.count import count_instructions
    from edgetag.targets.naming import spots

    for name in runtimes:
        engines.get(name)  # which refuses a name that is none
    asked = runtimes or recipe.benchmark.runtimes
    where = spots(places, asked, cpus or recipe.targets.cpus, cache)
    return add_to_stage(
        "targets",
        recipe,
        workspace,
        lambda: count_instructions(recipe, workspace, progress, where, variants, operators),
    )


@dataclass(frozen=True)
class PhoneWishes:
    """Options of `bench --on adb`, as they were given; None for the default."""

    benchmark_model: Path | None
    runner: Path | None
    app: str | None
    delegate: Delegate | None
    min_delegated: float | None
    threads: list[int] | None
    warmup_runs: int | None
    runs: int | None
    min_secs: float | None
    max_secs: float | None
    rounds: int | None
    profile: bool
    cores: str | None
    images: int | None
    clean: bool

    def by_option(self) -> dict[str, Any]:
        """Return what was given as it is typed."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {f"--{name.replace('_', '-')}": value for name, value in values.items()}


def bench_phones(
    recipe: "Recipe",
    workspace: "Workspace",
    progress: "Progress",
    target: str,
    variants: list[str],
    wishes: PhoneWishes,
) -> "Result":
    """Measure every exported file on phones; see `phones.stage.run`."""
    from edgetag.phones.benchmark import Settings
    from edgetag.phones.stage import Options, run

    section = recipe.benchmark
    runs = wishes.runs or section.runs
    settings = Settings(
        threads=tuple(wishes.threads or section.threads),
        warmup_runs=section.warmup_runs if wishes.warmup_runs is None else wishes.warmup_runs,
        runs=runs,
        delegate=(wishes.delegate or Delegate.AUTO).value,
        min_s=MIN_SECS if wishes.min_secs is None else wishes.min_secs,
        max_s=MAX_SECS if wishes.max_secs is None else wishes.max_secs,
        profile=wishes.profile,
        cores=wishes.cores or "",
        rounds=min(ROUNDS, runs) if wishes.rounds is None else wishes.rounds,
        min_share=MIN_DELEGATED if wishes.min_delegated is None else wishes.min_delegated,
    )
    options = Options(
        target=target,
        settings=settings,
        tool=wishes.benchmark_model,
        runner=wishes.runner,
        app=wishes.app,
        variants=tuple(variants),
        images=wishes.images or PHONE_IMAGES,
        clean=wishes.clean,
    )
    with workspace.locked():
        return run(recipe, workspace, progress, options)
