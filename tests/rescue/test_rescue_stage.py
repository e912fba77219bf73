"""The rescue of a variant that one layer spoils."""

import json
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from edgetag.cli.app import app
from edgetag.conversion.classifier import own_description
from edgetag.conversion.layers import Layer, label
from edgetag.errors import ExitCode, InputError
from edgetag.fingerprints import settings_digest
from edgetag.progress import SilentProgress
from edgetag.rescue.outcome import describe
from edgetag.rescue.ranking import rank, ranking_rows
from edgetag.rescue.result import RescueResult
from edgetag.rescue.stage import run
from edgetag.rescue.trials import Trials
from edgetag.stages import stage
from edgetag.workspace import Making, RunFile, StageRecord, Workspace, digest_file
from tests.support.accelerators import RAN
from tests.support.listening import Listening
from tests.support.rescue_run import RECIPE, RescueRun, make_run, outlier
from tests.support.run_folders import INT8, write_models

pytestmark = pytest.mark.slow

MARGIN = """
[budgets.int8]
max_map_drop = 0.03
"""


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> RescueRun:
    """A run whose int8 file has an outlier's weights in its stem."""
    return make_run(tmp_path_factory.mktemp("spoilt") / "run", outlier(INT8, "stem", 100))


@pytest.fixture(scope="module")
def rescued(spoilt: RescueRun) -> RescueResult:
    return run(spoilt.with_recipe(MARGIN), spoilt.workspace, SilentProgress())


def test_the_layer_that_spoils_a_variant_is_kept_and_the_variant_passes(
    spoilt: RescueRun, rescued: RescueResult
) -> None:
    first, chosen = rescued.steps[0], rescued.find(rescued.chosen)
    assert (first.layers, first.verdict) == ((), "fail")
    assert chosen is not None
    assert rescued.rescued
    assert chosen.verdict == "pass"
    assert rescued.accelerator == rescued.timed_accelerator == RAN
    assert [label(name) for name in chosen.layers] == ["stem"]
    assert rescued.ranking[0].label == "stem"
    assert "1 layer in float brings int8 inside its limits" in rescued.outcome
    assert chosen.map_drop is not None
    assert first.map_drop is not None
    assert chosen.map_drop < 0.03 < first.map_drop


def test_every_step_lies_on_disk_with_its_cost(spoilt: RescueRun, rescued: RescueResult) -> None:
    written = spoilt.workspace.rescue / "int8-float.json"
    assert RescueResult.read(written, "rescue") == rescued
    for step in rescued.steps:
        path = spoilt.workspace.root / step.file
        assert digest_file(path) == step.sha256
        assert path.stat().st_size == step.size_bytes > step.gzip_bytes > 0
        assert step.latency_ms is not None
        assert 0 < step.latency_ms.p50 <= step.latency_ms.p90
    chosen = spoilt.workspace.root / str(rescued.file)
    assert own_description(chosen)[1] == ("cat", "dog", "food")


def test_a_killed_rescue_goes_on_with_what_was_scored(
    spoilt: RescueRun, rescued: RescueResult, tmp_path: Path
) -> None:
    workspace = Workspace(tmp_path / "run")
    shutil.copytree(spoilt.workspace.root, workspace.root)
    (workspace.rescue / "int8-float.json").unlink()
    kept = workspace.rescue / "work" / "scores"
    missing = kept / f"{rescued.steps[-1].name}.npz"
    missing.unlink()
    heard = Listening()
    again = run(spoilt.with_recipe(MARGIN), workspace, heard)
    assert [task for task in heard.tasks if "scoring" in task] == [f"scoring {missing.stem}"]
    assert again.ranking == rescued.ranking
    timeless = [step.replace(latency_ms=None) for step in rescued.steps]
    assert [step.replace(latency_ms=None) for step in again.steps] == timeless


def test_layers_of_another_file_are_ranked_anew(spoilt: RescueRun, tmp_path: Path) -> None:
    # Layers in float are the same in both: it is how the others are rounded that differs.
    workspace = Workspace(tmp_path / "run")
    shutil.copytree(spoilt.workspace.root, workspace.root)
    first = []
    for layer in ("stem", "cam"):
        write_models(workspace, outlier(INT8, layer, 100))
        trials = Trials(spoilt.with_recipe(MARGIN), workspace, SilentProgress(), "int8", "float")
        two = [each for each in trials.layers if each.label in ("stem", "cam")]
        others = [each for each in trials.layers if each not in two]

        def make(kept: Collection[Layer], trials: Trials = trials, others: Any = others) -> bytes:
            return trials.grafted([*others, *kept], "float")

        rows, kept_at = ranking_rows(trials.dataset, 1), tmp_path / "ranking.json"
        ranked = rank(two, make, trials.runtime, rows, kept_at, 2, SilentProgress())
        first.append(ranked[0].label)
    assert first == ["stem", "cam"]


def test_a_variant_inside_its_limits_is_left_alone(
    spoilt: RescueRun, rescued: RescueResult
) -> None:
    recipe = spoilt.with_recipe("\n[budgets.int8]\nmax_map_drop = 0.9\n")
    result = run(recipe, spoilt.workspace, SilentProgress())
    assert (result.rescued, result.chosen, result.ranking) == (True, "int8-float-0", ())
    assert result.file == "export/int8.tflite"
    assert "nothing was kept in float" in result.outcome


