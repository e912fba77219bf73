"""What splits a run cannot do without: told before training, by `data check` and by training."""

from collections.abc import Mapping

from edgetag.dataset.result import SplitCounts
from edgetag.dataset.split import SHARE, TRAIN, VALIDATION
from edgetag.errors import InputError
from edgetag.recipe import Recipe
from edgetag.tables.formats import counted


def require_fit_splits(recipe: Recipe, splits: Mapping[str, SplitCounts]) -> None:
    """Refuse before training what training or validation would refuse after hours.

    Raises:
        InputError: See `unfit_splits`.
    """
    if problems := unfit_splits(recipe, splits):
        raise InputError("\n".join(problems))


def unfit_splits(recipe: Recipe, splits: Mapping[str, SplitCounts]) -> list[str]:
    """Return why a run would refuse these splits, one sentence each.

    Args:
        recipe: Says which tags and splits are needed.
        splits: Images and labels of each split that has any.
    """
    judged = [name for name in recipe.validation.splits if name not in (TRAIN, VALIDATION)]
    missing = [_empty(name, splits) for name in judged if name not in splits]
    return [*unfit_for_training(recipe, splits), *missing, *_unscored(recipe, splits)]


def unfit_for_training(recipe: Recipe, splits: Mapping[str, SplitCounts]) -> list[str]:
    """Return why training would refuse these splits, one sentence each."""
    problems = [_empty(name, splits) for name in (TRAIN, VALIDATION) if name not in splits]
    if TRAIN in splits and not recipe.training.allow_tags_without_positives:
        problems += _untrained(splits[TRAIN])
    if VALIDATION in splits and not any(
        counts.positives and counts.negatives for counts in splits[VALIDATION].tags.values()
    ):
        problems.append(
            "no tag has both a positive and a negative image in the validation split, so no epoch "
            "can be told from another; label more images that have a tag, and more that lack it"
            f"{_or_by_quota(recipe, splits)}"
        )
    return problems


def scored_tags(split: SplitCounts, min_positives: int) -> tuple[str, ...]:
    """Return the tags that a split has enough positives of, and a negative."""
    return tuple(
        tag
        for tag, counts in split.tags.items()
        if counts.positives >= max(min_positives, 1) and counts.negatives
    )


def _empty(name: str, splits: Mapping[str, SplitCounts]) -> str:
    images = sum(counts.images for counts in splits.values())
    hint = "name it in a column split"
    if name in ("test", VALIDATION):
        hint += f"; without one, or where it is empty, about {SHARE:.0%} become {name}: add images"
    return f"no image of {images} is in split {name!r}; {hint}"


def _or_by_quota(recipe: Recipe, splits: Mapping[str, SplitCounts]) -> str:
    """Offer quotas of rare tags, where they can bring validation a positive beside negatives."""
    if recipe.data.split.rare_tags_first:
        return ""
    for tag in recipe.data.tags:
        counts = [split.tags[tag] for split in splits.values()]
        # Training takes the first positive, and test the next.
        if sum(c.positives for c in counts) > 2 and any(c.negatives for c in counts):
            return "; or set data.split.rare_tags_first = true"
    return ""


def _untrained(train: SplitCounts) -> list[str]:
    without = [tag for tag, counts in train.tags.items() if not counts.positives]
    if not without:
        return []
    return [
        f"no training image has the tag {', '.join(map(repr, without))}; label some, take it "
        "out of data.tags, or set training.allow_tags_without_positives = true"
    ]


def _unscored(recipe: Recipe, splits: Mapping[str, SplitCounts]) -> list[str]:
    """Refuse a deciding split in which no tag is scored."""
    name, least = recipe.validation.splits[0], recipe.validation.min_positives
    if name not in splits or scored_tags(splits[name], least):
        return []
    tags = splits[name].tags
    most = max(tags, key=lambda tag: tags[tag].positives)
    wanted = f" (where hashes split, about {least / SHARE:.0f} of a tag in all)" * (name == "test")
    lower = ", or lower min_positives" if scored_tags(splits[name], 1) else ""
    if not tags[most].negatives:
        wanted += " and some that lack it"
    return [
        f"no tag can be scored on {name}: validation.min_positives is {least}, and {most!r} has "
        f"the most positives there, {tags[most].positives}, beside "
        f"{counted(tags[most].negatives, 'negative')}; add labelled images{wanted}{lower}"
    ]
