"""A rescued file ships only after other pictures than those that chose it have judged it."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from edgetag.cli.app import app
from edgetag.conversion.result import ExportResult, VariantRecord
from edgetag.errors import ExitCode, InputError
from edgetag.judging.decisions import Decision
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe, parse_recipe
from edgetag.rescue.adopting import adopt, describe_adoption
from edgetag.rescue.outcome import describe
from edgetag.rescue.result import RescueResult, Step
from edgetag.rescue.stage import run
from edgetag.validation.scores import read_reference
from edgetag.workspace import digest_file
from tests.support.rescue_run import RECIPE, RescueRun, make_run, outlier
from tests.support.run_folders import INT8

QUIET = SilentProgress()
TWO_SPLITS = RECIPE.replace("[validation]", '[validation]\nsplits = ["test", "test_other"]')
MARGIN = "\n[budgets.int8]\nmax_map_drop = {}\n"


def recipe_with(margin: float) -> Recipe:
    return parse_recipe(TWO_SPLITS + MARGIN.format(margin), Path("recipe.toml"))


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> RescueRun:
    """A run with a split beside the deciding one, whose int8 file is spoilt in its stem."""
    made = make_run(tmp_path_factory.mktemp("spoilt") / "run", outlier(INT8, "stem", 100), 80)
    export = made.workspace.export
    for file in ExportResult.read(export / "export.json", "export").variants:
        record = VariantRecord(inputs="", exported=file)
        record.write(export / f"{file.variant}.json")
    return made


@pytest.fixture(scope="module")
def rescued(spoilt: RescueRun) -> RescueResult:
    return run(recipe_with(0.05), spoilt.workspace, QUIET)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("split", "why"),
    [
        ("test", "its pictures chose the file; take test_other"),
        ("train", "its pictures trained the network; take test_other"),
        ("test_new", "the data have no such split; take test_other"),
    ],
)
def test_only_pictures_that_had_no_part_in_it_can_judge(
    spoilt: RescueRun, rescued: RescueResult, split: str, why: str
) -> None:
    before = digest_file(spoilt.workspace.export / "int8.tflite")
    with pytest.raises(InputError, match=why):
        adopt(recipe_with(0.05), spoilt.workspace, QUIET, rescued, split)
    assert digest_file(spoilt.workspace.export / "int8.tflite") == before


@pytest.mark.slow
def test_what_other_pictures_do_not_confirm_is_not_adopted(
    spoilt: RescueRun, rescued: RescueResult
) -> None:
    before = digest_file(spoilt.workspace.export / "int8.tflite")
    strict = recipe_with(0.0)
    adoption = adopt(strict, spoilt.workspace, QUIET, rescued, "test_other")
    assert not adoption.adopted
    assert adoption.verdict != "pass"
    assert "(max_map_drop), so export/int8.tflite stays" in describe_adoption(adoption)
    assert digest_file(spoilt.workspace.export / "int8.tflite") == before


@pytest.mark.slow
def test_a_confirmed_file_takes_the_variant_s_place_in_export(
    spoilt: RescueRun, rescued: RescueResult, tmp_path: Path
) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(TWO_SPLITS + MARGIN.format(0.05))
    arguments = ["rescue", str(recipe), "--out", str(spoilt.workspace.root), "--json"]
    done = CliRunner().invoke(app, [*arguments, "--adopt", "test_other"])
    assert done.exit_code == ExitCode.ACCEPTED, done.output
    adoption = json.loads(done.stdout)
    assert (adoption["adopted"], adoption["split"], adoption["images"]) == (True, "test_other", 80)
    exported = ExportResult.read(spoilt.workspace.export / "export.json", "export")
    (int8,) = [file for file in exported.variants if file.variant == "int8"]
    step = rescued.find(rescued.chosen)
    assert step is not None
    assert (int8.rescued, int8.sha256) == (step.name, step.sha256)
    assert int8.float_tensors > 0
    assert digest_file(spoilt.workspace.root / int8.file) == step.sha256
    reference = read_reference(spoilt.workspace.validate / "reference.npz")
    assert set(reference.split) == {"test", "test_other"}  # nothing has to be scored again
    record = VariantRecord.read(spoilt.workspace.export / "int8.json", "export")
    assert record.exported == int8
    again = run(recipe_with(0.05), spoilt.workspace, QUIET)
    assert again.chosen == "int8-float-0"  # as it is exported now it needs no rescue


@pytest.mark.slow
def test_adopting_twice_judges_the_adopted_file_and_leaves_the_same(
    spoilt: RescueRun, tmp_path: Path
) -> None:
    root = shutil.copytree(spoilt.workspace.root, tmp_path / "run")
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(TWO_SPLITS + MARGIN.format(0.05))
    command = ["rescue", str(recipe), "--out", str(root), "--json", "--adopt", "test_other"]
    first, second = (CliRunner().invoke(app, command) for _ in range(2))
    assert second.exit_code == ExitCode.ACCEPTED, second.output
    assert second.stdout == first.stdout
    assert json.loads(second.stdout)["step"] == "int8-float-1"


def step(accuracy: Decision) -> Step:
    values: dict[str, Any] = {
        "name": "n",
        "file": "f",
        "sha256": "0",
        "layers": ("a",) * 61,
        "added": (),
        "dropped": (),
        "map": 0.8,
        "map_drop": 0.0234,
        "map_drop_interval": (-0.001, 0.045),
        "budgets": (),
        "accuracy": accuracy,
        "verdict": accuracy,
        "size_bytes": 1,
        "gzip_bytes": 1,
        "latency_ms": None,
    }
    return Step(**values)


@pytest.mark.parametrize("accuracy", ["undecided", "fail"])
def test_a_loss_by_fine_tuning_is_called_that_and_the_file_without_it_proposed(
    accuracy: Decision,
) -> None:
    def outcome(variant: Any, untrained: Decision | None) -> str:
        steps = [step("fail"), step(accuracy)]
        return describe(variant, "float", steps, None, searched=False, untrained=untrained)

    passes = outcome("int8-qat", "pass")
    assert "2.34 [−0.10, 4.50]" in passes
    assert "The fine-tuning of int8-qat lost that, not the quantization." in passes
    assert passes.endswith("int8, which is not fine-tuned, passes its limits: ship that.")
    assert "More images" not in passes
    assert "or try int8" in outcome("int8-pruned-qat", None)
    assert "fine-tun" not in outcome("int8", "undecided")
