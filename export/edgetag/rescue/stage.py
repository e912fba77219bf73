"""The stage: a failing variant → the fewest layers in float that mend it."""

import gzip
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from edgetag.benchmarking.result import Latency
from edgetag.conversion import checks
from edgetag.conversion.flatfile import parse_model, read_model
from edgetag.conversion.metadata import attach
from edgetag.conversion.result import ExportedVariant, ExportResult
from edgetag.conversion.stage import GZIP_LEVEL, Sources
from edgetag.conversion.variants import FULL_INTEGER, INT8
from edgetag.dataset import open_dataset
from edgetag.errors import InputError
from edgetag.machine import this_machine
from edgetag.progress import Progress
from edgetag.recipe import Recipe, Variant
from edgetag.rescue.float_layers import FloatGraft
from edgetag.rescue.floating import float_file
from edgetag.rescue.int16_layers import Int16Graft, can_be_int16
from edgetag.rescue.judge import Accuracy, Judge
from edgetag.rescue.layers import Layer, matched_layers
from edgetag.rescue.outcome import describe
from edgetag.rescue.ranking import IMAGES, rank, ranking_rows
from edgetag.rescue.result import FloatFile, Keep, LayerError, RescueResult, Step
from edgetag.rescue.scoring import RUNTIME, THREADS, Runtime
from edgetag.rescue.search import Choice, fewest
from edgetag.runtimes import LoadFailure
from edgetag.validation.result import worst
from edgetag.workspace import Workspace, digest_file, write_bytes, write_text


