"""Adding to the verdict that lies there: what was judged alike before stays beside what is new.

An entry stays where all that it was judged by is the same: its file, images, labels, groups, the
reference, the settings, the code, the packages and the processor. One digest tells.
"""

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from edgetag.conversion.exported import exported_if_there
from edgetag.errors import InputError
from edgetag.judging.decisions import worst
from edgetag.progress import Progress
from edgetag.recipe import Recipe, passed_over
from edgetag.validation.details import Details
from edgetag.validation.evaluation import Evaluation
from edgetag.validation.inputs import Candidate
from edgetag.validation.result import Verdict
from edgetag.workspace import Workspace
from edgetag.writing import atomic_write

PACKAGES = ("ai-edge-litert", "numpy", "polars", "scikit-learn", "scipy", "tflite-runtime")
"""Packages whose versions travel with a verdict."""


@dataclass(frozen=True)
class Outcome:
    """What a validation leaves: a verdict, and what a report draws beside it."""

    verdict: Verdict
    details: Details
    changes: pl.DataFrame

    @classmethod
    def read(cls, workspace: Workspace) -> "Outcome":
        """Read what the last validation left.

        Raises:
            InputError: Something is missing, damaged, or of another schema.
        """
        table = workspace.validate / "changes.parquet"
        try:
            changes = pl.read_parquet(table, glob=False)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise InputError(f"{table}: not a readable table: {error}") from None
        return cls(
            Verdict.read(workspace.validate / "verdict.json", "validate"),
            Details.read(workspace.validate / "details.json", "validate"),
            changes,
        )

    def write(self, workspace: Workspace) -> None:
        """Write all or nothing: a verdict never stands beside what another validation left."""
        place = workspace.validate / "verdict.json"
        with (
            atomic_write(place) as verdict,
            atomic_write(workspace.validate / "changes.parquet") as changes,
            atomic_write(workspace.validate / "details.json") as details,
        ):
            details.write(self.details.to_json().encode())
            self.changes.write_parquet(changes)
            verdict.write(self.verdict.to_json().encode())
            # All is on the disk and gets its name next, the verdict last; a kill leaves none.
            place.unlink(missing_ok=True)

    def beside(self, before: "Outcome", kept: Collection[str], recipe: Recipe) -> "Outcome":
        """Return this one with some variants of an earlier one, in the recipe's order."""
        old, new = before.verdict, self.verdict
        decisions = {name: old.decisions[name] for name in kept} | new.decisions
        places = dict.fromkeys((*recipe.export.possible, *decisions))
        names = [name for name in places if name in decisions]
        place = {name: position for position, name in enumerate(names)}.__getitem__
        entries = [entry for entry in old.variants if entry.variant in kept] + [*new.variants]
        failures = [failure for failure in old.failures if failure.variant in kept] + [
            *new.failures
        ]
        agreements = [agreement for agreement in old.agreements if agreement.variant in kept] + [
            *new.agreements
        ]
        drawn = [details for details in before.details.variants if details.variant in kept]
        drawn += self.details.variants
        thresholds, makings = old.thresholds | new.thresholds, old.judged_by | new.judged_by
        decided = {name: decisions[name] for name in names}
        over = passed_over(recipe, decided)
        verdict = new.replace(
            verdict=worst([decision for name, decision in decided.items() if name not in over]),
            decisions=decided,
            passed_over=over,
            thresholds={name: thresholds[name] for name in names},
            judged_by={name: makings[name] for name in names},
            variants=tuple(sorted(entries, key=lambda entry: place(entry.variant))),
            failures=tuple(sorted(failures, key=lambda failure: place(failure.variant))),
            agreements=tuple(sorted(agreements, key=lambda agreement: place(agreement.variant))),
        )
        sorted_ = tuple(sorted(drawn, key=lambda details: place(details.variant)))
        kept_changes = before.changes
        if kept_changes.columns:
            kept_changes = kept_changes.filter(pl.col("variant").is_in(list(kept)))
        tables = [
            table.filter(pl.col("variant") == name)
            for name in names
            for table in (kept_changes, self.changes)
            if table.columns
        ]
        return Outcome(
            verdict,
            self.details.replace(variants=sorted_),
            pl.concat(tables) if tables else pl.DataFrame(),
        )


def add_to_what_lies_there(outcome: Outcome, evaluation: Evaluation, progress: Progress) -> Outcome:
    """Return what some files were found to be beside what is still true of the others.

    Args:
        outcome: Outcome of the files that are judged now.
        evaluation: What they are judged by.
        progress: Is told what is left out, and why.
    """
    workspace, recipe = evaluation.workspace, evaluation.recipe
    if not (workspace.validate / "verdict.json").exists():
        return outcome
    try:
        before = Outcome.read(workspace)
    except InputError as error:
        progress.say(f"note: the verdict until now cannot be added to, and is replaced: {error}")
        return outcome
    others = [name for name in before.verdict.decisions if name not in outcome.verdict.decisions]
    now = _would_be_judged_by(evaluation)
    kept = [name for name in others if before.verdict.judged_by.get(name) == now.get(name, "")]
    given = {entry.variant for entry in before.verdict.variants if entry.stands_for}
    for names, why in (
        ([name for name in others if name in given], "given by hand, and not given this time"),
        (
            [name for name in others if name not in kept and name not in given],
            "judged by other files, images, labels, settings, packages or another reference than "
            "there are now; to judge all again, run: edgetag validate",
        ),
    ):
        if names:
            progress.say(f"note: {', '.join(names)} no longer in the verdict: {why}")
    return outcome.beside(before, kept, recipe)


def _would_be_judged_by(evaluation: Evaluation) -> dict[str, str]:
    """Return what each exported variant would be judged by now."""
    recipe, workspace = evaluation.recipe, evaluation.workspace
    made = exported_if_there(workspace)
    return {
        file.variant: evaluation.judged_by(Candidate.exported(file, recipe, workspace))
        for file in (made.variants if made else ())
        if file.variant in recipe.export.possible
    }
