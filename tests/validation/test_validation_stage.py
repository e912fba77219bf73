"""The stage over real files on real runtimes, against stored reference scores: no TensorFlow."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from edgetag.catalogue.engines import DEFAULT_RUNTIMES
from edgetag.children import python_environment
from edgetag.errors import ExitCode, InputError
from edgetag.machine import Acceleration
from edgetag.metrics import mean_average_precision
from edgetag.progress import SilentProgress
from edgetag.runtimes import engines
from edgetag.validation import stage
from edgetag.validation.details import Details
from edgetag.validation.pictures import first_of_each
from edgetag.validation.refit import refit_thresholds
from edgetag.validation.result import VariantVerdict, Verdict
from edgetag.validation.scores import KnownPictures, read_reference
from edgetag.writing import write_text
from tests.support.paths import MODELS
from tests.support.programs import captured
from tests.support.splits import split_over
from tests.support.tiny_run import KNOWN, RECIPE, STYLE, TAGS, TEST, VALIDATION, RunFolder

QUIET = SilentProgress()
HERE = [name for name in DEFAULT_RUNTIMES if engines.get(name).available() is None]


def entry(verdict: Verdict, variant: str, split: str = "test") -> VariantVerdict:
    (found,) = [
        e for e in verdict.variants if (e.variant, e.runtime, e.split) == (variant, "litert", split)
    ]
    return found


@pytest.mark.slow
def test_each_variant_is_compared_on_each_runtime_and_split(run_folder: RunFolder) -> None:
    recipe, workspace = run_folder.recipe, run_folder.workspace
    verdict = stage.run(recipe, workspace, QUIET, run_folder.reference_file())
    assert verdict.exit_code is ExitCode.ACCEPTED
    assert verdict.decisions == {"fp32": "pass", "int8": "pass"}
    assert len(verdict.variants) == 2 * len(HERE) * 2
    assert {f.kind for f in verdict.failures} <= {"unavailable"}
    fp32, int8 = entry(verdict, "fp32"), entry(verdict, "int8")
    assert (fp32.n_images, fp32.n_groups, fp32.n_scored_tags) == (120, 30, 3)
    assert fp32.largest_score_difference is not None
    assert fp32.largest_score_difference < 1e-6
    assert fp32.map_drop == pytest.approx(0, abs=1e-6)
    expected = mean_average_precision(run_folder.reference[:TEST], run_folder.labels[:TEST])
    assert verdict.reference.map["test"] == pytest.approx(expected)
    assert verdict.reference.device == "a GPU far away"
    assert int8.flip_rate is not None
    assert 0 < int8.flip_rate < 0.1
    assert fp32.logit_rmse is not None
    assert int8.logit_rmse_interval is not None
    assert fp32.logit_rmse < 1e-4 < int8.logit_rmse_interval[0]
    assert int8.map_drop_interval is not None
    assert int8.map_drop_interval[0] <= int8.map_drop_interval[1]
    assert int8.size_bytes == (MODELS / "tiny_int8_uint8.tflite").stat().st_size
    style = entry(verdict, "int8", "test_style")
    assert (style.decides, style.n_groups, style.n_scored_tags) == (False, 40, 2)
    food = style.tags[2]
    assert (food.scored, food.positives, food.ap, food.flips) == (False, 0, None, None)
    text = (workspace.validate / "verdict.json").read_text()
    assert Verdict.from_json(text, "verdict.json") == verdict
    assert "NaN" not in text


@pytest.mark.slow
def test_each_of_three_splits_is_measured_by_its_own_pictures(run_folder: RunFolder) -> None:
    late = slice(TEST - 40, TEST)
    manifest = pl.read_parquet(run_folder.workspace.manifest)
    splits = manifest["split"].to_list()
    splits[late] = ["test_late"] * 40
    manifest.with_columns(split=pl.Series(splits)).write_parquet(run_folder.workspace.manifest)
    reference = run_folder.reference_file(split=tuple(splits[row] for row in KNOWN))
    verdicts = {}
    for names in (("test", "test_style"), ("test", "test_late", "test_style")):
        recipe = run_folder.on_litert()
        section = recipe.validation.replace(splits=names)
        recipe = recipe.replace(validation=section)
        verdicts[names] = stage.run(recipe, run_folder.workspace, QUIET, reference)
    for name in ("test", "test_style"):
        untimed = [
            entry(each, "int8", name).replace(images_per_s=None) for each in verdicts.values()
        ]
        assert untimed[0] == untimed[1]
    fp32 = entry(verdicts[names], "fp32", "test_late")
    assert (fp32.n_images, fp32.n_groups, fp32.decides) == (40, 10, False)
    least = recipe.validation.min_positives
    expected = mean_average_precision(run_folder.reference[late], run_folder.labels[late], least)
    assert fp32.map == pytest.approx(expected, abs=1e-6)


@pytest.mark.slow
def test_what_is_scored_is_kept_until_the_file_changes(
    run_folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = run_folder.on_litert()
    first = stage.run(recipe, run_folder.workspace, QUIET, run_folder.reference_file())
    kept = run_folder.workspace.validate / "scores" / "int8.litert.npz"
    written = kept.stat().st_mtime_ns
    (run_folder.workspace.validate / "scores" / "fp32.litert.npz").unlink()  # as if interrupted
    second = stage.run(recipe, run_folder.workspace, QUIET)
    assert kept.stat().st_mtime_ns == written
    assert entry(second, "int8") == entry(first, "int8")
    run_folder.replace_model("int8", (MODELS / "tiny_fp32.tflite").read_bytes())
    third = stage.run(recipe, run_folder.workspace, QUIET)
    assert kept.stat().st_mtime_ns != written
    assert entry(third, "int8").map == entry(third, "fp32").map


@pytest.mark.slow
def test_a_broken_budget_fails_its_variant_alone(run_folder: RunFolder) -> None:
    for budget, exit_code in (
        ("max_size_ratio = 0.1", ExitCode.BUDGET_BROKEN),
        ("max_flip_rate = 0.0", ExitCode.BUDGET_BROKEN),
        ("min_map = 0.999", ExitCode.BUDGET_BROKEN),
        ("max_size_bytes = 5000\nmax_map_drop = 0.2\nmin_map = 0.1", ExitCode.ACCEPTED),
    ):
        recipe = run_folder.on_litert(f"[budgets.int8]\n{budget}\n")
        verdict = stage.run(recipe, run_folder.workspace, QUIET, run_folder.reference_file())
        assert verdict.exit_code is exit_code
        assert verdict.decisions["fp32"] == "pass"
        checks = entry(verdict, "int8").budgets
        assert len(checks) == budget.count("=")
        assert all(check.measured is not None for check in checks)


def test_a_file_whose_accuracy_nothing_limits_is_not_judged(run_folder: RunFolder) -> None:
    for more, decision in (
        ("[budgets.default]\nmax_size_bytes = 900000\n", "not judged"),
        ("[budgets.default]\nmin_map = 0.1\n", "pass"),
    ):
        recipe = run_folder.on_litert(more)
        verdict = stage.run(recipe, run_folder.workspace, QUIET, run_folder.reference_file())
        assert verdict.decisions == {"fp32": decision, "int8": decision}
        assert (verdict.exit_code is ExitCode.UNDECIDED) == (decision == "not judged")


def test_a_split_without_a_scored_tag_is_refused_before_anything_is_scored(
    run_folder: RunFolder,
) -> None:
    recipe = run_folder.on_litert("[budgets.int8]\nmax_map_drop = 0.5\n")
    section = recipe.validation.replace(min_positives=1000)
    recipe = recipe.replace(validation=section)
    with pytest.raises(InputError, match=r"no tag can be scored on test: .* is 1000.*lower min_po"):
        stage.run(recipe, run_folder.workspace, QUIET, run_folder.reference_file())


@pytest.mark.slow
def test_a_margin_that_the_images_cannot_show_is_undecided_and_says_what_would(
    run_folder: RunFolder,
) -> None:
    decided = {}
    path = run_folder.reference_file()
    wide = run_folder.on_litert("[budgets.int8]\nmax_map_drop = 0.9\n")
    (check,) = entry(stage.run(wide, run_folder.workspace, QUIET, path), "int8").budgets
    assert check.interval is not None
    low, high = check.interval
    for name, margin in (("outside", low / 2), ("astride", (low + high) / 2), ("inside", high)):
        recipe = run_folder.on_litert(f"[budgets.int8]\nmax_map_drop = {margin}\n")
        verdict = stage.run(recipe, run_folder.workspace, QUIET, path)
        (check,) = entry(verdict, "int8").budgets
        assert (check.needs is not None) == (name == "astride")
        decided[name] = verdict.exit_code
    assert low > 0
    assert decided == {
        "outside": ExitCode.BUDGET_BROKEN,
        "astride": ExitCode.UNDECIDED,
        "inside": ExitCode.ACCEPTED,
    }


@pytest.mark.slow
def test_a_variant_that_no_runtime_loads_fails_and_the_others_go_on(run_folder: RunFolder) -> None:
    run_folder.replace_model("int8", (MODELS / "tiny_fp32.tflite").read_bytes()[:900])
    verdict = stage.run(run_folder.recipe, run_folder.workspace, QUIET, run_folder.reference_file())
    assert verdict.decisions == {"fp32": "pass", "int8": "fail"}
    assert verdict.exit_code is ExitCode.BUDGET_BROKEN
    failed = [f for f in verdict.failures if f.kind != "unavailable"]
    assert {(f.variant, f.runtime) for f in failed} == {("int8", name) for name in HERE}
    assert all(f.reason for f in failed)


@pytest.mark.slow
def test_each_line_says_which_accelerator_was_asked_for_what_ran_and_why(
    run_folder: RunFolder,
) -> None:
    run_folder.replace_model("int8", (MODELS / "tiny_fp32.tflite").read_bytes()[:900])
    recipe = run_folder.recipe
    section = recipe.validation.replace(runtimes=("litert-compiled",))
    recipe = recipe.replace(validation=section)
    verdict = stage.run(recipe, run_folder.workspace, QUIET, run_folder.reference_file())
    ran = Acceleration(requested="cpu", used="cpu")
    assert {(v.variant, v.accelerator) for v in verdict.variants} == {("fp32", ran)}
    (failed,) = verdict.failures
    assert failed.accelerator == Acceleration(requested="cpu", used=None, reason=failed.reason)


def test_a_file_changed_after_export_is_refused(run_folder: RunFolder) -> None:
    path = run_folder.workspace.export / "int8.tflite"
    content = bytearray(path.read_bytes())
    content[1500] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"int8\.tflite: has changed .*run: edgetag export"):
        stage.run(run_folder.recipe, run_folder.workspace, QUIET, run_folder.reference_file())
    assert not (run_folder.workspace.validate / "verdict.json").exists()


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("export/export.json", r"export\.json: missing; run: edgetag export"),
        ("export/int8.tflite", r"int8\.tflite: missing; run: edgetag export"),
    ],
)
def test_what_an_earlier_stage_did_not_leave_is_named(
    run_folder: RunFolder, missing: str, message: str
) -> None:
    (run_folder.workspace.root / missing).unlink()
    with pytest.raises(InputError, match=message):
        stage.run(run_folder.recipe, run_folder.workspace, QUIET, run_folder.reference_file())


def test_thresholds_that_neither_training_nor_the_reference_has_are_missed(
    run_folder: RunFolder,
) -> None:
    (run_folder.workspace.train / "thresholds.json").unlink()
    meta = read_reference(run_folder.reference_file()).meta
    path = run_folder.reference_file(meta=meta.replace(thresholds={}))
    with pytest.raises(InputError, match=r"thresholds\.json: missing; run: edgetag train"):
        stage.run(run_folder.recipe, run_folder.workspace, QUIET, path)


@pytest.mark.parametrize("trained_on", [("cat", "food"), ("dog", "cat", "food")])
def test_a_network_of_other_tags_is_not_judged(
    run_folder: RunFolder, trained_on: tuple[str, ...]
) -> None:
    path = run_folder.workspace.train / "thresholds.json"
    values = json.loads(path.read_text())
    values["thresholds"] = {tag: values["thresholds"][tag] for tag in trained_on}
    write_text(path, json.dumps(values))
    wrong = f"trained on {', '.join(trained_on)}, but the recipe now lists cat, dog, food"
    with pytest.raises(InputError, match=wrong):
        stage.run(run_folder.recipe, run_folder.workspace, QUIET, run_folder.reference_file())


def test_scores_of_another_model_contract_or_data_set_are_refused(run_folder: RunFolder) -> None:
    good = read_reference(run_folder.reference_file()).meta
    other_model = good.replace(weights_sha256="0" * 64)
    other_contract = good.replace(preprocessing="0" * 64)
    n = len(run_folder.reference)
    for changes, message in (
        ({"meta": other_model}, "scores of another model"),
        ({"meta": other_contract}, "another preprocessing contract"),
        ({"tags": ("cat", "dog", "bird")}, "lack food and have bird"),
        (
            {"identities": tuple(f"x{i}" for i in range(n))},
            "knows none of the 120 pictures of test here",
        ),
        ({"scores": np.full((n, 3), np.nan, np.float32)}, "not between 0 and 1"),
    ):
        path = run_folder.reference_file(**changes)
        with pytest.raises(InputError, match=message):
            stage.run(run_folder.recipe, run_folder.workspace, QUIET, path)
    assert [p.name for p in run_folder.workspace.validate.iterdir()] == ["scores"]


def test_reference_scores_in_another_order_give_the_same_verdict(run_folder: RunFolder) -> None:
    recipe = run_folder.on_litert()
    straight = stage.run(recipe, run_folder.workspace, QUIET, run_folder.reference_file())
    order = np.random.default_rng(0).permutation(len(run_folder.reference))
    stored = read_reference(run_folder.reference_file())
    assert stored.known is not None
    assert stored.known.groups is not None
    shuffled = run_folder.reference_file(
        known=KnownPictures(
            stored.known.labels[order][:, [2, 0, 1]],
            tuple(stored.known.paths[i] for i in order),
            first_of_each(stored.known.groups[order]),
        ),
        scores=run_folder.reference[order][:, [2, 0, 1]],
        identities=tuple(stored.identities[i] for i in order),
        split=tuple(stored.split[i] for i in order),
        tags=("food", "cat", "dog"),
    )
    assert stage.run(recipe, run_folder.workspace, QUIET, shuffled) == straight


def test_a_variant_s_thresholds_are_fitted_on_the_validation_split_alone(
    run_folder: RunFolder,
) -> None:
    recipe = run_folder.on_litert()
    verdict = stage.run(recipe, run_folder.workspace, QUIET, run_folder.reference_file())
    kept = np.load(run_folder.workspace.validate / "scores" / "int8.litert.npz")["scores"]
    assert len(kept) == TEST + STYLE + VALIDATION
    last = slice(-VALIDATION, None)
    reference = run_folder.thresholds
    labels = run_folder.labels[last]
    split = split_over(labels, TAGS, min_positives=10, seed=recipe.seed)
    expected = refit_thresholds(kept[last], split, recipe.training.thresholds, reference)
    assert verdict.thresholds["int8"] == expected
    tags = entry(verdict, "int8").tags
    assert [tag.threshold for tag in tags] == pytest.approx([expected[name] for name in TAGS])
    assert [tag.reference_threshold for tag in tags] == pytest.approx(
        [reference[name] for name in TAGS]
    )
    gains = [tag.f1_gain for tag in tags if tag.f1_gain is not None]
    assert entry(verdict, "int8").f1_gain == pytest.approx(np.mean(gains))


@pytest.mark.slow
@pytest.mark.parametrize("way", ["off", "that split judges"])
def test_thresholds_are_not_fitted_where_that_would_judge_itself(
    run_folder: RunFolder, way: str
) -> None:
    recipe = run_folder.on_litert()
    changes = {"refit_thresholds": False} if way == "off" else {"splits": ("test", "validation")}
    section = recipe.validation.replace(**changes)
    recipe = recipe.replace(validation=section)
    rows = {"test": TEST, "validation": VALIDATION}
    identities = [f"id{i}" for i in range(TEST)]
    identities += [f"id{i + TEST + STYLE + 10}" for i in range(VALIDATION)]
    scores = np.resize(run_folder.reference, (len(identities), 3))
    path = run_folder.reference_file(
        known=None,
        scores=scores,
        identities=tuple(identities),
        split=tuple(name for name, count in rows.items() for _ in range(count)),
    )
    if way == "off":
        path = run_folder.reference_file()
    verdict = stage.run(recipe, run_folder.workspace, QUIET, path)
    assert verdict.thresholds == dict.fromkeys(("fp32", "int8"), run_folder.thresholds)


def test_without_training_here_thresholds_come_with_the_reference(run_folder: RunFolder) -> None:
    recipe = run_folder.on_litert()
    path = run_folder.reference_file()
    with_training = stage.run(recipe, run_folder.workspace, QUIET, path)
    shutil.rmtree(run_folder.workspace.train)
    without = stage.run(recipe, run_folder.workspace, QUIET, path)
    assert without == with_training


def test_changed_decisions_are_all_told_the_surest_first(run_folder: RunFolder) -> None:
    recipe = run_folder.on_litert()
    verdict = stage.run(recipe, run_folder.workspace, QUIET, run_folder.reference_file())
    details = Details.read(run_folder.workspace.validate / "details.json", "validate")
    told = details.find("int8", "litert")
    assert told is not None
    assert told.n_changes == entry(verdict, "int8").flips > 0
    sure = [change.certainty for change in told.changes]
    assert sure == sorted(sure, reverse=True)
    for change in told.changes:
        before = change.before >= change.reference_threshold
        assert before != (change.after >= change.threshold)
        assert change.label == bool(run_folder.labels[change.row, TAGS.index(change.tag)])
    table = pl.read_parquet(run_folder.workspace.validate / "changes.parquet")
    assert len(table.filter(pl.col("variant") == "int8")) == told.n_changes
    curves = {curve.tag for curve in told.curves}
    assert curves == {tag.tag for tag in entry(verdict, "int8").tags if tag.scored}


def test_margins_of_tags_decide_on_the_variant(run_folder: RunFolder) -> None:
    verdicts = {}
    for margin in (0.001, 0.9):
        recipe = run_folder.on_litert(f"[budgets.int8]\nmax_recall_drop = {margin}\n")
        verdict = stage.run(recipe, run_folder.workspace, QUIET, run_folder.reference_file())
        tags = entry(verdict, "int8").tags
        assert all(tag.checks[0].budget == "max_recall_drop" for tag in tags if tag.scored)
        verdicts[margin] = verdict.decisions["int8"]
    assert verdicts[0.001] in ("undecided", "fail")
    assert verdicts[0.9] == "pass"


def test_one_variant_can_be_judged_alone(run_folder: RunFolder) -> None:
    recipe = run_folder.on_litert()
    path = run_folder.reference_file()
    alone = stage.run(recipe, run_folder.workspace, QUIET, path, variants=("int8",))
    assert set(alone.decisions) == {"int8"}
    both = stage.run(recipe, run_folder.workspace, QUIET, path)
    assert entry(both, "int8") == entry(alone, "int8")
    with pytest.raises(InputError, match="--variant int4: the recipe's variants are fp32, int8"):
        stage.run(recipe, run_folder.workspace, QUIET, path, variants=("int4",))


@pytest.mark.slow
def test_validation_against_stored_scores_imports_no_tensorflow(run_folder: RunFolder) -> None:
    shutil.rmtree(run_folder.workspace.validate)
    recipe_file = run_folder.workspace.root / "recipe.toml"
    recipe_file.write_text(RECIPE.replace("[validation]", '[validation]\nruntimes = ["litert"]'))
    script = (
        "import sys; from pathlib import Path; from edgetag.recipe import load_recipe;"
        "from edgetag.workspace import Workspace; from edgetag.progress import SilentProgress;"
        "from edgetag.validation import stage;"
        "stage.run(load_recipe(Path(sys.argv[1])), Workspace(Path(sys.argv[2])), SilentProgress(),"
        "Path(sys.argv[3]));"
        "assert not [m for m in sys.modules if m.split('.')[0] in ('tensorflow', 'tf_keras')]"
    )
    paths = [recipe_file, run_folder.workspace.root, run_folder.reference_file()]
    command = [sys.executable, "-c", script, *map(str, paths)]
    done = captured(command, env=python_environment(), cwd="/")
    assert done.returncode == 0, done.stderr
    assert (Path(run_folder.workspace.validate) / "verdict.json").exists()


def test_without_tensorflow_and_scores_the_message_says_what_to_do(
    run_folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in [m for m in sys.modules if m in ("edgetag.tf", "edgetag.validation.reference")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.delattr("edgetag.validation.reference", raising=False)
    monkeypatch.setitem(sys.modules, "tensorflow", None)  # as where it is not installed
    with pytest.raises(InputError, match=r"edgetag\[train\].* Or compute them on another machine"):
        stage.run(run_folder.recipe, run_folder.workspace, QUIET)