@dataclass(frozen=True)
class Trial:
    """A file and how well it scores."""

    choice: Choice
    file: Path
    layers: tuple[Layer, ...]
    accuracy: Accuracy | None
    failure: str | None

    @property
    def passes(self) -> bool:
        """Whether every limit on accuracy is kept."""
        return self.accuracy is not None and self.accuracy.verdict == "pass"


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

    Args:
        recipe: Its budgets for the variant are the aim.
        workspace: Holds the exported files and the reference scores; `rescue/` is written.
        progress: Is told what goes on.
        variant: A full-integer one.
        keep: How layers are kept.
        max_layers: How many may be kept; default: all.

    Raises:
        InputError: The variant has no limit on accuracy, is not of integers, or a file of an
            earlier stage is missing or damaged.
    """
    if max_layers is not None and max_layers < 1:
        raise InputError(f"--max-layers {max_layers}: keep at least one layer")
    rescue = _Rescue(recipe, workspace, progress, variant, keep)
    ranking = rescue.search(max_layers)
    result = rescue.result(ranking)
    write_text(workspace.rescue / f"{variant}-{keep}.json", result.to_json())
    return result


class _Rescue:
    """What all trials share, and the trials so far."""

    def __init__(
        self,
        recipe: Recipe,
        workspace: Workspace,
        progress: Progress,
        variant: Variant,
        keep: Keep,
    ) -> None:
        self.recipe, self.workspace, self.progress = recipe, workspace, progress
        self.variant, self.keep = variant, keep
        exported = _exported(workspace, variant)
        self.fp32 = exported["fp32"]
        self.original = workspace.verified_file(exported[variant].file, exported[variant].sha256)
        self.dataset = open_dataset(workspace)
        self.judge = Judge(recipe, workspace, self.dataset, variant)
        self.machine = this_machine()
        contract = recipe.network.preprocessing()
        self.runtime = Runtime(workspace, self.dataset, contract, self.machine)
        if missing := self.runtime.engine.available():
            raise InputError(f"rescue judges on {RUNTIME}, but {missing}")
        self.trials: dict[Choice, Trial] = {}
        self.chosen: Choice | None = None

    @cached_property
    def floating(self) -> Any:
        """The float model; never changed."""
        file = float_file(self.recipe, self.workspace, self.variant, self.fp32, self.progress)
        return read_model(file)

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """Those that can be kept."""
        layers = matched_layers(read_model(self.original), self.floating, self.original)
        if self.keep == "float":
            return layers
        if self.variant == "int16x8":
            raise InputError("int16x8 has 16 bits everywhere already; use: --keep float")
        return tuple(layer for layer in layers if can_be_int16(layer.operator))

    def search(self, max_layers: int | None) -> tuple[LayerError, ...]:
        """Try choices until the fewest layers are found; return the ranking."""
        if self.attempt(Choice(0), ()).passes:
            self.chosen = Choice(0)
            return ()
        everything = Choice(len(self.layers))
        if not self.attempt(everything, self.layers).passes:
            return ()  # no choice of layers can be trusted to do better
        ranking = rank(
            self.layers,
            lambda kept: self.grafted(kept, "float"),
            self.runtime,
            ranking_rows(self.dataset, self.recipe.seed),
            self.work / f"{self.variant}-{self.keep}-ranking.json",
            self.machine.cores,
            self.progress,
        )
        by_name = {layer.name: layer for layer in self.layers}
        ranked = [by_name[found.name] for found in ranking]
        most = min(max_layers or len(ranked), len(ranked))
        self.chosen = fewest(most, lambda choice: self.attempt(choice, choice.of(ranked)).passes)
        return ranking

    def attempt(self, choice: Choice, layers: tuple[Layer, ...]) -> Trial:
        """Make, score and judge a file, once."""
        if choice in self.trials:
            return self.trials[choice]
        file = self.original if not layers else self.write(choice, layers)
        kept_at = self.work / "scores" / f"{self.variant}-{self.keep}-{choice.name}.npz"
        scores = self.runtime.score_once(file, self.judge.rows, kept_at, self.progress)
        if isinstance(scores, LoadFailure):
            trial = Trial(choice, file, layers, None, f"{scores.kind}: {scores.reason}")
        elif scores.shape[1] != len(self.dataset.vocabulary):
            reason = f"it gives {scores.shape[1]} scores for {len(self.dataset.vocabulary)} tags"
            trial = Trial(choice, file, layers, None, reason)
        else:
            trial = Trial(choice, file, layers, self.judge.accuracy(scores), None)
        self.progress.say(f"{file.stem}: {_told(trial)}")
        self.trials[choice] = trial
        return trial

    def write(self, choice: Choice, layers: tuple[Layer, ...]) -> Path:
        """Write the file of a choice, checked and described like an exported one."""
        file = self.workspace.rescue / f"{self.variant}-{self.keep}-{choice.name}.tflite"
        info = Sources(self.recipe, self.workspace).info(self.variant)
        data = attach(self.grafted(layers, self.keep), info)
        model = parse_model(data, file)
        checks.check_target_ops(model, self.recipe.export.target_ops, file)
        if self.variant in INT8:
            checks.check_input_exact(model, info.contract, file)
        target = self.recipe.export.target_runtime
        if warning := checks.runtime_warning(model, target, file):
            self.progress.say(warning)
        write_bytes(file, data)
        return file

    def grafted(self, layers: Any, keep: Keep) -> bytes:
        """Return the variant's file with some layers exchanged."""
        graft = FloatGraft if keep == "float" else Int16Graft
        return graft(read_model(self.original), self.floating).apply(layers)

    @property
    def work(self) -> Path:
        """What an interrupted rescue goes on from."""
        return self.workspace.rescue / "work"

    def result(self, ranking: tuple[LayerError, ...]) -> RescueResult:
        """Time all files in turns and put everything together."""
        trials = sorted(self.trials.values(), key=lambda t: (len(t.layers), t.choice.name))
        fp32_file = self.workspace.verified_file(self.fp32.file, self.fp32.sha256)
        runs = [trial for trial in trials if trial.failure is None]
        fp32, *latencies = self.runtime.latencies(
            [fp32_file, *(trial.file for trial in runs)],
            self.judge.rows,
            self.recipe,
            self.progress,
        )
        by_choice = {t.choice: x for t, x in zip(runs, latencies, strict=True)}
        steps: list[Step] = []
        for trial in trials:
            seen = {name for step in steps for name in step.layers}
            steps.append(self.step(trial, seen, by_choice.get(trial.choice), fp32))
        chosen = None
        if self.chosen is not None:
            chosen = steps[trials.index(self.trials[self.chosen])]
        return RescueResult(
            variant=self.variant,
            keep=self.keep,
            runtime=RUNTIME,
            runtime_version=self.runtime.engine.version(),
            threads=THREADS,
            machine=self.machine,
            split=self.judge.split_name,
            images=len(self.judge.rows),
            ranking=ranking,
            ranking_images=IMAGES if ranking else 0,
            fp32=FloatFile(
                size_bytes=self.fp32.size_bytes, gzip_bytes=self.fp32.gzip_bytes, latency_ms=fp32
            ),
            steps=tuple(steps),
            rescued=chosen is not None and chosen.verdict == "pass",
            chosen=chosen.name if chosen else None,
            file=chosen.file if chosen else None,
            outcome=describe(self.variant, self.keep, steps, chosen, searched=bool(ranking)),
        )

    def step(
        self, trial: Trial, seen: set[str], latency: Latency | None, fp32: Latency | None
    ) -> Step:
        """Describe a trial."""
        size = trial.file.stat().st_size
        accuracy = trial.accuracy
        budgets = self.judge.cost(size, self.fp32.size_bytes, latency, fp32)
        if accuracy is not None:
            budgets = (*accuracy.checks, *budgets)
        decided = accuracy.verdict if accuracy else "fail"
        names = tuple(layer.name for layer in trial.layers)
        return Step(
            name=f"{self.variant}-{self.keep}-{trial.choice.name}",
            file=self.workspace.relative(trial.file),
            sha256=digest_file(trial.file),
            layers=names,
            added=tuple(name for name in names if name not in seen),
            map=accuracy.map if accuracy else None,
            map_drop=accuracy.map_drop if accuracy else None,
            map_drop_interval=accuracy.map_drop_interval if accuracy else None,
            flip_rate=accuracy.flip_rate if accuracy else None,
            budgets=budgets,
            accuracy=decided,
            verdict=worst([decided, *(check.verdict for check in budgets)]),
            size_bytes=size,
            gzip_bytes=len(gzip.compress(trial.file.read_bytes(), GZIP_LEVEL, mtime=0)),
            latency_ms=latency,
            failure=trial.failure,
        )


