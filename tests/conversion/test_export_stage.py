"""The export stage over a run folder: what it leaves, reuses and refuses."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from edgetag.conversion import stage
from edgetag.conversion.boundary import read_boundary
from edgetag.conversion.classifier import own_description
from edgetag.conversion.metadata_schema import decode
from edgetag.conversion.result import ExportResult
from edgetag.errors import InputError
from edgetag.preprocess import Pixels
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe
from edgetag.workspace import Workspace, digest_file
from tests.support.run_folders import write_cache, write_manifest

pytestmark = pytest.mark.tensorflow

TAGS = ("cat", "food", "vehicle")


class Heard(SilentProgress):
    """Remembers what was said and which variants were worked on."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.units = 0

    def say(self, message: str) -> None:
        self.said.append(message)

    @contextmanager
    def track(self, what: str, total: int | None, unit: str = "it") -> Iterator[Any]:  # noqa: ARG002
        yield self

    def advance(self, amount: int = 1, note: str = "") -> None:  # noqa: ARG002
        self.units += amount


def recipe_with(**export: Any) -> Recipe:
    return Recipe.model_validate(
        {
            "name": "small",
            "data": {"source": Path("images.csv"), "tags": TAGS},
            "network": {"name": "model3", "input_size": 64},
            "export": {"variants": ("fp32", "int8"), "author": "someone", **export},
            "bundle": {"variant": "fp32"},
        }
    )


def fill(workspace: Workspace, photos: Pixels) -> None:
    """Write the manifest, cache and weights of a tiny run."""
    from edgetag.networks import build_untrained, save_weights

    count = len(photos)
    labels = {tag: [int(i % 3 == n) for i in range(count)] for n, tag in enumerate(TAGS)}
    write_manifest(workspace, ["train"] * count, labels)
    write_cache(workspace.cache, photos)
    model = build_untrained(recipe_with().network, len(TAGS))
    save_weights(model, workspace.train / "model.npz")


@pytest.fixture(scope="module")
def run_folder(photos: Pixels, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = Workspace(tmp_path_factory.mktemp("run"))
    fill(workspace, photos)
    stage.run(recipe_with(), workspace, Heard())
    return workspace


def test_the_stage_leaves_files_that_its_result_describes(run_folder: Workspace) -> None:
    file = run_folder.export / "export.json"
    result = ExportResult.from_json(file.read_text(encoding="utf-8"), file)
    assert [v.variant for v in result.variants] == ["fp32", "int8"]
    assert result.warnings == ()
    fp32, int8 = result.variants
    for exported in result.variants:
        path = run_folder.root / exported.file
        assert digest_file(path) == exported.sha256
        assert path.stat().st_size == exported.size_bytes > exported.gzip_bytes > 0
        metadata = read_boundary(path.read_bytes(), path).metadata
        assert metadata is not None
        assert (own_description(path)[1], decode(metadata)["author"]) == (TAGS, "someone")
    assert (int8.input_type, int8.output_type, int8.float_scores) == ("uint8", "float32", True)
    assert (fp32.input_type, fp32.output_type) == ("float32", "float32")
    assert int8.size_bytes < 0.3 * fp32.size_bytes
    assert "FULLY_CONNECTED" in int8.operators
    assert fp32.calibration is None
    assert int8.calibration is not None
    tried = int8.calibration.logit_rmse
    assert tried[int8.calibration.chosen] == min(tried.values())
    assert not list(run_folder.export.glob(".*"))


def test_finished_variants_are_reused_and_damaged_ones_remade_alike(run_folder: Workspace) -> None:
    first = stage.run(recipe_with(), run_folder, Heard())
    fp32, int8 = (run_folder.root / v.file for v in first.variants)
    written = fp32.stat().st_mtime_ns, int8.stat().st_mtime_ns
    int8.write_bytes(int8.read_bytes()[:-100])  # a damaged one
    (run_folder.export / "export.json").unlink()  # as after a kill
    heard = Heard()
    assert stage.run(recipe_with(), run_folder, heard) == first
    assert heard.units == 2
    assert fp32.stat().st_mtime_ns == written[0]
    assert int8.stat().st_mtime_ns > written[1]


def test_a_reused_file_is_checked_against_the_recipe_of_today(run_folder: Workspace) -> None:
    heard = Heard()
    result = stage.run(recipe_with(target_runtime="1.13.0"), run_folder, heard)
    assert len(result.warnings) == 2
    assert heard.said == list(result.warnings)
    assert "needs TensorFlow Lite 1.14.0, but export.target_runtime is 1.13.0" in heard.said[0]
    with pytest.raises(InputError, match=r"fp32\.tflite: uses .*export\.target_ops"):
        stage.run(recipe_with(target_ops=("CONV_2D",)), run_folder, Heard())


def test_files_of_variants_that_a_recipe_dropped_do_not_stay(run_folder: Workspace) -> None:
    folder = run_folder.export
    others = ("fp16.tflite", "fp16.json", "float.onnx", "weights.safetensors", "serving/a/1/x.pb")
    for name in ("own.tflite", *others):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"of an earlier network")
    stage.run(recipe_with(), run_folder, Heard())
    left = {path.name for path in folder.iterdir()}
    ours = {f"{name}.{end}" for name in ("fp32", "int8") for end in ("tflite", "json")}
    assert left == {*ours, "export.json", "own.tflite"}


