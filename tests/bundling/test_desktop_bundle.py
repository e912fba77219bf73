"""The bundle for desktops: whoever has ONNX Runtime alone gets the golden scores from its parts."""

import hashlib
import json
import re
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from edgetag.bundling import stage
from edgetag.bundling.desktop import write_desktop_bundle
from edgetag.conversion.result import ExportResult
from edgetag.errors import InputError
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe, parse_recipe
from edgetag.workspace import Workspace
from edgetag.writing import write_bytes
from tests.support.handmade_onnx import handmade_onnx, write_onnx
from tests.support.made_bundle import THRESHOLDS, recipe_in, recipe_text, unpack

QUIET = SilentProgress()
BOTH = 'variants = ["int8"]\ndesktop = true'


def recipe_with_onnx(root: Path) -> Recipe:
    text = recipe_text(BOTH).replace("[export]", "[export]\nonnx = true")
    return parse_recipe(text, root / "recipe.toml")


def give_onnx(workspace: Workspace) -> None:
    """Leave what the export stage leaves of an ONNX file."""
    path = workspace.export / "export.json"
    weights = workspace.export / "weights.safetensors"
    write_bytes(weights, b"weights")
    onnx = write_onnx(workspace, handmade_onnx(64)).replace(
        weights_sha256=hashlib.sha256(b"weights").hexdigest()
    )
    result = ExportResult.read(path, "export").replace(onnx=onnx)
    result.write(path)


@pytest.mark.slow
def test_the_parts_of_a_desktop_bundle_give_its_golden_scores(
    root: Path, workspace: Workspace
) -> None:
    give_onnx(workspace)
    result = stage.run(recipe_with_onnx(root), workspace, QUIET)
    assert result.desktop is not None
    assert result.desktop.file == "bundle/bundle-test-1.2.3-desktop.zip"
    packed = (workspace.root / result.desktop.file).read_bytes()
    assert hashlib.sha256(packed).hexdigest() == result.desktop.sha256
    files = unpack(workspace.root / result.desktop.file)
    manifest = json.loads(files["manifest.json"])
    listed = {file["name"]: file["sha256"] for file in manifest["files"]}
    assert listed.keys() | {"manifest.json"} == files.keys()
    for name, digest in listed.items():
        assert hashlib.sha256(files[name]).hexdigest() == digest
    assert files["labels.txt"].decode().splitlines() == manifest["tags"] == list(THRESHOLDS)
    assert list(json.loads(files["thresholds.json"])) == manifest["tags"]

    # As an app on a desktop does it.
    write_bytes(root / "inputs.npy", files["golden-inputs.npy"])
    pixels = np.load(root / "inputs.npy")
    contract = json.loads(files["preprocessing.json"])
    images = (pixels.astype(np.float32) - contract["mean"]) / contract["std"]
    session = onnxruntime.InferenceSession(files["float.onnx"], providers=["CPUExecutionProvider"])
    (scores,) = session.run(["scores"], {"image": images.astype(np.float32)})
    golden = np.array(json.loads(files["golden-scores.json"]))
    assert golden.shape == (len(pixels), 3)
    assert np.abs(scores - golden).max() <= manifest["tolerance"]

    assert "float.onnx" not in unpack(workspace.root / result.file), "phones are spared it"
    again = write_desktop_bundle(recipe_with_onnx(root), workspace, pixels, QUIET)
    assert again == result.desktop, "equal runs give equal bytes"

    stage.run(recipe_in(root, 'variants = ["int8"]'), workspace, QUIET)
    left = sorted(path.name for path in workspace.bundle.glob("*.zip"))
    assert left == ["bundle-test-1.2.3.zip"], "none of another network stays beside a later bundle"


@pytest.mark.slow
def test_a_desktop_bundle_without_its_file_says_what_makes_it(
    root: Path, workspace: Workspace
) -> None:
    packed = {path: path.stat().st_mtime_ns for path in workspace.bundle.glob("*.zip")}
    with pytest.raises(InputError, match="it lists no ONNX file; run: edgetag export"):
        stage.run(recipe_with_onnx(root), workspace, QUIET)
    after = {path: path.stat().st_mtime_ns for path in workspace.bundle.glob("*.zip")}
    assert after == packed, "nothing is packed before it is refused"
    with pytest.raises(InputError, match=re.escape("bundle.desktop packs the ONNX file")):
        recipe_in(root, BOTH)
