"""Accepting a state of a model: reading and making `baseline.json`."""

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

from edgetag.errors import InputError
from edgetag.judging.decisions import Decision, worst
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.userfiles import read_file
from edgetag.validation.accepted_state import Baseline, TagState, VariantState
from edgetag.validation.result import VariantVerdict, Verdict
from edgetag.workspace import Workspace

FILE_NAME = "baseline.json"
DIGITS = 6
"""Numbers are kept to so many decimals: differences between versions of the file stay readable."""

HOW_TO_ACCEPT = (
    "run: edgetag validate RECIPE --no-baseline, look at the outcome, and then: edgetag baseline "
    'accept RECIPE --reason "…"'
)

MOST_BYTES = 100_000_000
"""Most bytes of a baseline; one of seven variants and 300 tags has less than a million."""


def baseline_file(recipe: Path) -> Path:
    """Return where the baseline of a recipe lies: in the recipe's folder.

    Raises:
        InputError: A run folder was named in the recipe's place.
    """
    if recipe.is_dir():
        raise InputError(
            f"{recipe}: a run folder does not say where {FILE_NAME} lies, the accepted state "
            "beside its recipe; name the recipe (run and validate also take --no-baseline)"
        )
    return recipe.parent / FILE_NAME


def read_baseline(path: Path) -> Baseline:
    """Read a baseline.

    Raises:
        InputError: It is missing, damaged, or of another schema.
    """
    try:
        text = read_file(path, "baseline", MOST_BYTES).decode("utf-8")
    except FileNotFoundError:
        raise InputError(f"{path}: there is no accepted state yet; {HOW_TO_ACCEPT}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: damaged, this is not UTF-8; restore an earlier one") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    return Baseline.from_json(
        text, path, "restore it from version control, or delete it and accept again"
    )


def accept(
    verdict: Verdict,
    previous: Baseline | None,
    reason: str,
    now: datetime | None = None,
    keep: Collection[str] = (),
) -> Baseline:
    """Return the baseline that makes a verdict the accepted state.

    Args:
        verdict: What is accepted.
        previous: The baseline until now; it joins its own history.
        reason: Why; must not be empty. Line breaks become spaces.
        now: When; default: the clock.
        keep: Variants whose former numbers stay where this verdict did not judge them, as after
            `edgetag validate --variant`, and everything they are about is the same.

    Raises:
        InputError: There is no reason, nothing was scored, or `previous` is another recipe's.
    """
    why = " ".join(reason.split())
    if not why:
        raise InputError('--reason is empty; say why this state is right: --reason "new training"')
    scored = _as_accepted(verdict)
    if not scored:
        raise InputError("no variant was scored, so there is nothing to accept")
    if previous is not None and previous.recipe != verdict.recipe:
        raise InputError(
            f"the baseline is of the recipe {previous.recipe!r}, but the verdict is of "
            f"{verdict.recipe!r}; keep each recipe in a folder of its own"
        )
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    return Baseline(
        recipe=verdict.recipe,
        tags=verdict.tags,
        split=verdict.split,
        images_sha256=verdict.images_sha256,
        weights_sha256=verdict.reference.weights_sha256,
        reference_scores_sha256=verdict.reference.scores_sha256,
        machine=verdict.machine,
        versions=verdict.versions,
        accepted_at=moment.isoformat(timespec="seconds"),
        reason=why,
        verdict=budgets_verdict(verdict),
        variants=(*scored, *_kept(verdict, previous, keep, scored)),
        history=(*previous.history, previous.shortened()) if previous else (),
    )


