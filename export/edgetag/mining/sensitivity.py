"""How much of a verdict hangs on labels that look wrong: judged again as if they were."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl

from edgetag.dataset import Dataset, Rows
from edgetag.judging.decisions import TagDecision, worst
from edgetag.labels import UNKNOWN
from edgetag.mining.result import Sensitivity, TagSensitivity
from edgetag.recipe import Recipe
from edgetag.validation.comparison import Comparison, compare
from edgetag.validation.decision import check_overall, check_tags, decide, tag_decision
from edgetag.validation.heat_maps import BUDGET as ON_HEAT_MAPS
from edgetag.validation.inputs import fp32_size_bytes, split_of
from edgetag.validation.judged import Judged, read_judged
from edgetag.validation.metrics import Measured
from edgetag.validation.result import TagVerdict, Verdict
from edgetag.validation.scores import read_reference
from edgetag.workspace import Workspace

Doubtful = Mapping[str, Rows]
"""Tag → rows of the manifest whose label of it looks wrong."""


def sensitivity(
    recipe: Recipe, workspace: Workspace, dataset: Dataset, doubtful: Doubtful
) -> tuple[Sensitivity, ...]:
    """Judge every file over the deciding split with doubtful labels turned round.

    From stored scores, with the thresholds of the verdict: nothing is scored or fitted again, and
    what was decided about heat maps, which are not stored, stays.

    Args:
        recipe: Gives limits.
        workspace: With a verdict.
        dataset: The pictures.
        doubtful: Those of the deciding split count.

    Raises:
        InputError: Nothing is validated, or not with these pictures and labels.
    """
    verdict = Verdict.read(workspace.validate / "verdict.json", "validate")
    return tuple(
        _of_file(recipe, workspace, dataset, doubtful, read_judged(workspace, variant))
        for variant in verdict.decisions
        if any(entry.variant == variant and entry.decides for entry in verdict.variants)
    )


def _of_file(
    recipe: Recipe, workspace: Workspace, dataset: Dataset, doubtful: Doubtful, judged: Judged
) -> Sensitivity:
    entry, path = judged.entry, workspace.validate / "reference.npz"
    rows = dataset.rows(entry.split)
    names = dataset.vocabulary.names
    split = split_of(recipe, turned_round(dataset, doubtful), rows)
    fitted = {tag.tag: tag.threshold for tag in entry.tags}
    before = {tag.tag: tag.reference_threshold for tag in entry.tags}
    scores = read_reference(path).matched(dataset.identities(rows), names, path)
    comparison = compare(
        Measured(scores, split, before),
        Measured(judged.scores, split, fitted),
        Measured(judged.scores, split, before),
    )
    stands_for = entry.stands_for or entry.variant
    budget = recipe.budget(next((name for name in recipe.budgets if name == stands_for), "default"))
    size = fp32_size_bytes(workspace)
    overall = check_overall(budget, comparison, split, entry.size_bytes, size)
    checks = check_tags(budget, comparison, split)
    on_maps = [check.verdict for check in entry.budgets if check.budget == ON_HEAT_MAPS]
    tags = []
    for tag in entry.tags:
        turned = np.intersect1d(doubtful.get(tag.tag, rows[:0]), rows)
        labels = dataset.labels(turned)[:, names.index(tag.tag)]
        decision = tag_decision(tag.tag in comparison.tags, checks.get(tag.tag, ()))
        if len(turned) or decision != tag.verdict:
            tags.append(_of_tag(tag, comparison, labels, decision))
    return Sensitivity(
        variant=entry.variant,
        split=entry.split,
        map_drop=entry.map_drop,
        map_drop_if_wrong=comparison.mean_ap.drop if comparison.mean_ap else None,
        verdict=entry.verdict,
        verdict_if_wrong=worst([decide(overall, checks, comparison), *on_maps]),
        tags=tuple(tags),
    )


def _of_tag(
    tag: TagVerdict, comparison: Comparison, turned: npt.NDArray[np.int8], decision: TagDecision
) -> TagSensitivity:
    compared = comparison.tags.get(tag.tag)
    return TagSensitivity(
        tag=tag.tag,
        to_no=int((turned == 1).sum()),
        to_yes=int((turned == 0).sum()),
        ap_drop=tag.ap_drop,
        ap_drop_if_wrong=compared.ap.drop if compared else None,
        recall=tag.recall,
        recall_if_wrong=compared.recall.measure.value if compared else None,
        recall_drop=tag.recall_drop,
        recall_drop_if_wrong=compared.recall.measure.drop if compared else None,
        verdict=tag.verdict,
        verdict_if_wrong=decision,
    )


def turned_round(dataset: Dataset, doubtful: Doubtful) -> Dataset:
    """Return the data with some labels turned round: yes becomes no, and no yes."""
    every = dataset.labels(np.arange(len(dataset.manifest), dtype=np.int64))
    columns = []
    for tag, rows in doubtful.items():
        labels = every[:, dataset.vocabulary.names.index(tag)].copy()
        labels[rows] = 1 - labels[rows]
        known = pl.Series(labels, dtype=pl.Int8)
        columns.append(known.replace(UNKNOWN, None).alias(f"tag:{tag}"))
    return replace(dataset, manifest=dataset.manifest.with_columns(columns))