def test_missing_weights_name_the_stage_that_makes_them(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    with pytest.raises(InputError, match=r"model\.npz: missing, .*run: edgetag train"):
        stage.run(recipe_with(), workspace, Heard())
    for folder in (workspace.train, workspace.prune):
        for variant in ("int8-qat", "int8-pruned-qat"):
            verb = "quantize" if variant == "int8-qat" or folder != workspace.train else "prune"
            folder.mkdir(exist_ok=True)
            (folder / "model.npz").touch()
            with pytest.raises(InputError, match=rf"{variant} needs it; run: edgetag {verb}"):
                stage.run(recipe_with(variants=("fp32", variant)), workspace, Heard())
    assert not workspace.export.exists()


def test_a_variant_with_explain_says_what_maps_it_gives_and_is_made_anew(tmp_path: Path) -> None:
    from edgetag.networks import build_untrained, save_weights

    def recipe(*explain: str) -> Recipe:
        plain = recipe_with(variants=("fp32", "fp16"), explain=()).model_dump()
        plain["network"] = {"name": "mobilenet_v2", "input_size": 64, "width": 0.35, "depth": 0.25}
        plain["export"]["explain"] = explain
        return Recipe.model_validate(plain)

    workspace = Workspace(tmp_path)
    save_weights(build_untrained(recipe().network, len(TAGS)), workspace.train / "model.npz")
    plain = stage.run(recipe(), workspace, Heard())
    assert [v.explain_maps for v in plain.variants] == [None, None]
    written = (workspace.export / "fp32.tflite").stat().st_mtime_ns
    result = stage.run(recipe("fp16"), workspace, Heard())
    assert (workspace.export / "fp32.tflite").stat().st_mtime_ns == written
    fp32, fp16 = result.variants
    assert fp32 == plain.variants[0]
    assert fp16.explain_maps is not None
    assert fp16.explain_maps.model_dump() == {"signature": "explain", "height": 2, "width": 2}
    before = plain.variants[1]
    assert (fp16.operators, fp16.float_tensors) == (before.operators, before.float_tensors)
    assert 0 < fp16.size_bytes - before.size_bytes < 0.01 * before.size_bytes
    assert ExportResult.read(workspace.export / "export.json", "export") == result


@pytest.mark.slow
def test_a_file_that_the_runtime_refuses_while_it_is_calibrated_names_its_variant(
    photos: Pixels, tmp_path: Path
) -> None:
    from edgetag.networks import build_untrained, save_weights

    plain = recipe_with(variants=("fp32", "int16x8")).model_dump()
    plain["network"] = {"name": "mobilenet_v2", "input_size": 64, "width": 0.35, "depth": 0.25}
    recipe, workspace = Recipe.model_validate(plain), Workspace(tmp_path)
    fill(workspace, photos)
    # Untrained, its last layers give so little that LiteRT cannot count a ReLU6's 6 in 16 bits.
    save_weights(build_untrained(recipe.network, len(TAGS)), workspace.train / "model.npz")
    with pytest.raises(InputError, match=r"export of int16x8: LiteRT cannot run .*leave int16x8"):
        stage.run(recipe, workspace, Heard())
    assert not (workspace.export / "int16x8.tflite").exists()
