"""Judging some files adds to the verdict of all, as far as that is still true."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from edgetag import fingerprints, one_stage, stages
from edgetag.conversion.external import read_external
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe
from edgetag.tags import Vocabulary
from edgetag.validation import stage
from edgetag.validation.accepted import accept
from edgetag.validation.details import Details
from edgetag.validation.result import Verdict
from edgetag.workspace import RunFile, StageRecord, digest_file
from tests.support.listening import Listening
from tests.support.made_results import stage_record
from tests.support.paths import MODELS
from tests.support.run_folders import write_export
from tests.support.tiny_run import TAGS, RunFolder


@pytest.fixture
def recipe(run_folder: RunFolder) -> Recipe:
    return run_folder.on_litert("[budgets.default]\nmax_map_drop = 0.9\n")


def shipping_the_best(recipe: Recipe) -> Recipe:
    bundle = recipe.bundle.replace(variants="best")
    return recipe.replace(bundle=bundle)


def left(folder: RunFolder) -> tuple[bytes, bytes, bytes]:
    names = ("verdict.json", "details.json", "changes.parquet")
    verdict, details, changes = ((folder.workspace.validate / n).read_bytes() for n in names)
    return verdict, details, changes


@pytest.mark.slow
def test_what_is_judged_again_changes_nothing_else(run_folder: RunFolder, recipe: Recipe) -> None:
    whole = stage.run(recipe, run_folder.workspace, SilentProgress(), run_folder.reference_file())
    before = left(run_folder)
    for variants in (("int8",), ("fp32",)):
        partial = stage.run(recipe, run_folder.workspace, SilentProgress(), variants=variants)
        assert partial.replace(pictures=whole.pictures) == whole
        assert left(run_folder)[1:] == before[1:]
    (run_folder.workspace.validate / "verdict.json").unlink()
    alone = stage.run(recipe, run_folder.workspace, SilentProgress(), variants=("int8",))
    assert list(alone.decisions) == ["int8"]
    both = stage.run(recipe, run_folder.workspace, SilentProgress(), variants=("fp32",))
    assert both.replace(pictures=whole.pictures) == whole
    assert left(run_folder)[1:] == before[1:]


@pytest.mark.slow
def test_changed_decisions_stay_in_the_order_of_the_recipe(
    run_folder: RunFolder, recipe: Recipe
) -> None:
    run_folder.replace_model("fp32", (MODELS / "tiny_int8_int8.tflite").read_bytes())
    stage.run(recipe, run_folder.workspace, SilentProgress(), run_folder.reference_file())
    path = run_folder.workspace.validate / "changes.parquet"
    whole = pl.read_parquet(path)
    assert whole["variant"].unique(maintain_order=True).to_list() == ["fp32", "int8"]
    for variant in ("int8", "fp32"):
        stage.run(recipe, run_folder.workspace, SilentProgress(), variants=(variant,))
        assert pl.read_parquet(path).equals(whole)


@pytest.mark.parametrize("what", ["file", "budget", "labels", "settings", "older"])
def test_what_is_no_longer_true_is_left_out_and_told(
    run_folder: RunFolder, recipe: Recipe, what: str
) -> None:
    stage.run(recipe, run_folder.workspace, SilentProgress(), run_folder.reference_file())
    if what == "file":
        run_folder.replace_model("fp32", (MODELS / "tiny_int8_int8.tflite").read_bytes())
    elif what == "budget":
        more = "[budgets.default]\nmax_map_drop = 0.8\n[budgets.int8]\nmax_map_drop = 0.9\n"
        recipe = run_folder.on_litert(more)
    elif what == "settings":
        section = recipe.validation.replace(bootstrap_samples=300)
        recipe = recipe.replace(validation=section)
    elif what == "labels":
        manifest = pl.read_parquet(run_folder.workspace.manifest)
        filled = manifest.with_columns(pl.col("tag:cat").fill_null(0))
        filled.write_parquet(run_folder.workspace.manifest)
    else:
        path = run_folder.workspace.validate / "verdict.json"
        value = json.loads(path.read_text())
        value["judged_by"] = {}
        path.write_text(json.dumps(value))
    progress = Listening()
    verdict = stage.run(recipe, run_folder.workspace, progress, variants=("int8",))
    assert list(verdict.decisions) == ["int8"]
    assert {found.variant for found in verdict.variants} == {"int8"}
    assert any("fp32 no longer in the verdict" in line for line in progress.said)
    details = Details.read(run_folder.workspace.validate / "details.json", "validate")
    assert {found.variant for found in details.variants} == {"int8"}


def test_a_changed_budget_of_one_variant_leaves_the_others(
    run_folder: RunFolder, recipe: Recipe
) -> None:
    stage.run(recipe, run_folder.workspace, SilentProgress(), run_folder.reference_file())
    more = "[budgets.default]\nmax_map_drop = 0.9\n[budgets.int8]\nmin_map = 0.999\n"
    changed = run_folder.on_litert(more)
    verdict = stage.run(changed, run_folder.workspace, SilentProgress(), variants=("int8",))
    assert verdict.decisions == {"fp32": "pass", "int8": "fail"}
    assert verdict.verdict == "fail"


@pytest.mark.slow
def test_a_file_that_was_made_if_needed_stays_and_goes_on_standing_in(
    run_folder: RunFolder,
) -> None:
    workspace = run_folder.workspace
    shutil.copy(MODELS / "tiny_fp32.tflite", workspace.export / "int8-qat.tflite")
    write_export(workspace, ("fp32", "int8", "int8-qat"))
    more = "[budgets.default]\nmax_map_drop = 0.9\n[budgets.int8]\nmin_map = 0.9999\n"
    recipe = shipping_the_best(run_folder.on_litert(more))
    assert recipe.export.possible == ("fp32", "int8", "int8-qat")
    whole = stage.run(recipe, workspace, SilentProgress(), run_folder.reference_file())
    assert (whole.verdict, whole.decisions["int8"]) == ("pass", "fail")
    for variant in recipe.export.possible:
        partial = stage.run(recipe, workspace, SilentProgress(), variants=(variant,))
        assert partial.replace(pictures=whole.pictures) == whole
    assert whole.passed_over == ("int8",)


@pytest.mark.slow
def test_a_runtime_that_failed_stays_told_of(run_folder: RunFolder, recipe: Recipe) -> None:
    run_folder.replace_model("fp32", (MODELS / "tiny_fp32.tflite").read_bytes()[:900])
    stage.run(recipe, run_folder.workspace, SilentProgress(), run_folder.reference_file())
    verdict = stage.run(recipe, run_folder.workspace, SilentProgress(), variants=("int8",))
    assert verdict.decisions == {"fp32": "fail", "int8": "pass"}
    assert [failure.variant for failure in verdict.failures] == ["fp32"]


@pytest.mark.slow
def test_a_file_given_by_hand_is_judged_beside_and_only_while_it_is_given(
    run_folder: RunFolder, recipe: Recipe
) -> None:
    path = run_folder.workspace.root / "theirs.tflite"
    shutil.copy(MODELS / "tiny_int8_int8.tflite", path)
    model = read_external(path, recipe.network.preprocessing(), Vocabulary(TAGS))
    workspace, progress = run_folder.workspace, Listening()
    given = run_folder.reference_file()
    beside = stage.run(recipe, workspace, progress, given, external=(model,), variants=("int8",))
    assert list(beside.decisions) == ["int8", "theirs"]
    after = stage.run(recipe, workspace, progress, variants=("fp32",))
    assert list(after.decisions) == ["fp32", "int8"]
    (left_out,) = [line for line in progress.said if "no longer in the verdict" in line]
    assert left_out.startswith("note: theirs no longer in the verdict: given by hand")


def test_a_damaged_verdict_is_replaced_and_that_is_told(
    run_folder: RunFolder, recipe: Recipe
) -> None:
    stage.run(recipe, run_folder.workspace, SilentProgress(), run_folder.reference_file())
    (run_folder.workspace.validate / "changes.parquet").write_bytes(b"PAR1")
    progress = Listening()
    verdict = stage.run(recipe, run_folder.workspace, progress, variants=("int8",))
    assert list(verdict.decisions) == ["int8"]
    assert any("cannot be added to" in line for line in progress.said)


def test_the_accepted_state_is_held_against_the_verdict_of_all(
    run_folder: RunFolder, recipe: Recipe, tmp_path: Path
) -> None:
    workspace = run_folder.workspace
    whole = stage.run(recipe, workspace, SilentProgress(), run_folder.reference_file())
    baseline = tmp_path / "baseline.json"
    accept(whole, None, "r").write(baseline)
    verdict = stage.run(recipe, workspace, SilentProgress(), variants=("int8",), baseline=baseline)
    assert verdict.baseline is not None
    assert verdict.baseline.changes == ()
    assert verdict.baseline.same_scores


def finished(folder: RunFolder, recipe: Recipe) -> None:
    """Record earlier stages as finished, as `edgetag run` leaves them."""
    records = {}
    for name in ("dataset", "train", "export"):
        outputs = [
            p
            for pattern in stages.stage(name).outputs
            for p in sorted(folder.workspace.root.glob(pattern))
        ]
        records[name] = stage_record(
            fingerprint=name,
            settings=fingerprints.settings_digest(stages.stage(name), recipe),
            outputs={folder.workspace.relative(path): digest_file(path) for path in outputs},
        )
    run_file = RunFile(
        name=recipe.name,
        recipe=recipe.model_dump(mode="json"),
        seed=recipe.seed,
        versions={},
        stages=records,
    )
    run_file.write(folder.workspace.run_file)


def record(folder: RunFolder) -> StageRecord:
    run_file = folder.workspace.read_run_file()
    assert run_file is not None
    return run_file.stages["validate"]


@pytest.mark.slow
def test_a_stage_that_was_up_to_date_is_so_after_a_part_of_it_was_done_again(
    run_folder: RunFolder, recipe: Recipe
) -> None:
    workspace, quiet = run_folder.workspace, SilentProgress()
    finished(run_folder, recipe)
    kept = workspace.validate / "reference.npz"
    shutil.copy(run_folder.reference_file(), kept)

    def partly() -> Verdict:
        found = one_stage.run_stage(
            "validate",
            recipe,
            workspace,
            quiet,
            parts=("variants",),
            whole=lambda verdict: set(verdict.decisions) == set(recipe.export.variants),
            variants=("int8",),
        )
        assert isinstance(found, Verdict)
        return found

    partly()
    alone = record(run_folder).fingerprint
    one_stage.run_stage("validate", recipe, workspace, quiet)
    whole = record(run_folder)
    assert alone != whole.fingerprint
    assert set(partly().decisions) == {"fp32", "int8"}
    assert record(run_folder).fingerprint == whole.fingerprint
    assert record(run_folder).outputs == whole.outputs
    (workspace.validate / "details.json").write_text("{}")
    assert set(partly().decisions) == {"int8"}
    assert record(run_folder).fingerprint == alone


def test_decisions_of_the_kept_variants_are_drawn_and_tabled(
    run_folder: RunFolder, recipe: Recipe
) -> None:
    stage.run(recipe, run_folder.workspace, SilentProgress(), run_folder.reference_file())
    stage.run(recipe, run_folder.workspace, SilentProgress(), variants=("fp32",))
    table = pl.read_parquet(run_folder.workspace.validate / "changes.parquet")
    details = Details.read(run_folder.workspace.validate / "details.json", "validate")
    told = details.find("int8", "litert")
    assert told is not None
    assert table.filter(pl.col("variant") == "int8").height == told.n_changes > 0
    assert set(table["runtime"]) == {"litert"}


@pytest.mark.slow
def test_a_file_that_stands_in_for_another_does_so_after_a_part_is_judged_again(
    run_folder: RunFolder,
) -> None:
    named = run_folder.on_litert("[budgets.int8]\nmax_map_drop = 0.9\nmax_size_bytes = 1\n")
    recipe = shipping_the_best(named)
    export = run_folder.workspace.export
    shutil.copy(export / "int8.tflite", export / "int8-qat.tflite")
    write_export(run_folder.workspace, ("fp32", "int8", "int8-qat"))
    whole = stage.run(recipe, run_folder.workspace, SilentProgress(), run_folder.reference_file())
    assert whole.decisions == {"fp32": "pass", "int8": "fail", "int8-qat": "pass"}
    assert (whole.verdict, whole.passed_over) == ("pass", ("int8",))
    for variant in whole.decisions:
        again = stage.run(recipe, run_folder.workspace, SilentProgress(), variants=(variant,))
        assert again.replace(pictures=whole.pictures) == whole
    # A bundle that names the file ships it, so nothing stands in for it.
    assert named.bundle.variants == ("int8",)
    for variants in ((), ("int8",)):
        shipped = stage.run(named, run_folder.workspace, SilentProgress(), variants=variants)
        assert (shipped.verdict, shipped.passed_over) == ("fail", ())
