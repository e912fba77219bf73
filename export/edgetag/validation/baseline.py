"""Telling what has changed since a state of a model was accepted.

`baseline.json` lies beside the recipe, is kept under version control, and holds the numbers that
somebody accepted and why. A later verdict is held against it on both sides: what became better
without an explanation is told as well as what became worse.
"""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple, get_args

from edgetag.errors import InputError
from edgetag.validation.accepted import (
    DIGITS,
    HOW_TO_ACCEPT,
    accept,
    accept_run,
    baseline_file,
    budgets_verdict,
    read_baseline,
    states,
)
from edgetag.validation.accepted_state import Acceptance, Baseline, TagState, VariantState
from edgetag.validation.baseline_result import BaselineChange, BaselineComparison
from edgetag.validation.result import Verdict

__all__ = [
    "Acceptance",
    "Baseline",
    "TagState",
    "VariantState",
    "accept",
    "accept_run",
    "baseline_file",
    "breaks",
    "budgets_verdict",
    "check_fits",
    "compare",
    "read_baseline",
]

ChangeKind = Literal["worse", "gone", "better", "new"]
CHANGES: tuple[ChangeKind, ...] = get_args(ChangeKind)
"""In the order in which they are told."""

ROUNDING = 2 * 10.0**-DIGITS
"""What rounding both sides may add to a difference."""

LEAST_RMSE = 0.01
"""Logits. Half a step of an 8-bit score is 0.008 where a score is 0.5; the demo's fp16 file is
0.024 from the float model, dynamic 0.098, int8 0.113."""


def check_fits(
    baseline: Baseline,
    file: str,
    *,
    recipe: str,
    tags: tuple[str, ...],
    split: str,
    images_sha256: str,
) -> None:
    """Refuse a baseline that is about something else; cheap, so call it before scoring.

    All but the baseline is as it is now; `file` names it in the error's text.

    Raises:
        InputError: Names both sides and says what to do.
    """
    if baseline.recipe != recipe:
        raise InputError(
            f"{file}: accepted for the recipe {baseline.recipe!r}, but this one is {recipe!r}; "
            "keep each recipe in a folder of its own, or delete the file if the recipe was renamed"
        )
    if baseline.tags != tags:
        raise InputError(
            f"{file}: accepted for another vocabulary: {_difference(baseline.tags, tags)}; "
            f"{HOW_TO_ACCEPT}"
        )
    if baseline.split != split:
        raise InputError(
            f"{file}: accepted over the split {baseline.split!r}, but {split!r} decides now; "
            f"{HOW_TO_ACCEPT}"
        )
    if baseline.images_sha256 != images_sha256:
        raise InputError(
            f"{file}: accepted over other images of {split!r} (their digest is "
            f"{baseline.images_sha256[:12]}… there and {images_sha256[:12]}… now); {HOW_TO_ACCEPT}"
        )


def compare(
    verdict: Verdict,
    baseline: Baseline,
    file: str,
    tolerance: float,
    tag_tolerance: float,
    rmse_tolerance: float,
    partial: bool = False,
    accepted_names: Mapping[str, str] | None = None,
) -> BaselineComparison:
    """Hold a verdict against the accepted state.

    `ap of <tag>` is compared within `tag_tolerance`. So are `recall of <tag>` and `fpr of <tag>`,
    but one image more or less is never a change: it is the smallest step that they can take, and
    a borderline score may fall to the other side of its threshold on another CPU. `logit_rmse`
    tells that a file drifts where no mean moves; neither does it move by chance, since the pictures
    are the same.

    Args:
        verdict: Its own `baseline` is passed over.
        baseline: The accepted state.
        file: Where it lies, as people should read it.
        tolerance: Largest difference of a mean over tags that counts as the same.
        tag_tolerance: Likewise for one tag's number.
        rmse_tolerance: Likewise for the distance of logits, as a share of the accepted one, but
            `LEAST_RMSE` at least.
        partial: Only some variants were judged on purpose; the others are not gone.
        accepted_names: File → the accepted variant that it is compared with; its own name where
            it is not in it. Changes are told of the file.

    Returns:
        The comparison; it fails where one of the changes `breaks` the gate.

    Raises:
        InputError: The baseline is of another recipe, vocabulary, split, or other images.
    """
    check_fits(
        baseline,
        file,
        recipe=verdict.recipe,
        tags=verdict.tags,
        split=verdict.split,
        images_sha256=verdict.images_sha256,
    )
    names = {name: (accepted_names or {}).get(name, name) for name in verdict.decisions}
    accepted = {(state.variant, state.runtime): state for state in baseline.variants}
    before = {
        (name, runtime): state
        for name, variant in names.items()
        for (of, runtime), state in accepted.items()
        if of == variant
    }
    if not partial:
        left = {place: state for place, state in accepted.items() if place[0] not in names.values()}
        before |= left
    # A runtime that showed on a part of the pictures that it decides alike has no numbers now.
    alike = {(agreement.variant, agreement.runtime) for agreement in verdict.agreements}
    before = {place: state for place, state in before.items() if place not in alike}
    now = {(state.variant, state.runtime): state for state in states(verdict)}
    changes = [
        change
        for place in dict.fromkeys((*before, *now))
        for change in _changes(
            place, before.get(place), now.get(place), (tolerance, tag_tolerance, rmse_tolerance)
        )
    ]
    same_digests = {place: state.scores_sha256 for place, state in before.items()} == {
        place: state.scores_sha256 for place, state in now.items()
    }
    same_reference_scores = baseline.reference_scores_sha256 == verdict.reference.scores_sha256
    compared = BaselineComparison(
        file=file,
        accepted_at=baseline.accepted_at,
        reason=baseline.reason,
        same_reference=baseline.weights_sha256 == verdict.reference.weights_sha256,
        same_scores=same_digests and same_reference_scores,
        changes=tuple(sorted(changes, key=_rank)),
        verdict="pass",
    )
    broken = any(breaks(change, compared, verdict) for change in changes)
    return compared.replace(verdict="fail" if broken else "pass")


