"""The bundle stage: the recipe's variant and all an app needs beside it, the same every time."""

import json
import zipfile
from pathlib import Path

import pytest

from edgetag.bundling import stage
from edgetag.bundling.archive import check_bundle
from edgetag.bundling.result import BundleResult
from edgetag.conversion.result import ExportedVariant, ExportResult
from edgetag.errors import InputError
from edgetag.preprocess import Preprocessing
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe, parse_recipe
from edgetag.training.result import Thresholds
from edgetag.validation.result import ReferenceSummary, Verdict
from edgetag.workspace import Workspace, digest_file, write_text
from made_results import MACHINE

MODEL = Path(__file__).parents[1] / "models" / "tiny_int8_uint8.tflite"
RECIPE = """
name = "bundle-test"
[data]
source = "table.csv"
tags = ["cat", "dog", "food"]
[network]
input_size = 64
[export]
variants = ["fp32", "int8"]
[bundle]
variant = "int8"
version = "1.2.3"
"""


@pytest.fixture
def recipe() -> Recipe:
    return parse_recipe(RECIPE, Path("recipe.toml"))


def make_run(root: Path) -> Workspace:
    workspace = Workspace(root)
    workspace.export.mkdir(parents=True)
    path = workspace.export / "int8.tflite"
    path.write_bytes(MODEL.read_bytes())
    exported = ExportedVariant(
        variant="int8", file="export/int8.tflite", sha256=digest_file(path),
        size_bytes=path.stat().st_size, gzip_bytes=1, input_type="uint8", output_type="uint8",
        min_runtime_version="1.14.0", operators={}, float_tensors=0, sparsity=0.0,
    )  # fmt: skip
    write_text(workspace.export / "export.json", ExportResult(variants=(exported,)).to_json())
    trained = Thresholds(
        policy="best_f1", split="validation", thresholds={"cat": 0.4, "dog": 0.5, "food": 0.6}
    )
    write_text(workspace.train / "thresholds.json", trained.to_json())
    verdict = Verdict(
        verdict="pass", decisions={"int8": "pass"}, recipe="bundle-test",
        tags=("cat", "dog", "food"), split="test", confidence=0.95, bootstrap_samples=1000,
        min_positives=20, at_fpr=0.01, at_recall=0.9, prevalence={}, images_sha256="0",
        machine=MACHINE, versions={},
        reference=ReferenceSummary(
            engine="tensorflow", device="CPU", versions={}, weights_sha256="0",
            scores_sha256="0", map={"test": 0.9},
        ),
        thresholds={"int8": {"cat": 0.4, "dog": 0.5, "food": 0.61}}, variants=(), failures=(),
    )  # fmt: skip
    write_text(workspace.validate / "verdict.json", verdict.to_json())
    return workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return make_run(tmp_path / "run")


def test_a_bundle_holds_all_an_app_needs(recipe: Recipe, workspace: Workspace) -> None:
    result = stage.run(recipe, workspace, SilentProgress())
    assert result.file == "bundle/bundle-test-1.2.3.zip"
    with zipfile.ZipFile(workspace.root / result.file) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert files["model.tflite"] == MODEL.read_bytes()
    assert files["labels.txt"] == b"cat\ndog\nfood\n"
    shipped = json.loads(files["thresholds.json"])["thresholds"]
    assert shipped == {"cat": 0.4, "dog": 0.5, "food": 0.61}  # those that were judged
    contract = Preprocessing.model_validate_json(files["preprocessing.json"])
    assert contract == recipe.network.preprocessing()
    assert Verdict.from_json(files["verdict.json"].decode(), "test").verdict == "pass"
    manifest = check_bundle(workspace.root / result.file)
    assert manifest == result.manifest
    assert (manifest.variant, manifest.tags, manifest.verdict) == ("int8", 3, "pass")


def test_what_is_written_is_what_is_returned(recipe: Recipe, workspace: Workspace) -> None:
    result = stage.run(recipe, workspace, SilentProgress())
    assert BundleResult.read(workspace.bundle / "bundle.json", "bundle") == result
    assert digest_file(workspace.root / result.file) == result.sha256


def test_bundling_twice_in_two_places_gives_identical_bytes(recipe: Recipe, tmp_path: Path) -> None:
    elsewhere = parse_recipe(RECIPE, tmp_path / "other" / "recipe.toml")
    first = stage.run(recipe, make_run(tmp_path / "a"), SilentProgress())
    second = stage.run(elsewhere, make_run(tmp_path / "b"), SilentProgress())
    assert first.sha256 == second.sha256


def test_a_variant_that_did_not_pass_is_marked_in_the_manifest(
    recipe: Recipe, workspace: Workspace
) -> None:
    path = workspace.validate / "verdict.json"
    write_text(path, path.read_text().replace('"int8": "pass"', '"int8": "fail"'))
    assert stage.run(recipe, workspace, SilentProgress()).manifest.verdict == "fail"


def test_a_model_that_changed_since_export_is_refused(recipe: Recipe, workspace: Workspace) -> None:
    path = workspace.export / "int8.tflite"
    data = bytearray(path.read_bytes())
    data[1000] ^= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match="has changed"):
        stage.run(recipe, workspace, SilentProgress())
    assert not workspace.bundle.exists()


def test_thresholds_of_other_tags_are_refused(workspace: Workspace) -> None:
    other = parse_recipe(RECIPE.replace('"food"', '"fruit"'), Path("recipe.toml"))
    with pytest.raises(InputError, match="not those of the recipe"):
        stage.run(other, workspace, SilentProgress())


def test_a_variant_that_was_not_judged_is_refused(recipe: Recipe, workspace: Workspace) -> None:
    path = workspace.validate / "verdict.json"
    values = json.loads(path.read_text())
    write_text(path, json.dumps(values | {"thresholds": {}}))
    with pytest.raises(InputError, match="int8 was not judged; run: edgetag validate"):
        stage.run(recipe, workspace, SilentProgress())


def test_a_variant_that_was_not_exported_is_refused(workspace: Workspace) -> None:
    other = parse_recipe(RECIPE.replace('variant = "int8"', 'variant = "fp32"'), Path("r.toml"))
    with pytest.raises(InputError, match=r"has no fp32.*edgetag export"):
        stage.run(other, workspace, SilentProgress())


@pytest.mark.parametrize(
    ("name", "verb"),
    [
        ("export/export.json", "export"),
        ("train/thresholds.json", "train"),
        ("validate/verdict.json", "validate"),
    ],
)
def test_a_missing_file_names_the_verb_that_makes_it(
    recipe: Recipe, workspace: Workspace, name: str, verb: str
) -> None:
    (workspace.root / name).unlink()
    with pytest.raises(InputError, match=f"run: edgetag {verb}"):
        stage.run(recipe, workspace, SilentProgress())
