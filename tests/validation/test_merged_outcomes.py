"""What was said of other files stays beside what is said now, in the order of the recipe."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from edgetag.errors import InputError
from edgetag.judging.decisions import Decision
from edgetag.recipe import parse_recipe
from edgetag.validation.details import Details, VariantDetails
from edgetag.validation.merging import Outcome
from edgetag.validation.result import Failure, RuntimeAgreement, Verdict
from edgetag.workspace import Workspace
from tests.support.made_results import RECIPE, RECIPE_FILE, make_verdict, scored

RUN = parse_recipe(RECIPE, RECIPE_FILE)


def outcome(names: Sequence[str], when: str, decision: Decision = "pass") -> Outcome:
    """Return what a validation of some files leaves, every part of it marked with when that was."""
    entries = tuple(scored(name, "litert", "test", 0.0).replace(device=when) for name in names)
    failures = tuple(
        Failure(
            variant=name,
            runtime="tflite-runtime",
            runtime_version=None,
            kind="unavailable",
            reason=when,
        )
        for name in names
    )
    agreements = tuple(
        RuntimeAgreement(
            variant=name,
            runtime="litert-compiled",
            runtime_version=when,
            images=100,
            judged_images=200,
            differing_images=0,
            most_differing=0.03,
            decisions=300,
            flips=0,
            largest_score_difference=0.0,
            scores_sha256="0" * 64,
        )
        for name in names
    )
    verdict = make_verdict(entries, failures, dict.fromkeys(names, decision)).replace(
        agreements=agreements,
        thresholds={name: {"cat": 0.1 if when == "before" else 0.2} for name in names},
        judged_by=dict.fromkeys(names, when),
    )
    drawn = tuple(
        VariantDetails(
            variant=name, runtime="litert", curves=(), changes=(), n_changes=1 + (when == "now")
        )
        for name in names
    )
    changes = pl.DataFrame({"variant": list(names), "when": [when] * len(names)})
    return Outcome(verdict, Details(split="test", variants=drawn), changes)


def test_each_part_is_of_before_for_what_is_kept_and_of_now_for_the_others() -> None:
    before = outcome(["fp32", "dynamic", "int8"], "before")
    both = outcome(["dynamic"], "now").beside(before, ["fp32", "int8"], RUN)
    verdict = both.verdict
    order = [("fp32", "before"), ("dynamic", "now"), ("int8", "before")]
    names = [name for name, _ in order]
    assert list(verdict.decisions) == list(verdict.thresholds) == names
    assert list(verdict.judged_by.items()) == order
    assert [(each.variant, each.device) for each in verdict.variants] == order
    assert [(each.variant, each.reason) for each in verdict.failures] == order
    assert [(each.variant, each.runtime_version) for each in verdict.agreements] == order
    assert [(each.variant, each.n_changes) for each in both.details.variants] == [
        ("fp32", 1),
        ("dynamic", 2),
        ("int8", 1),
    ]
    assert both.changes.rows() == order


def test_what_is_not_kept_is_gone() -> None:
    before = outcome(["fp32", "dynamic", "int8"], "before", "fail")
    both = outcome(["int8"], "now").beside(before, ["fp32"], RUN)
    assert both.verdict.decisions == {"fp32": "fail", "int8": "pass"}
    assert both.verdict.verdict == "fail"
    for parts in (both.verdict.variants, both.verdict.failures, both.verdict.agreements):
        assert [part.variant for part in parts] == ["fp32", "int8"]
    assert both.changes["variant"].to_list() == ["fp32", "int8"]
    alone = outcome(["int8"], "now").beside(before, [], RUN)
    assert alone.verdict.decisions == {"int8": "pass"}
    assert alone.verdict.verdict == "pass"


def test_a_file_by_hand_stands_behind_those_of_the_recipe() -> None:
    before = outcome(["fp32", "int8"], "before")
    both = outcome(["mine"], "now").beside(before, ["fp32", "int8"], RUN)
    assert list(both.verdict.decisions) == ["fp32", "int8", "mine"]


def test_where_no_file_ran_there_are_no_changes_to_add_to() -> None:
    nothing = Outcome(
        make_verdict((), (), {"fp32": "undecided"}).replace(
            thresholds={"fp32": {}}, judged_by={"fp32": "before"}
        ),
        Details(split="test", variants=()),
        pl.DataFrame(),
    )
    now = outcome(["int8"], "now")
    assert now.beside(nothing, ["fp32"], RUN).changes.rows() == [("int8", "now")]
    assert now.beside(nothing, [], RUN).changes.rows() == [("int8", "now")]


def test_a_file_that_another_stands_in_for_does_not_decide_after_a_part_was_judged_again() -> None:
    more = RECIPE.replace('"int8"]', '"int8"]\nif_needed = ["int8-qat"]')
    recipe = parse_recipe(more.replace('variant = "int8"', 'variants = "best"'), Path("r.toml"))
    before = outcome(["fp32", "int8"], "before", "fail")
    fp32 = outcome(["fp32"], "now").beside(before, ["int8"], recipe)
    assert (fp32.verdict.verdict, fp32.verdict.passed_over) == ("fail", ())
    both = outcome(["int8-qat"], "now").beside(fp32, ["fp32", "int8"], recipe)
    assert (both.verdict.verdict, both.verdict.passed_over) == ("pass", ("int8",))


def test_a_verdict_never_stands_beside_what_another_validation_left(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    before = outcome(["int8"], "before")
    before.write(workspace)
    table = workspace.validate / "changes.parquet"
    table.unlink()
    table.mkdir()
    with pytest.raises(InputError, match="a folder, not a file"):
        outcome(["int8"], "now").write(workspace)
    assert Verdict.read(workspace.validate / "verdict.json", "validate") == before.verdict
    assert Details.read(workspace.validate / "details.json", "validate") == before.details
    table.rmdir()
    outcome(["int8"], "now").write(workspace)
    assert Outcome.read(workspace).details == outcome(["int8"], "now").details
