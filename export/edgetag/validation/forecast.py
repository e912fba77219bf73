"""What validation will be able to say, from the number of pictures alone: before any training.

Flips and spread are those that full-integer and float files of the demo showed
(`starting_recipe`), so this is a forecast: `edgetag validate plan` says it from a verdict.
"""

from collections.abc import Iterator, Sequence

from edgetag.dataset.prospects import scored_tags
from edgetag.dataset.result import CheckReport, SplitCounts
from edgetag.dataset.split import SHARE, TEST, VALIDATION
from edgetag.recipe import Budget, Recipe, TagBudget
from edgetag.tables.formats import format_count
from edgetag.tables.text import first_few
from edgetag.training.result import MIN_IMAGES
from edgetag.validation.planning import images_needed, power
from edgetag.validation.result import ON_ACCURACY
from edgetag.validation.starting_recipe import (
    FLIPS,
    flips_of_positives,
    least_ap_drop,
    least_map_drop,
)

EVEN = 0.5
"""A margin that is shown to be kept less often than this leaves more runs undecided than not."""

ADVISED = 0.8
"""Power of the number of pictures that is advised, as `edgetag validate plan` has it."""

NAMED = 5
"""Tags named in a sentence."""


def forecast(recipe: Recipe, report: CheckReport) -> CheckReport:
    """Add to a check of the data what its pictures will not be able to decide.

    Args:
        recipe: Its budgets are what is to be decided.
        report: Counts images and labels.
    """
    name, least = recipe.validation.splits[0], recipe.validation.min_positives
    doubts = list(_unjudged(recipe))
    advice = [*recipe.warnings(), *report.advice]
    if name in report.splits and (scored := scored_tags(report.splits[name], least)):
        split = report.splits[name]
        for key, budget in _budgets_of_integers(recipe).items():
            doubts += _undecidable(key, budget, split, scored, recipe)
        advice += _never_scored(name, split, scored, least)
        advice += _unchosen(recipe, report.splits.get(VALIDATION), scored)
    return report.replace(doubts=tuple(doubts), advice=tuple(advice))


def _unjudged(recipe: Recipe) -> Iterator[str]:
    """Tell which variants no limit on accuracy holds for."""
    without = [
        variant
        for variant in recipe.export.variants
        if not _limits_accuracy(recipe.budget(variant), recipe.data.tags)
    ]
    if without:
        yield (
            f"no budget limits the accuracy of {', '.join(without)}, so nobody judges whether it "
            "is kept; add to the recipe: [budgets.default] max_map_drop = 0.02"
        )


def _limits_accuracy(budget: Budget, tags: Sequence[str]) -> bool:
    given = {*budget.given(), *(key for tag in tags for key in budget.margins(tag).given())}
    return bool(given & ON_ACCURACY)


def _budgets_of_integers(recipe: Recipe) -> dict[str, Budget]:
    """Return the budgets that full-integer variants are held to, by their place in the recipe."""
    budgets = {}
    for variant in recipe.export.possible:
        if variant.startswith("int"):
            key = variant if variant in recipe.budgets else "default"
            budgets[f"budgets.{key}"] = recipe.budget(variant)
    return budgets


def _undecidable(
    key: str, budget: Budget, split: SplitCounts, scored: tuple[str, ...], recipe: Recipe
) -> Iterator[str]:
    confidence = recipe.validation.confidence
    limit = budget.max_map_drop
    if limit is not None:
        even = least_map_drop(split, scored, EVEN, confidence)
        if limit < even:
            # The error falls with the square root of the number of images.
            advised = least_map_drop(split, scored, ADVISED, confidence)
            more = ""
            if limit > 0:
                more = f" {_about(split.images * (advised / limit) ** 2)} test images would; or"
            yield (
                f"{key}.max_map_drop = {limit} is too narrow for {format_count(split.images)} "
                "test images to "
                f"decide;{more} set it to {_up(advised)}"
            )
    for what in TagBudget.model_fields:
        hard = list(_too_few(what, budget, split, scored, confidence))
        if hard:
            shown = first_few(hard, NAMED)
            yield f"{key}: {what} is too narrow for the test images of {shown}"


def _too_few(
    what: str, budget: Budget, split: SplitCounts, scored: tuple[str, ...], confidence: float
) -> Iterator[str]:
    kind = "negatives" if what == "max_fpr_rise" else "positives"
    for tag in scored:
        limit: float | None = getattr(budget.margins(tag), what)
        have: int = getattr(split.tags[tag], kind)
        if limit is None:
            continue
        needed: float | None
        if what == "max_ap_drop":
            if limit >= least_ap_drop(have, EVEN, confidence):
                continue
            # The error falls with the square root of the number of positives.
            advised = least_ap_drop(have, ADVISED, confidence)
            needed = have * (advised / limit) ** 2 if limit else None
        else:
            flips = flips_of_positives(have) if kind == "positives" else FLIPS
            if power(have, limit, flips, confidence) >= EVEN:
                continue
            needed = images_needed(ADVISED, limit, flips, confidence)
        wants = "no number decides it" if needed is None else f"{_about(needed)} would decide"
        yield f"{tag} ({limit}: {have} {kind}, {wants})"


def _never_scored(
    name: str, split: SplitCounts, scored: tuple[str, ...], least: int
) -> Iterator[str]:
    missing = [tag for tag in split.tags if tag not in scored]
    if not missing:
        return
    listed = first_few([f"{tag} ({split.tags[tag].positives})" for tag in missing], NAMED)
    wanted = ""
    if name == TEST:
        wanted = f"; where hashes split, it takes {_about(least / SHARE)} of a tag in all"
    yield (
        f"{len(missing)} of {len(split.tags)} tags are never scored, for fewer than {least} "
        f"positives in {name} or no negative: {listed}; every mAP is over the other "
        f"{len(scored)}, and nobody judges what these lose{wanted}"
    )


def _unchosen(
    recipe: Recipe, validation: SplitCounts | None, scored: tuple[str, ...]
) -> Iterator[str]:
    """Tell the judged tags whose threshold no validation picture chooses."""
    section = recipe.training.thresholds
    if validation is None or section.policy == "fixed":
        return
    counts = {tag: validation.tags[tag] for tag in scored}
    few = [t for t, have in counts.items() if min(have.positives, have.negatives) < MIN_IMAGES]
    if few:
        listed = first_few([f"{tag} ({counts[tag].positives})" for tag in few], NAMED)
        yield (
            f"thresholds of {listed} stay at {section.value:g}, for fewer than {MIN_IMAGES} "
            "positives or negatives in validation; their recall says little"
        )


def _about(images: float) -> str:
    return f"about {round(images, -2):.0f}" if images >= 1000 else f"about {images:.0f}"


def _up(margin: float) -> str:
    """Write a margin rounded up to a whole point."""
    return f"{-(-margin * 100 // 1) / 100:.2f}"
