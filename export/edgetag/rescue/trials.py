"""Making, scoring and judging files with some layers kept."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from edgetag.catalogue.engines import DEFAULT_ENGINE
from edgetag.catalogue.variants import BASE, FULL_INTEGER, VARIANTS
from edgetag.conversion import checks
from edgetag.conversion.explain_signature import without_explain
from edgetag.conversion.exported import ExportedFile, exported_file
from edgetag.conversion.flatfile import gzip_size, parse_model, read_model
from edgetag.conversion.layers import Layer, matched_layers
from edgetag.conversion.metadata import ModelInfo, attach
from edgetag.conversion.result import ExportedVariant
from edgetag.dataset import open_dataset
from edgetag.errors import InputError
from edgetag.judging.checks import ReasonedCheck
from edgetag.judging.wording import write_value
from edgetag.machine import this_machine
from edgetag.progress import Progress
from edgetag.recipe import Recipe, Variant
from edgetag.rescue.float_layers import FloatGraft
from edgetag.rescue.floating import float_file
from edgetag.rescue.int16_layers import Int16Graft, can_be_int16
from edgetag.rescue.judge import Accuracy, Judge
from edgetag.rescue.result import Keep
from edgetag.rescue.scoring import Runtime
from edgetag.rescue.search import Choice
from edgetag.runtimes import LoadFailure
from edgetag.tables.formats import counted
from edgetag.workspace import Workspace, digest_file
from edgetag.writing import write_bytes


@dataclass(frozen=True)
class Trial:
    """A file and how well it scores.

    `layers` are those kept, in the ranking's order, `dropped` those of the choice that were
    left out. `exported` is what is known of the file as of an exported one; `accuracy` is None
    where it does not run, for the reason `failure`.
    """

    choice: Choice
    file: Path
    layers: tuple[Layer, ...]
    dropped: tuple[Layer, ...]
    exported: ExportedVariant
    accuracy: Accuracy | None
    heat_maps: tuple[ReasonedCheck, ...]
    failure: str | None

    @property
    def passes(self) -> bool:
        """Whether every limit on accuracy is kept."""
        return self.accuracy is not None and self.accuracy.verdict == "pass"


class Trials:
    """The files tried for one variant, and what they share.

    Raises:
        InputError: The variant is not of integers, has no limit on accuracy, or a file of an
            earlier stage is missing or damaged.
    """

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
        plain, (self.exported, self.original) = _float_and_quantized(workspace, variant)
        self.fp32, self.fp32_file = plain
        self.dataset = open_dataset(workspace)
        self.judge = Judge(recipe, workspace, self.dataset, variant, progress)
        self.machine = this_machine()
        contract = recipe.network.preprocessing()
        self.runtime = Runtime(workspace, self.dataset, contract, self.machine)
        if missing := self.runtime.engine.available():
            raise InputError(f"rescue judges on {DEFAULT_ENGINE}, but {missing}")
        self.done: dict[Choice, Trial] = {}

    @cached_property
    def floating(self) -> Any:
        """The float model; never changed."""
        file = float_file(self.recipe, self.workspace, self.variant, self.fp32, self.progress)
        return read_model(file)

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """Layers that can be kept."""
        layers = matched_layers(read_model(self.original), self.floating, self.original)
        if self.keep == "float":
            return layers
        if self.variant == "int16x8":
            raise InputError("int16x8 has 16 bits everywhere already; use: --keep float")
        return tuple(layer for layer in layers if can_be_int16(layer.operator))

    @property
    def work(self) -> Path:
        """What an interrupted rescue goes on from."""
        return self.workspace.rescue / "work"

    def attempt(self, choice: Choice, ranking: tuple[Layer, ...]) -> Trial:
        """Make, score and judge the file of a choice, once."""
        if choice in self.done:
            return self.done[choice]
        layers = choice.of(ranking)
        dropped = tuple(layer for layer in ranking[: choice.count] if layer not in layers)
        file = self.write(choice, layers) if layers else self.original
        kept_at = self.work / "scores" / f"{self.name(choice)}.npz"
        scores = self.runtime.score_once(file, self.judge.rows, kept_at, self.progress)
        accuracy, failure, heat_maps = None, None, tuple[ReasonedCheck, ...]()
        if isinstance(scores, LoadFailure):
            failure = f"{scores.kind}: {scores.reason}"
        elif scores.shape[1] != len(self.dataset.vocabulary):
            tags = len(self.dataset.vocabulary)
            failure = f"it gives {scores.shape[1]} scores, but there are {tags} tags"
        else:
            accuracy = self.judge.accuracy(scores)
            heat_maps = self.judge.heat_maps(file, scores, self.runtime, self.progress)
        trial = Trial(
            choice, file, layers, dropped, self._measured(file), accuracy, heat_maps, failure
        )
        self.progress.say(f"{self.name(choice)}: {_trial_line(trial)}")
        self.done[choice] = trial
        return trial

    def _measured(self, file: Path) -> ExportedVariant:
        data = file.read_bytes()
        return self.exported.replace(
            sha256=digest_file(file), size_bytes=len(data), gzip_bytes=gzip_size(data)
        )

    def name(self, choice: Choice) -> str:
        """Return a choice's name among files, such as `int8-float-8`."""
        return f"{self.variant}-{self.keep}-{choice.name}"

    def write(self, choice: Choice, layers: tuple[Layer, ...]) -> Path:
        """Write the file of a choice, checked and described like an exported one."""
        file = self.workspace.rescue / f"{self.name(choice)}.tflite"
        info = ModelInfo.of(self.recipe, self.variant)
        data = self._described(self.grafted(layers, self.keep), info)
        model = parse_model(data, file)
        checks.check_target_ops(model, self.recipe.export.target_ops, file)
        if VARIANTS[self.variant].chosen_types:
            checks.check_input_exact(model, info.contract, file)
        target = self.recipe.export.target_runtime
        if warning := checks.runtime_warning(model, target, file):
            self.progress.say(warning)
        write_bytes(file, data)
        return file

    def grafted(self, layers: Collection[Layer], keep: Keep) -> bytes:
        """Return the variant's file with some layers exchanged."""
        graft = FloatGraft if keep == "float" else Int16Graft
        model = read_model(self.original)
        without_explain(model)  # its graph has the same layers, which are exchanged in the first
        return graft(model, self.floating).apply(layers)

    def _described(self, data: bytes, info: ModelInfo) -> bytes:
        """Return a file with metadata, and with the signature explain if the variant has it."""
        if self.variant not in self.recipe.export.explain:
            return attach(data, info)
        try:
            return attach(data, info, explain=True)
        except InputError as error:
            self.progress.say(f"Without the signature explain: {error}")
            return attach(data, info)


def _float_and_quantized(
    workspace: Workspace, variant: Variant
) -> tuple[ExportedFile, ExportedFile]:
    """Return the exported files of `fp32` and of a variant.

    Raises:
        InputError: The variant is not of integers, or it or fp32 was not exported.
    """
    if variant not in FULL_INTEGER:
        raise InputError(
            f"{variant} cannot be rescued: only full-integer variants have layers to keep in "
            f"float ({', '.join(FULL_INTEGER)})"
        )
    return exported_file(workspace, BASE), exported_file(workspace, variant)


def _trial_line(trial: Trial) -> str:
    layers = f"{counted(len(trial.layers), 'layer')} kept"
    accuracy = trial.accuracy
    if accuracy is None:
        return f"{layers}, {trial.failure}"
    if accuracy.map_drop is None:
        return f"{layers}, {accuracy.verdict}"
    drop = write_value("points", accuracy.map_drop, accuracy.map_drop_interval)
    return f"{layers}, mAP drop {drop}, {accuracy.verdict}"