def test_what_no_layer_can_mend_is_said_before_layers_are_ranked(
    spoilt: RescueRun, rescued: RescueResult
) -> None:
    # Nothing is better than the float model, so a gain cannot be asked of any of its layers.
    recipe = spoilt.with_recipe("\n[budgets.int8]\nmin_map = 1.0\n")
    result = run(recipe, spoilt.workspace, SilentProgress())
    assert (result.rescued, result.chosen, result.file) == (False, None, None)
    assert len(result.steps) == 2
    assert result.outcome.startswith("Even with all 4 layers in float, int8 breaks min_map")


def test_a_rescued_file_may_still_break_a_limit_on_size(
    spoilt: RescueRun, rescued: RescueResult
) -> None:
    recipe = spoilt.with_recipe(MARGIN + "max_size_bytes = 10\n")
    result = run(recipe, spoilt.workspace, SilentProgress())
    assert result.chosen == rescued.chosen
    assert not result.rescued
    assert "breaks max_size_bytes" in result.outcome


def test_layers_in_16_bits_keep_their_8_bit_weights(
    spoilt: RescueRun, rescued: RescueResult
) -> None:
    result = run(spoilt.with_recipe(MARGIN), spoilt.workspace, SilentProgress(), keep="int16")
    assert not result.rescued
    assert all(step.failure is None for step in result.steps)
    assert "Their weights still have 8 bits" in result.outcome


def test_the_verb_prints_steps_and_ends_with_the_verdict(
    spoilt: RescueRun, rescued: RescueResult, tmp_path: Path
) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(RECIPE + MARGIN)
    arguments = ["rescue", str(recipe), "--out", str(spoilt.workspace.root)]
    shown = CliRunner().invoke(app, arguments)
    assert shown.exit_code == ExitCode.ACCEPTED
    assert "1 layer in float brings int8 inside" in shown.output
    printed = CliRunner().invoke(app, [*arguments, "--json", "--max-layers", "1"])
    assert json.loads(printed.stdout)["chosen"] == rescued.chosen


def test_too_few_layers_end_as_the_most_that_were_allowed(
    spoilt: RescueRun, rescued: RescueResult
) -> None:
    first, *_, everything = rescued.steps
    assert (first.verdict, everything.verdict) == ("fail", "pass")
    fewer = rescued.replace(chosen=None, rescued=False, steps=(first, everything))
    assert fewer.exit_code == ExitCode.BUDGET_BROKEN
    outcome = describe("int8", "float", fewer.steps, None, searched=True)
    assert outcome.startswith("The layers that may be kept are too few; the most tried: ")
    assert outcome.endswith(" It breaks max_map_drop.")


@pytest.mark.parametrize("verb", ["rescue", "robustness"])
def test_files_of_another_training_are_not_looked_at(
    spoilt: RescueRun, tmp_path: Path, verb: str
) -> None:
    run_folder, recipe = tmp_path / "run", tmp_path / "recipe.toml"
    shutil.copytree(spoilt.workspace.root, run_folder)
    recipe.write_text(RECIPE + MARGIN)
    made = Making(settings={}, code="", packages={}, inputs={"train": "the training before"})
    record = StageRecord(
        fingerprint="",
        making=made,
        settings=settings_digest(stage("export"), spoilt.with_recipe(MARGIN)),
        outputs={},
        finished_at="",
        wall_s=1.0,
        peak_memory_bytes=1,
    )
    train = record.replace(
        making=None, settings=settings_digest(stage("train"), spoilt.with_recipe(MARGIN))
    )
    books = RunFile(
        name="tiny", recipe={}, seed=1, versions={}, stages={"train": train, "export": record}
    )
    books.write(run_folder / "run.json")
    with pytest.raises(InputError, match="export was made from what train left before"):
        app([verb, str(recipe), "--out", str(run_folder)], standalone_mode=False)


def test_what_cannot_be_rescued_is_told(spoilt: RescueRun) -> None:
    workspace = spoilt.workspace
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("", {}, "budgets.int8 sets no limit on accuracy"),
        (MARGIN, {"variant": "fp16"}, "fp16 cannot be rescued: only full-integer variants"),
        (MARGIN, {"variant": "int8-qat"}, r"lists no int8-qat, only .*; run: edgetag export"),
        (MARGIN, {"max_layers": 0}, "keep at least one layer"),
    ]
    for more, options, message in cases:
        with pytest.raises(InputError, match=message):
            run(spoilt.with_recipe(more), workspace, SilentProgress(), **options)


def test_nothing_is_tried_for_a_tag_by_name_that_cannot_be_scored(spoilt: RescueRun) -> None:
    recipe = spoilt.with_recipe(f"{MARGIN}\n[budgets.int8.tags]\ncat = {{ max_ap_drop = 0.1 }}\n")
    section = recipe.validation.replace(min_positives=10_000)
    with pytest.raises(InputError, match="no file can pass: cat of budgets"):
        run(recipe.replace(validation=section), spoilt.workspace, SilentProgress())


def test_a_changed_file_is_refused(spoilt: RescueRun, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "run")
    shutil.copytree(spoilt.workspace.root, workspace.root)
    with (workspace.export / "int8.tflite").open("ab") as file:
        file.write(b"more")
    with pytest.raises(InputError, match="has changed since it was made"):
        run(spoilt.with_recipe(MARGIN), workspace, SilentProgress())
