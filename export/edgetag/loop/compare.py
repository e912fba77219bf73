"""Two runs on the same pictures: what training changed, and what other labels did.

Corrections change labels of test pictures as well, so a figure may rise without any model being
better. So the first run's scores are counted by both runs' labels: from the one to the other
nothing but labels changes, and from there to the second run's scores nothing but the model.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from shlex import quote

import numpy as np

from edgetag.dataset import Dataset, Rows, open_dataset
from edgetag.errors import InputError
from edgetag.fingerprints import older_inputs
from edgetag.labels import UNKNOWN, Labels
from edgetag.loop.result import (
    ComparedSplit,
    ComparedTag,
    ComparedValue,
    Interval,
    LearntFrom,
    LoopComparison,
)
from edgetag.metrics import Scores
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.stages import stage
from edgetag.tagging.listing import shown_name
from edgetag.tags import Vocabulary
from edgetag.validation.comparison import Comparison, Measure, TagComparison
from edgetag.validation.comparison import compare as compare_scores
from edgetag.validation.inputs import read_thresholds
from edgetag.validation.metrics import Measured, Split
from edgetag.validation.obtaining import Reference, obtain_reference
from edgetag.workspace import Workspace

LEARNT_FROM = ("train", "validation")


@dataclass(frozen=True)
class Run:
    """A run whose float network is trained."""

    recipe: Recipe
    workspace: Workspace


def compare(before: Run, after: Run, progress: Progress) -> LoopComparison:
    """Compare the float models of two runs over the pictures of the judged splits of both.

    Scores that a run folder does not keep yet are computed, as `edgetag validate` does.

    Args:
        before: The run that the other is held against.
        after: Its recipe says which splits are judged, and how sure intervals are.
        progress: Is told of what is computed.

    Raises:
        InputError: Both are one run, a run has no data or weights yet, or they have no tag or
            split in common.
    """
    if before.workspace.root.resolve() == after.workspace.root.resolve():
        raise InputError(
            f"{before.workspace.root}: both runs are this folder, so nothing can differ; name two "
            "folders of runs (recipes of one name share runs/NAME unless --out keeps them apart)"
        )
    names = tuple(tag for tag in after.recipe.data.tags if tag in before.recipe.data.tags)
    if not names:
        raise InputError(
            f"{before.workspace.root} and {after.workspace.root}: the runs have no tag in common"
        )
    shared = [
        name for name in after.recipe.validation.splits if name in before.recipe.validation.splits
    ]
    if not shared:
        raise InputError(
            f"{before.workspace.root} and {after.workspace.root}: no split is judged by both; "
            "name the same in [validation] splits"
        )
    first, second = _opened(before, progress), _opened(after, progress)
    return LoopComparison(
        before=shown_name(str(before.workspace.root)),
        after=shown_name(str(after.workspace.root)),
        confidence=after.recipe.validation.confidence,
        tags_only_before=_without(before.recipe.data.tags, names),
        tags_only_after=_without(after.recipe.data.tags, names),
        learnt_from=tuple(_learnt_from(first, second, names)),
        splits=tuple(_compared(first, second, split, names) for split in shared),
    )


def _without(tags: tuple[str, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(tag for tag in tags if tag not in names)


@dataclass(frozen=True)
class _Opened:
    """A run's data, scores and thresholds."""

    recipe: Recipe
    dataset: Dataset
    reference: Reference
    thresholds: dict[str, float]

    def labels(self, rows: Rows, names: tuple[str, ...]) -> Labels:
        return self.dataset.labels(rows)[:, self._columns(names)]

    def scores(self, rows: Rows, names: tuple[str, ...]) -> Scores:
        return self.reference.scores(self.dataset, rows)[:, self._columns(names)]

    def measured(self, scores: Scores, split: Split) -> Measured:
        return Measured(scores, split, self.thresholds)

    def _columns(self, names: tuple[str, ...]) -> list[int]:
        return [self.dataset.vocabulary.names.index(name) for name in names]


def _opened(run: Run, progress: Progress) -> _Opened:
    dataset = open_dataset(run.workspace, run.recipe.network.input_size)
    _tell_of_other_data(run, progress)
    reference = obtain_reference(run.recipe, run.workspace, dataset, progress)
    thresholds = read_thresholds(run.workspace, dataset, reference.stored)
    return _Opened(run.recipe, dataset, reference, thresholds)


def _tell_of_other_data(run: Run, progress: Progress) -> None:
    """Tell where data were built after training; which labels they had before, nothing keeps."""
    run_file, root = run.workspace.read_run_file(), run.workspace.root
    if run_file is None or "train" not in run_file.stages:
        return
    if "dataset" in older_inputs(stage("train"), run.recipe, run_file):
        progress.say(
            f"note: {root}: its data were built anew after training, so their labels are not what "
            f"the network learnt from; run: edgetag run RECIPE --out {quote(str(root))}"
        )


