"""A file of another tool is judged like ours, and stands beside them in the report."""

import json
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from edgetag.conversion.external import read_external
from edgetag.dataset import open_dataset
from edgetag.errors import InputError
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe
from edgetag.reporting import stage as report_stage
from edgetag.tags import Vocabulary
from edgetag.validation import stage
from tests.support.paths import MODELS
from tests.support.quantized_elsewhere import quantized
from tests.support.tiny_run import TAGS, RunFolder

QUIET = SilentProgress()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.*experimental_preserve_all_tensors:UserWarning"),
]


class Text(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.said.append(data.strip())


def judged_recipe(folder: RunFolder) -> Recipe:
    recipe = folder.with_recipe(
        "[budgets.default]\nmax_map_drop = 0.9\n[budgets.int8]\nmax_map_drop = 0.0001\n"
    )
    section = recipe.validation.replace(runtimes=("litert",))
    return recipe.replace(validation=section)


def test_it_is_judged_and_reported_beside_ours(run_folder: RunFolder) -> None:
    recipe, workspace = judged_recipe(run_folder), run_folder.workspace
    contract = recipe.network.preprocessing()
    pixels = open_dataset(workspace).images(np.arange(20))
    path = quantized(
        MODELS / "tiny_fp32.tflite", "static_wi8_ai8", pixels, contract, workspace.root
    )
    model = read_external(path, contract, Vocabulary(TAGS), name="aeq", taken=("fp32", "int8"))
    verdict = stage.run(
        recipe, workspace, QUIET, run_folder.reference_file(), external=(model,), stands_for="fp32"
    )
    assert list(verdict.decisions) == ["fp32", "int8", "aeq"]
    assert (verdict.decisions["int8"], verdict.decisions["aeq"]) == ("fail", "pass")
    (found,) = [v for v in verdict.variants if v.variant == "aeq" and v.split == "test"]
    assert found.origin == "external"
    assert found.sha256 == model.sha256
    assert found.map_drop is not None
    assert abs(found.map_drop) < 0.1
    report_stage.run(recipe, workspace, QUIET)
    rows = json.loads((workspace.report / "report.json").read_text())["variants"]
    assert [(row["variant"], row["origin"]) for row in rows] == [
        ("fp32", "export"),
        ("int8", "export"),
        ("aeq", "external"),
    ]
    assert "aeq" in Text((workspace.report / "index.html").read_text()).said
    assert found.stands_for == "fp32"
    held_alike = stage.run(recipe, workspace, QUIET, external=(model,))
    assert {v.stands_for for v in held_alike.variants if v.variant == "aeq"} == {"int8"}
    assert held_alike.decisions["aeq"] != "pass"
    with pytest.raises(InputError, match="--as fp16: the recipe's variants are fp32, int8"):
        stage.run(recipe, workspace, QUIET, external=(model,), stands_for="fp16")


def test_given_files_need_no_export(run_folder: RunFolder) -> None:
    recipe, workspace = judged_recipe(run_folder), run_folder.workspace
    path = Path(workspace.export / "int8.tflite").rename(workspace.root / "theirs.tflite")
    (workspace.export / "export.json").unlink()
    model = read_external(path, recipe.network.preprocessing(), Vocabulary(TAGS))
    verdict = stage.run(recipe, workspace, QUIET, run_folder.reference_file(), external=(model,))
    assert list(verdict.decisions) == ["theirs"]