def _exported(workspace: Workspace, variant: Variant) -> dict[Variant, ExportedVariant]:
    """Return the exported files.

    Raises:
        InputError: The variant is not of integers, or it or fp32 was not exported.
    """
    if variant not in FULL_INTEGER:
        raise InputError(
            f"{variant} cannot be rescued: only full-integer variants have layers to keep in "
            f"float ({', '.join(FULL_INTEGER)})"
        )
    path = workspace.export / "export.json"
    exported = {file.variant: file for file in ExportResult.read(path, "export").variants}
    needed: tuple[Variant, ...] = ("fp32", variant)
    for name in needed:
        if name not in exported:
            raise InputError(f"{path}: it lists no {name}; run: edgetag export")
    return exported


def _told(trial: Trial) -> str:
    layers = f"{len(trial.layers)} layers kept"
    accuracy = trial.accuracy
    if accuracy is None:
        return f"{layers}, {trial.failure}"
    if accuracy.map_drop is None or accuracy.map_drop_interval is None:
        return f"{layers}, {accuracy.verdict}"
    low, high = accuracy.map_drop_interval
    return (
        f"{layers}, mAP drop {100 * accuracy.map_drop:.2f} "
        f"[{100 * low:.2f}, {100 * high:.2f}] points, {accuracy.verdict}"
    )