def accept_run(
    recipe: Recipe,
    recipe_file: Path,
    workspace: Workspace,
    progress: Progress,
    reason: str,
    accept_failing: bool = False,
) -> tuple[Path, Baseline]:
    """Make the verdict of a run folder the accepted state of its recipe.

    Args:
        recipe: What was judged.
        recipe_file: Where it lies; the baseline lies beside it.
        workspace: The run folder.
        progress: Is told what the former state had and this one has not.
        reason: Why.
        accept_failing: Accept a verdict whose budgets fail. One that only the former baseline made
            fail needs no permission: accepting is the answer to that.

    Returns:
        The file, and what it now holds.

    Raises:
        InputError: See `accept`; or the verdict is missing, is about something else than the
            recipe, or fails.
    """
    verdict_file = workspace.validate / "verdict.json"
    verdict = Verdict.read(verdict_file, "validate")
    same = {
        "name": verdict.recipe == recipe.name,
        "tags": verdict.tags == recipe.data.tags,
        "validation.splits": verdict.split == recipe.validation.splits[0],
    }
    if others := [key for key, is_same in same.items() if not is_same]:
        raise InputError(
            f"{verdict_file}: {recipe_file} now says something else in {' and '.join(others)}; "
            "run: edgetag validate"
        )
    failing = [name for name, decision in _deciding(verdict).items() if decision == "fail"]
    if failing and not accept_failing:
        raise InputError(
            f"{verdict_file}: {', '.join(failing)} fail their budgets; mend them, change the "
            "budgets, or accept them as they are with --accept-failing"
        )
    path = baseline_file(recipe_file)
    previous = read_baseline(path) if path.exists() else None
    accepted = accept(verdict, previous, reason, keep=recipe.export.possible)
    kept = {(state.variant, state.runtime) for state in accepted.variants}
    for state in previous.variants if previous else ():
        if (state.variant, state.runtime) not in kept:
            progress.say(
                f"note: {state.variant} on {state.runtime} was in the former state and "
                "is not in this one"
            )
    accepted.write(path)
    return path, accepted


def _kept(
    verdict: Verdict,
    previous: Baseline | None,
    keep: Collection[str],
    scored: tuple[VariantState, ...],
) -> tuple[VariantState, ...]:
    if previous is None:
        return ()
    before = (
        previous.tags,
        previous.split,
        previous.images_sha256,
        previous.weights_sha256,
    )
    now = (
        verdict.tags,
        verdict.split,
        verdict.images_sha256,
        verdict.reference.weights_sha256,
    )
    if before != now:
        return ()
    wanted = set(keep) - set(verdict.decisions) - {state.variant for state in scored}
    return tuple(state for state in previous.variants if state.variant in wanted)


def budgets_verdict(verdict: Verdict) -> Decision:
    """Return what the budgets alone decided, whatever the baseline says."""
    return worst(_deciding(verdict).values())


def _deciding(verdict: Verdict) -> dict[str, Decision]:
    over = verdict.passed_over
    return {name: decision for name, decision in verdict.decisions.items() if name not in over}


def _as_accepted(verdict: Verdict) -> tuple[VariantState, ...]:
    """Return what is accepted: a given file in the place of the variant that it alone stands for.

    So the next file that stands for it, whatever it is called, is compared with this one.
    """
    standing = {entry.variant: entry.stands_for for entry in verdict.variants if entry.stands_for}
    alone = {
        name: variant
        for name, variant in standing.items()
        if variant not in verdict.decisions and list(standing.values()).count(variant) == 1
    }
    return tuple(
        state.replace(variant=alone.get(state.variant, state.variant)) for state in states(verdict)
    )


def states(verdict: Verdict) -> tuple[VariantState, ...]:
    """Return what a baseline keeps of a verdict: the deciding split."""
    return tuple(_state(entry) for entry in verdict.variants if entry.decides)


def _state(entry: VariantVerdict) -> VariantState:
    return VariantState(
        variant=entry.variant,
        runtime=entry.runtime,
        runtime_version=entry.runtime_version,
        device=entry.device,
        accelerator=entry.accelerator,
        sha256=entry.sha256,
        scores_sha256=entry.scores_sha256,
        map=_rounded(entry.map),
        map_drop=_rounded(entry.map_drop),
        logit_rmse=_rounded(entry.logit_rmse),
        tags=tuple(
            TagState(
                tag=tag.tag,
                positives=tag.positives,
                negatives=tag.negatives,
                ap=_rounded(tag.ap),
                recall=_rounded(tag.recall),
                fpr=_rounded(tag.fpr),
            )
            for tag in entry.tags
            if tag.scored
        ),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)