@dataclass(frozen=True)
class _Shared:
    """Rows of the pictures that two runs have in a split, in the same order."""

    first: Rows
    second: Rows
    only_first: int
    only_second: int


def _shared(first: _Opened, second: _Opened, split: str) -> _Shared:
    rows_of = []
    for run in (first, second):
        rows = run.dataset.rows(split) if split in run.dataset.splits() else np.empty(0, np.int64)
        rows_of.append(dict(zip(run.dataset.identities(rows), rows.tolist(), strict=True)))
    before, after = rows_of
    both = [identity for identity in after if identity in before]
    return _Shared(
        np.array([before[identity] for identity in both], dtype=np.int64),
        np.array([after[identity] for identity in both], dtype=np.int64),
        len(before) - len(both),
        len(after) - len(both),
    )


def _learnt_from(first: _Opened, second: _Opened, names: tuple[str, ...]) -> Iterator[LearntFrom]:
    for split in LEARNT_FROM:
        shared = _shared(first, second, split)
        before, after = first.labels(shared.first, names), second.labels(shared.second, names)
        known_before, known_after = before != UNKNOWN, after != UNKNOWN
        yield LearntFrom(
            split=split,
            images=len(before),
            only_before=shared.only_first,
            only_after=shared.only_second,
            made_known=int((known_after & ~known_before).sum()),
            made_unknown=int((known_before & ~known_after).sum()),
            turned=int((known_before & known_after & (before != after)).sum()),
        )


def _compared(first: _Opened, second: _Opened, split: str, names: tuple[str, ...]) -> ComparedSplit:
    shared = _shared(first, second, split)
    if not len(shared.second):
        raise InputError(f"the runs have no picture of split {split!r} in common")
    before, after = first.labels(shared.first, names), second.labels(shared.second, names)
    by_first = _split(before, shared.second, second, names)
    by_second = _split(after, shared.second, second, names)
    scores, newer = first.scores(shared.first, names), second.scores(shared.second, names)
    original, held = first.measured(scores, by_first), first.measured(scores, by_second)
    trained = second.measured(newer, by_second)
    changes = compare_scores(held, trained, first.measured(newer, by_second))
    differ = before != after
    return ComparedSplit(
        split=split,
        images=len(before),
        only_before=shared.only_first,
        only_after=shared.only_second,
        relabelled=int(differ.sum()),
        cells=int(((before != UNKNOWN) | (after != UNKNOWN)).sum()),
        map=_mean(original, changes, names),
        tags=tuple(
            _tag(name, tag, int(differ[:, names.index(name)].sum()), original, by_second, names)
            for name, tag in changes.tags.items()
        ),
        not_scored=tuple(name for name in names if name not in changes.tags),
    )


def _split(labels: Labels, rows: Rows, run: _Opened, names: tuple[str, ...]) -> Split:
    section = run.recipe.validation
    return Split(
        labels,
        Vocabulary(names),
        run.dataset.groups(rows),
        min_positives=section.min_positives,
        samples=section.bootstrap_samples,
        confidence=section.confidence,
        seed=run.recipe.seed,
    )


def _tag(
    name: str,
    compared: TagComparison,
    relabelled: int,
    original: Measured,
    split: Split,
    names: tuple[str, ...],
) -> ComparedTag:
    column = names.index(name)
    recall, fpr = compared.recall.measure, compared.fpr.measure
    return ComparedTag(
        tag=name,
        positives=int(split.positives[column]),
        relabelled=relabelled,
        ap=_value(_scored(float(original.average_precisions[column])), compared.ap),
        recall=recall.value,
        recall_gain=_gain(recall.drop),
        recall_gain_interval=_gains(recall.drop_interval),
        fpr=fpr.value,
        fpr_gain=_gain(fpr.drop),
        fpr_gain_interval=_gains(fpr.drop_interval),
    )


def _mean(original: Measured, changes: Comparison, names: tuple[str, ...]) -> ComparedValue | None:
    if changes.mean_ap is None:
        return None
    # Over the tags of the other two means, so that nothing but labels changes from it to them.
    scored = original.average_precisions[[names.index(tag) for tag in changes.tags]]
    return _value(_scored(float(scored.mean())), changes.mean_ap)


def _value(before: float | None, measure: Measure) -> ComparedValue:
    return ComparedValue(
        before=before,
        relabelled=measure.value + measure.drop,
        after=measure.value,
        gain=_gain(measure.drop),
        gain_interval=_gains(measure.drop_interval),
    )


def _scored(value: float) -> float | None:
    return None if np.isnan(value) else value


def _gain(drop: float) -> float:
    return 0.0 - drop  # and not -drop, which is -0.0 where nothing changed


def _gains(drops: Interval | None) -> Interval | None:
    """Return the interval of a gain, which is that of a drop from the other side."""
    return None if drops is None else (_gain(drops[1]), _gain(drops[0]))