def breaks(change: BaselineChange, comparison: BaselineComparison, verdict: Verdict) -> bool:
    """Tell whether a change fails the gate.

    Nothing does under other trained weights. What is worse does. What is gone does where a runtime
    that is here no longer runs the variant, or where a tag is no longer scored; and where something
    new stands in its place, since nothing tells whether that is worse. It does not where the recipe
    only no longer names the variant or the runtime, where a file is not made elsewhere this
    time, or where this machine lacks the runtime: that is the budgets' business.
    """
    if not comparison.same_reference:
        return False
    if change.change != "gone":
        return change.change == "worse"
    scored = {(entry.variant, entry.runtime) for entry in verdict.variants if entry.decides}
    failed = {(f.variant, f.runtime) for f in verdict.failures if f.kind != "unavailable"}
    lacking = {f.runtime for f in verdict.failures if f.kind == "unavailable"}
    replaced = change.runtime not in lacking and any(
        (other.what, other.change) == ("map", "new") for other in comparison.changes
    )
    return replaced or (change.variant, change.runtime) in scored | failed


class _Number(NamedTuple):
    """A number that is compared; `sign` is 1 where more is better, else -1."""

    value: float | None
    tolerance: float
    sign: int


def _numbers(
    state: VariantState, accepted: VariantState, tolerances: tuple[float, float, float]
) -> dict[str, _Number]:
    tolerance, tag_tolerance, rmse_tolerance = tolerances
    least_rmse = max(LEAST_RMSE, rmse_tolerance * (accepted.logit_rmse or 0.0))
    numbers = {
        "map": _Number(state.map, tolerance, 1),
        "map_drop": _Number(state.map_drop, tolerance, -1),
        "logit_rmse": _Number(state.logit_rmse, least_rmse, -1),
    }
    for tag in state.tags:
        one_positive, one_negative = 1 / max(tag.positives, 1), 1 / max(tag.negatives, 1)
        numbers[f"ap of {tag.tag}"] = _Number(tag.ap, tag_tolerance, 1)
        numbers[f"recall of {tag.tag}"] = _Number(tag.recall, max(tag_tolerance, one_positive), 1)
        numbers[f"fpr of {tag.tag}"] = _Number(tag.fpr, max(tag_tolerance, one_negative), -1)
    return numbers


def _changes(
    place: tuple[str, str],
    before: VariantState | None,
    now: VariantState | None,
    tolerances: tuple[float, float, float],
) -> Iterator[BaselineChange]:
    """Compare one file on one runtime; where a side lacks it, one line tells that."""
    old = _numbers(before, before, tolerances) if before else {}
    new = _numbers(now, before or now, tolerances) if now else {}
    for what in dict.fromkeys((*old, *new)) if old and new else ("map",):
        number = new[what] if what in new else old[what]
        accepted = old[what].value if what in old else None
        measured = new[what].value if what in new else None
        if old and new:
            change = _kind(what, accepted, measured, number)
        else:
            change = "gone" if old else "new"
        if change is not None:
            yield BaselineChange(
                variant=place[0],
                runtime=place[1],
                what=what,
                accepted=accepted,
                measured=measured,
                tolerance=number.tolerance,
                change=change,
            )


def _kind(
    what: str, accepted: float | None, measured: float | None, number: _Number
) -> ChangeKind | None:
    if accepted is not None and measured is not None:
        gain = number.sign * (measured - accepted)
        if abs(gain) <= number.tolerance + ROUNDING:
            return None
        return "better" if gain > 0 else "worse"
    if accepted is measured or not (what == "map" or what.startswith("ap of ")):
        return None  # a tag that is no longer scored is told once
    return "new" if accepted is None else "gone"


def _rank(change: BaselineChange) -> tuple[int, int, float]:
    """Sort by kind, then means before tags, then large changes before small ones."""
    moved = abs((change.measured or 0.0) - (change.accepted or 0.0))
    means = ("map", "map_drop", "logit_rmse")
    place = means.index(change.what) if change.what in means else len(means)
    return CHANGES.index(change.change), place, -moved


def _difference(before: tuple[str, ...], now: tuple[str, ...]) -> str:
    parts = []
    for which, names in (
        ("only accepted", [name for name in before if name not in now]),
        ("only in the recipe", [name for name in now if name not in before]),
    ):
        if names:
            shown = ", ".join(repr(name) for name in names[:5])
            parts.append(f"{which}: {shown}{' …' if len(names) > 5 else ''}")
    return "; ".join(parts) or "the same tags in another order"
