"""Which group goes to test, validation or training.

A plain hash leaves rare tags without positives somewhere. Here the tag with the fewest positives
chooses its groups first, in the order of their hash, until its quota is filled.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from edgetag.demo_sets.picture import Picture, rank

TRAIN, VALIDATION, TEST = "train", "validation", "test"


@dataclass(frozen=True)
class Shares:
    """How much is held out.

    Attributes:
        test: Share of a tag's positives, and of all pictures, in test.
        validation: Likewise.
        min_test: Positives that a tag needs in test to be scored.
        min_validation: Positives wanted in validation.
        most_held_out: A tag that would need more than this share held out to be scored is not
            forced: its pictures are worth more in training.
        variants: Renderings kept of each name in test and validation, beside one per source.
        per_group: Pictures kept of each group there, so that no single concept decides a score.
    """

    test: float = 0.18
    validation: float = 0.1
    min_test: int = 24
    min_validation: int = 8
    most_held_out: float = 0.6
    variants: int = 2
    per_group: int = 6


def split_pictures(
    pictures: Sequence[Picture], shares: Shares, seed: int
) -> list[tuple[Picture, str]]:
    """Return the pictures that stay, each with its split, in the given order.

    Pinned pictures keep their split; of groups in test and validation a few renderings stay.
    """
    free = [p for p in pictures if p.pinned is None]
    splits = assign(free, shares, seed)
    stay = {p.name for p in pictures if p.pinned is not None}
    for group, members in by_group(free).items():
        kept = members if splits[group] == TRAIN else held_out(members, shares)
        stay.update(p.name for p in kept)
    return [(p, p.pinned or splits[p.group]) for p in pictures if p.name in stay]


def assign(pictures: Sequence[Picture], shares: Shares, seed: int) -> dict[str, str]:
    """Return the split of each group.

    The seed decides the order of groups.
    """
    sizes, positives = _capped(pictures, shares)
    order = sorted(sizes, key=lambda group: rank(seed, "split", group))
    totals: Counter[str] = Counter()
    for counts in positives.values():
        totals.update(counts)
    splits: dict[str, str] = {}

    def fill(split: str, tag: str, wanted: float) -> None:
        have = sum(positives[g][tag] for g, s in splits.items() if s == split)
        for group in order:
            if have >= wanted:
                return
            if group not in splits and positives[group][tag]:
                splits[group] = split
                have += positives[group][tag]

    for tag in sorted(totals, key=lambda tag: (totals[tag], tag)):
        test = max(shares.min_test, shares.test * totals[tag])
        validation = max(shares.min_validation, shares.validation * totals[tag])
        if test + validation > shares.most_held_out * totals[tag]:
            continue
        fill(TEST, tag, test)
        fill(VALIDATION, tag, validation)
    everything = sum(sizes.values())
    for split, share in ((TEST, shares.test), (VALIDATION, shares.validation)):
        have = sum(sizes[g] for g, s in splits.items() if s == split)
        for group in order:
            plain = group not in splits and not positives[group]
            if plain and have + sizes[group] <= share * everything:
                splits[group] = split
                have += sizes[group]
    return {group: splits.get(group, TRAIN) for group in sizes}


def _capped(
    pictures: Sequence[Picture], shares: Shares
) -> tuple[dict[str, int], dict[str, Counter[str]]]:
    """Count pictures and positives per group as they would count if held out."""
    sizes: dict[str, int] = {}
    positives: dict[str, Counter[str]] = {}
    for group, members in by_group(pictures).items():
        kept = held_out(members, shares)
        sizes[group] = len(kept)
        positives[group] = Counter(t for p in kept for t, v in p.labels.items() if v == 1)
    return sizes, positives


def by_group(pictures: Iterable[Picture]) -> dict[str, list[Picture]]:
    """Return the pictures of each group."""
    groups: dict[str, list[Picture]] = defaultdict(list)
    for picture in pictures:
        groups[picture.group].append(picture)
    return dict(groups)


def held_out(members: Sequence[Picture], shares: Shares) -> list[Picture]:
    """Return which pictures of a group stay if it is held out.

    Renderings of one name (skin tones, line art) are near copies: one of each source stays, and
    others up to `shares.variants`; names take turns until `shares.per_group` is reached.
    """
    ordered = sorted(members, key=lambda p: rank(0, "variant", p.name))
    names: dict[str, list[Picture]] = defaultdict(list)
    for picture in ordered:
        names[picture.variant_of].append(picture)
    queues = []
    for same in names.values():
        first = list({p.source: p for p in reversed(same)}.values())
        others = [p for p in same if p not in first]
        queues.append((first + others)[: max(shares.variants, len(first))])
    turns = [p for turn in zip_longest(*queues) for p in turn if p is not None]
    return turns[: shares.per_group]
