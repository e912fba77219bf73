"""The stage: a failing variant → the fewest layers in float that mend it."""

from collections.abc import Sequence
from pathlib import Path

from edgetag.benchmarking.result import Failure, Latency, Measurement
from edgetag.catalogue.engines import DEFAULT_ENGINE
from edgetag.errors import InputError
from edgetag.judging.checks import reasoned
from edgetag.judging.decisions import Decision, worst
from edgetag.progress import Progress
from edgetag.recipe import Recipe, Variant
from edgetag.rescue.outcome import describe
from edgetag.rescue.ranking import IMAGES, rank, ranking_rows
from edgetag.rescue.result import FloatFile, Keep, LayerError, RescueResult, Step
from edgetag.rescue.scoring import THREADS
from edgetag.rescue.search import Choice, fewest
from edgetag.rescue.trials import Trial, Trials
from edgetag.runtimes import engines
from edgetag.validation.result import Verdict
from edgetag.workspace import Workspace

Figure = Measurement | Failure | None
"""What timing a file gave; None where this machine lacks the runtime."""


def run(
    recipe: Recipe,
    workspace: Workspace,
    progress: Progress,
    variant: Variant = "int8",
    keep: Keep = "float",
    max_layers: int | None = None,
) -> RescueResult:
    """Keep the fewest layers that bring a variant inside its limits on accuracy.

    Killed, it goes on where it was: scores and the ranking are kept by the digest of what they
    follow from.

    The variant must be a full-integer one; all of its layers may be kept where `max_layers` is
    None.

    Raises:
        InputError: The variant has no limit on accuracy, is not of integers, or a file of an
            earlier stage is missing or damaged.
    """
    if max_layers is not None and max_layers < 1:
        raise InputError(f"--max-layers {max_layers}: keep at least one layer")
    trials = Trials(recipe, workspace, progress, variant, keep)
    ranking, chosen = _search(trials, max_layers)
    result = _result(trials, ranking, chosen)
    result.write(workspace.rescue / f"{variant}-{keep}.json")
    return result


def _search(trials: Trials, max_layers: int | None) -> tuple[tuple[LayerError, ...], Choice | None]:
    """Return the ranking, where one was needed, and the choice that is enough."""
    nothing, everything = Choice(0), Choice(len(trials.layers))
    if trials.attempt(nothing, ()).passes:
        return (), nothing
    if not trials.attempt(everything, trials.layers).passes:
        return (), None  # a part of the layers that passed would have passed by luck
    ranking = rank(
        trials.layers,
        lambda kept: trials.grafted(kept, "float"),
        trials.runtime,
        ranking_rows(trials.dataset, trials.recipe.seed),
        trials.work / f"{trials.variant}-ranking-{trials.keep}.json",
        trials.machine.cores,
        trials.progress,
    )
    by_name = {layer.name: layer for layer in trials.layers}
    ranked = tuple(by_name[error.name] for error in ranking)
    most = min(max_layers or len(ranked), len(ranked))
    return ranking, fewest(most, lambda choice: trials.attempt(choice, ranked).passes)


def _result(trials: Trials, ranking: tuple[LayerError, ...], choice: Choice | None) -> RescueResult:
    """Time all files in turns and put everything together."""
    done = sorted(trials.done.values(), key=lambda trial: trial.choice)
    timed = _timed(trials, done)
    steps: list[Step] = []
    seen: set[str] = set()
    for trial in done:
        step = _step(trials, trial, seen, timed)
        steps.append(step)
        seen |= set(step.layers)
    chosen = steps[[trial.choice for trial in done].index(choice)] if choice is not None else None
    timed_on = engines.get(trials.recipe.benchmark.budget_runtime)
    return RescueResult.like(
        trials,
        runtime=DEFAULT_ENGINE,
        runtime_version=trials.runtime.engine.version(),
        threads=THREADS,
        accelerator=engines.acceleration(DEFAULT_ENGINE),
        timed_runtime=timed_on.name,
        timed_threads=trials.recipe.benchmark.budget_threads,
        timed_accelerator=engines.acceleration(timed_on.name, timed_on.available()),
        split=trials.judge.split_name,
        images=len(trials.judge.images),
        ranking=ranking,
        ranking_images=IMAGES if ranking else 0,
        fp32=FloatFile.like(trials.fp32, latency_ms=_latency(timed[trials.fp32_file])),
        steps=tuple(steps),
        rescued=chosen is not None and chosen.verdict == "pass",
        chosen=chosen.name if chosen else None,
        file=chosen.file if chosen else None,
        outcome=describe(
            trials.variant,
            trials.keep,
            steps,
            chosen,
            searched=bool(ranking),
            untrained=_decision_on(trials.workspace, "int8"),
        ),
    )


def _decision_on(workspace: Workspace, variant: Variant) -> Decision | None:
    """Return what validation decided on a variant, None where it did not."""
    verdict = Verdict.read_if_there(workspace.validate / "verdict.json", "validate")
    return verdict.decisions.get(variant) if verdict else None


def _timed(trials: Trials, done: Sequence[Trial]) -> dict[Path, Figure]:
    """Return figures of the float file and of each file that runs, timed in turns."""
    files = {trials.fp32_file: trials.fp32}
    files |= {trial.file: trial.exported for trial in done if trial.failure is None}
    pairs = [(exported, file) for file, exported in files.items()]
    figures = trials.runtime.time(pairs, trials.judge.images, trials.recipe, trials.progress)
    return dict(zip(files, figures, strict=True))


def _latency(figure: Figure) -> Latency | None:
    return figure.latency_ms if isinstance(figure, Measurement) else None


def _step(trials: Trials, trial: Trial, seen: set[str], timed: dict[Path, Figure]) -> Step:
    accuracy, exported, figure = trial.accuracy, trial.exported, timed.get(trial.file)
    measured = [timed[trials.fp32_file], figure]
    costs = trials.judge.costs(
        exported.size_bytes,
        trials.fp32.size_bytes,
        [outcome for outcome in measured if isinstance(outcome, Measurement)],
        [outcome for outcome in measured if isinstance(outcome, Failure)],
    )
    checks = accuracy.checks if accuracy else ()
    budgets = (*(reasoned(check) for check in checks), *trial.heat_maps, *costs)
    decided = accuracy.verdict if accuracy else "fail"
    names = tuple(layer.name for layer in trial.layers)
    return Step(
        name=trials.name(trial.choice),
        file=trials.workspace.relative(trial.file),
        sha256=exported.sha256,
        layers=names,
        added=tuple(name for name in names if name not in seen),
        dropped=tuple(layer.name for layer in trial.dropped),
        map=accuracy.map if accuracy else None,
        map_drop=accuracy.map_drop if accuracy else None,
        map_drop_interval=accuracy.map_drop_interval if accuracy else None,
        budgets=budgets,
        accuracy=decided,
        verdict=worst([decided, *(check.verdict for check in budgets)]),
        size_bytes=exported.size_bytes,
        gzip_bytes=exported.gzip_bytes,
        latency_ms=_latency(figure),
        failure=trial.failure,
    )
