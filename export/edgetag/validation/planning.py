"""How many images it takes to show that nothing was lost: before labelling, not after.

The power is that of the very test that validation makes: the chance that Tango's interval lies
inside the margin, if the true difference is 0 and a stated share of decisions flips, as often to
the better as to the worse. It is summed over all outcomes, not approximated.
"""

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from edgetag.dataset import open_dataset
from edgetag.errors import InputError
from edgetag.judging.checks import Check
from edgetag.labels import Labels
from edgetag.progress import Progress
from edgetag.recipe import Recipe, TagBudget
from edgetag.validation.needs import Flips, images_to_decide, in_all, outcome_of, split_share
from edgetag.validation.plan_result import Need, Plan
from edgetag.validation.proportions import score_statistic
from edgetag.validation.result import TagVerdict, VariantVerdict, Verdict
from edgetag.workspace import Workspace

MOST = 10_000_000
"""More images than anyone labels: the search ends here."""

NEGLIGIBLE = 1e-9
"""Probability of outcomes that are left out of the sum."""


def power(total: int, margin: float, flips: float, confidence: float) -> float:
    """Return the chance that a difference below `margin` is shown where there is none.

    Args:
        total: Images that the share is of.
        margin: Largest difference allowed.
        flips: Share of decisions that differ, half of them for the worse.
        confidence: Confidence of the interval.
    """
    from scipy.stats import binom  # slow to import

    z = float(ndtri((1.0 + confidence) / 2.0))
    least, most = binom.ppf([NEGLIGIBLE, 1.0 - NEGLIGIBLE], total, flips).astype(int)
    discordant = np.arange(least, most + 1)
    passing = np.array([_most_worse(number, total, margin, z) for number in discordant.tolist()])
    chances = binom.cdf(passing, discordant, 0.5)
    return float(binom.pmf(discordant, total, flips) @ chances)


def _most_worse(discordant: int, total: int, margin: float, z: float) -> int:
    """Return how many of the decisions that flip may be for the worse, -1 where none may."""
    # Fewer of the worse is always more inside: the largest number that still passes decides.
    low, high = -1, discordant
    while low < high:
        worse = (low + high + 1) // 2
        if score_statistic(worse, discordant - worse, total, margin) <= -z:
            low = worse
        else:
            high = worse - 1
    return low


@cache  # tags often share margin and flips
def images_needed(wanted: float, margin: float, flips: float, confidence: float) -> int | None:
    """Return the smallest number of images with so much power, None above `MOST`.

    Args:
        wanted: Power, such as 0.8.
        margin: Largest difference allowed.
        flips: Share of decisions that differ.
        confidence: Confidence of the interval.
    """
    if margin <= 0:
        return None
    return _smallest(lambda total: power(total, margin, flips, confidence) >= wanted)


def _smallest(enough: Callable[[int], bool]) -> int | None:
    low, high = 0, 8
    while not enough(high):
        low, high = high, 2 * high
        if high > MOST:
            return None
    while high - low > max(1, high // 1000):
        middle = (low + high) // 2
        if enough(middle):
            high = middle
        else:
            low = middle
    return high


def plan(
    recipe: Recipe,
    workspace: Workspace,
    progress: Progress,
    variant: str,
    wanted: float,
    margin: float | None,
    flips: float,
) -> Plan:
    """Say for every margin how many images it takes to show that it is kept.

    Args:
        recipe: Its budgets name the margins.
        workspace: Holds the data; a verdict there says how often decisions flip.
        progress: Is told of every tag.
        variant: Whose margins and flips.
        wanted: Power, such as 0.8.
        margin: Margin of recall and false-positive rate, where the recipe has none.
        flips: Share of decisions assumed to flip where no verdict tells.

    Raises:
        InputError: There is no data of these tags, no such variant, or no margin to plan for.
    """
    dataset = open_dataset(workspace, tags=recipe.data.tags)
    split = recipe.validation.splits[0]
    rows = dataset.rows(split)
    labels, groups = dataset.labels(rows), dataset.groups(rows)
    measured = _measured(workspace, variant, split)
    if measured is None and variant not in recipe.export.possible:
        raise InputError(
            f"--variant {variant}: the recipe's variants are {', '.join(recipe.export.possible)}, "
            "and no verdict here is about another file of that name"
        )
    judged_as = (measured and measured.stands_for) or variant
    own = (name for name in recipe.budgets if name == judged_as)
    budget = recipe.budget(next(own, "default"))
    margins = {tag: budget.margins(tag) for tag in recipe.data.tags}
    if margin is not None:
        margins = {tag: _filled(tag_limits, margin) for tag, tag_limits in margins.items()}
    needs: list[Need] = []
    if budget.max_map_drop is not None and measured is not None:
        needs += _overall(measured, budget.max_map_drop, wanted, recipe)
    with progress.track("planning", len(recipe.data.tags), "tags") as task:
        for tag, limits in margins.items():
            seen = _seen(measured, tag)
            counts = _count(labels[:, dataset.vocabulary.index(tag)], groups)
            effect = measured.design_effect if measured else 1.0
            needs += _tag_needs(tag, limits, counts, seen, flips, effect, wanted, recipe)
            task.advance()
    needs = [_as_measured(need, measured, wanted, recipe.validation.confidence) for need in needs]
    share = split_share(dataset, split)
    if not needs:
        raise InputError(
            f"budgets.{judged_as} sets no margin that images can show (max_map_drop after a "
            "validation, max_recall_drop, max_fpr_rise); set one, or give --margin 0.02"
        )
    return Plan(
        variant=variant,
        split=split,
        images=len(labels),
        power=wanted,
        confidence=recipe.validation.confidence,
        measured=measured is not None,
        assumed_flips=flips,
        needs=tuple(
            need.replace(in_all=need.images and in_all(need.images, share)) for need in needs
        ),
    )


def _as_measured(
    need: Need, measured: VariantVerdict | None, wanted: float, confidence: float
) -> Need:
    """Plan as the verdict does for a margin that it left open: by what it measured.

    A file whose drop lies beyond the margin is not shown to keep it by any number of images.
    """
    checks = _open_checks(measured, need)
    if not checks or measured is None:
        return need
    check = checks[0]
    if check.measured is None or check.interval is None:
        return need
    corrected = [c for tag in measured.tags for c in tag.checks if c.p_fail is not None]
    tests = 1 if need.tag is None else len(corrected)
    level = (1.0 - confidence) / 2.0
    flipped = _flipped(_seen(measured, need.tag), need.of)
    flips = None if flipped is None else Flips(flipped, measured.design_effect)
    more = images_to_decide(
        check.limit, check.measured, check.interval, need.have, tests, level, wanted, flips
    )
    needed = None if more is None else need.have + more
    images = None
    if needed is not None and need.have:
        images = math.ceil(needed * measured.n_images / need.have)
    decides = outcome_of(check.limit, check.measured)
    return need.replace(needed=needed, images=images, decides=decides)


def _open_checks(measured: VariantVerdict | None, need: Need) -> list[Check]:
    """Return the undecided check of a margin, where the verdict has it with this limit."""
    if measured is None:
        return []
    tags = [tag for tag in measured.tags if tag.tag == need.tag]
    checks = measured.budgets if need.tag is None else (c for tag in tags for c in tag.checks)
    return [
        check
        for check in checks
        if (check.budget, check.limit, check.verdict) == (need.budget, need.margin, "undecided")
    ]


def _filled(limits: TagBudget, margin: float) -> TagBudget:
    return TagBudget(**({"max_recall_drop": margin, "max_fpr_rise": margin} | limits.given()))


def _measured(workspace: Workspace, variant: str, split: str) -> VariantVerdict | None:
    path = workspace.validate / "verdict.json"
    if not path.exists():
        return None
    for entry in Verdict.read(path, "validate").variants:
        if (entry.variant, entry.split) == (variant, split):
            return entry
    return None


def _seen(measured: VariantVerdict | None, tag: str | None) -> TagVerdict | None:
    if measured is None:
        return None
    return next((entry for entry in measured.tags if entry.tag == tag and entry.scored), None)


def _flipped(seen: TagVerdict | None, of: str) -> int | None:
    """Return how many decisions about positives or negatives flipped; None where nobody saw."""
    if seen is None or seen.flips is None or seen.flips_of_positives is None:
        return None
    return seen.flips_of_positives if of == "positives" else seen.flips - seen.flips_of_positives


class _Kind(NamedTuple):
    """Images with one label of a tag, and of how many groups they are."""

    images: int
    groups: int


class _Counts(NamedTuple):
    positives: _Kind
    negatives: _Kind
    images: int


def _count(column: Labels, groups: Sequence[str]) -> _Counts:
    """Count the images of a split by a tag's labels, `[images]`."""

    def kind(label: int) -> _Kind:
        chosen = np.flatnonzero(column == label).tolist()
        return _Kind(len(chosen), len({groups[image] for image in chosen}))

    return _Counts(kind(1), kind(0), len(column))


def _overall(measured: VariantVerdict, limit: float, wanted: float, recipe: Recipe) -> list[Need]:
    """Plan for mAP: its standard error, as the bootstrap found it, falls as images grow."""
    interval = measured.map_drop_interval
    if interval is None or limit <= 0:
        return []
    z = float(ndtri((1.0 + recipe.validation.confidence) / 2.0))
    error = (interval[1] - interval[0]) / (2.0 * z)
    needed = math.ceil(measured.n_images * (error * (z + float(ndtri(wanted))) / limit) ** 2)
    needed = max(needed, recipe.validation.min_positives)  # of fewer no tag is scored at all
    return [
        Need(
            tag=None,
            budget="max_map_drop",
            margin=limit,
            of="images",
            have=measured.n_images,
            needed=needed,
            images=needed,
            flips=measured.flip_rate,
        )
    ]


def _tag_needs(
    tag: str,
    limits: TagBudget,
    counts: _Counts,
    seen: TagVerdict | None,
    assumed: float,
    effect: float,
    wanted: float,
    recipe: Recipe,
) -> list[Need]:
    needs = []
    for budget, limit, of, (have, groups) in (
        ("max_recall_drop", limits.max_recall_drop, "positives", counts.positives),
        ("max_fpr_rise", limits.max_fpr_rise, "negatives", counts.negatives),
    ):
        if limit is None:
            continue
        flipped = _flipped(seen, of)
        # One more flip than seen, as if the next image flipped: none seen is not never.
        share = assumed if flipped is None else (flipped + 1) / (have + 1)
        alone = images_needed(wanted, limit, min(share, 1.0), recipe.validation.confidence)
        needed = None if alone is None else math.ceil(alone * effect)
        if needed is not None and of == "positives":
            needed = max(needed, recipe.validation.min_positives)  # fewer are not scored at all
        if needed is not None and groups == 1:
            needed = max(needed, have + 1)  # without one of another group nothing is decided
        total = None if needed is None or have == 0 else math.ceil(needed * counts.images / have)
        needs.append(
            Need(
                tag=tag,
                budget=budget,
                margin=limit,
                of=of,
                have=have,
                needed=needed,
                images=total,
                flips=share,
            )
        )
    return needs
