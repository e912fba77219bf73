"""Reference scores by engines of desktops: what they say of themselves, and what is refused."""

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgetag.dataset import open_dataset
from edgetag.errors import InputError
from edgetag.machine import this_machine
from edgetag.preprocess import scale
from edgetag.progress import SilentProgress
from edgetag.reporting.results import tables_of
from edgetag.validation import stage
from edgetag.validation.desktop_reference import Asked, make_reference
from edgetag.validation.desktop_reference_result import DesktopReference, KeptReference
from edgetag.validation.scores import (
    ReferenceMeta,
    ReferenceScores,
    read_reference,
    write_reference,
)
from edgetag.workspace import digest_file
from tests.support.accelerators import RAN
from tests.support.commands import invoked
from tests.support.handmade_onnx import expected_scores, handmade_onnx, write_onnx
from tests.support.run_folders import write_export
from tests.support.tiny_run import KNOWN, RunFolder

QUIET = SilentProgress()
ON_CPU = Asked("onnxruntime", "cpu")


@pytest.fixture
def with_onnx(run_folder: RunFolder) -> RunFolder:
    """A run folder whose export stage has left an ONNX file."""
    onnx = write_onnx(run_folder.workspace, handmade_onnx(64))
    write_export(run_folder.workspace, onnx=onnx)
    return run_folder


@pytest.mark.slow
def test_onnx_runtimes_reference_says_what_made_it_and_judges(with_onnx: RunFolder) -> None:
    recipe, workspace = with_onnx.recipe, with_onnx.workspace
    result = make_reference(recipe, workspace, QUIET, ON_CPU)
    file = workspace.validate / "reference-onnxruntime.npz"
    assert Path(result.file) == file
    made = read_reference(file)
    assert (made.meta.engine, made.meta.device) == ("ONNX Runtime", this_machine().cpu)
    assert (made.meta.precision, made.meta.tf32, made.meta.batch) == ("float32", False, 64)
    assert made.meta.model_sha256 == digest_file(workspace.export / "float.onnx")
    assert made.meta.weights_sha256 == digest_file(workspace.train / "model.npz")
    assert set(made.meta.versions) == {"onnxruntime", "numpy"}
    assert made.meta.accelerator == result.accelerator == RAN, "the CPU was asked for"
    assert made.meta.thresholds == with_onnx.thresholds
    dataset = open_dataset(workspace)
    images = scale(dataset.images(np.array(KNOWN)), recipe.network.preprocessing())
    np.testing.assert_allclose(made.scores, expected_scores(images), atol=1e-6)
    assert made.identities == tuple(dataset.identities(np.array(KNOWN)))
    assert result.kept is None

    verdict = stage.run(recipe, workspace, QUIET, file)
    assert verdict.reference.engine == "ONNX Runtime"
    assert verdict.reference.accelerator == RAN
    kept = workspace.validate / "reference.npz"
    stored = read_reference(kept)
    write_reference(kept, replace(stored, scores=1 - stored.scores))
    again = make_reference(recipe, workspace, QUIET, ON_CPU, kept)
    apart = again.kept
    assert apart is not None
    differences = np.abs(made.scores - (1 - stored.scores))
    assert (apart.engine, apart.accelerator) == ("ONNX Runtime", RAN)
    assert apart.max_difference == pytest.approx(differences.max()), "before it is replaced"
    assert (apart.images, apart.decisions) == (len(KNOWN), made.scores.size)
    limits = np.array(list(with_onnx.thresholds.values()), dtype=np.float32)
    changed = (made.scores >= limits) != (1 - stored.scores >= limits)
    assert apart.flips == changed.sum()
    assert 0 < apart.flips < apart.decisions
    assert [table.title for table in tables_of(again)] == [
        f"Reference scores of {len(KNOWN)} images",
        "Beside the reference of the run folder",
    ]


def test_references_of_schema_1_3_are_still_read(run_folder: RunFolder, tmp_path: Path) -> None:
    stored = read_reference(run_folder.reference_file())
    new = ("driver", "precision", "tf32", "batch", "model_sha256", "accelerator")
    values: dict[str, Any] = stored.meta.model_dump(by_alias=True, exclude=set(new))
    older = ReferenceMeta.model_validate({**values, "schema": "edgetag.reference-scores/1.3"})
    write_reference(tmp_path / "older.npz", replace(stored, meta=older))
    again: ReferenceScores = read_reference(tmp_path / "older.npz")
    assert (again.meta.precision, again.meta.tf32, again.meta.batch) == ("", None, None)
    assert again.meta.accelerator is None
    assert again.meta.schema_version == "edgetag.reference-scores/1.3"


def test_a_run_without_an_onnx_file_says_what_makes_one(run_folder: RunFolder) -> None:
    with pytest.raises(InputError, match=r"it lists no ONNX file.* onnx = true below \[export\]"):
        make_reference(run_folder.recipe, run_folder.workspace, QUIET, ON_CPU)


def test_a_file_of_other_weights_makes_no_reference(with_onnx: RunFolder) -> None:
    (with_onnx.workspace.train / "model.npz").write_bytes(b"trained again")
    with pytest.raises(InputError, match=r"from other weights than .*; run: edgetag export"):
        make_reference(with_onnx.recipe, with_onnx.workspace, QUIET, ON_CPU)


def test_a_changed_onnx_file_makes_no_reference(with_onnx: RunFolder) -> None:
    (with_onnx.workspace.export / "float.onnx").write_bytes(handmade_onnx(64, beyond=0.1))
    with pytest.raises(InputError, match="has changed since it was made"):
        make_reference(with_onnx.recipe, with_onnx.workspace, QUIET, ON_CPU)


@pytest.mark.slow
def test_scores_outside_0_to_1_make_no_reference(run_folder: RunFolder) -> None:
    onnx = write_onnx(run_folder.workspace, handmade_onnx(64, beyond=0.5))
    write_export(run_folder.workspace, onnx=onnx)
    with pytest.raises(InputError, match=r"scores outside 0\.\.1; its last layer lacks a sigmoid"):
        make_reference(run_folder.recipe, run_folder.workspace, QUIET, ON_CPU)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Asked("onnxruntime", "gpu"), "--device gpu: there is no such device; use cpu, or cuda:0"),
        (Asked("onnxruntime", "cuda:0"), "this onnxruntime has no CUDA"),
        pytest.param(
            Asked("torch"),
            r"--engine torch: torch and onnx2torch are not installed; install with: pip install "
            "torch onnx2torch",
            marks=pytest.mark.skipif(find_spec("torch") is not None, reason="torch is here"),
        ),
    ],
    ids=["no device", "no GPU", "no torch"],
)
def test_engines_and_devices_that_are_not_here_are_one_line(
    asked: Asked, said: str, with_onnx: RunFolder
) -> None:
    with pytest.raises(InputError, match=said) as refused:
        make_reference(with_onnx.recipe, with_onnx.workspace, QUIET, asked)
    assert "\n" not in str(refused.value)


def test_an_unknown_engine_is_answered_with_those_there_are(tmp_path: Path) -> None:
    code, said = invoked("reference", str(tmp_path), "--engine", "jax")
    assert code == 2
    for name in ("tensorflow", "onnxruntime", "torch"):
        assert name in said


def test_a_reference_is_shown_beside_the_kept_one_where_there_is_one() -> None:
    made = DesktopReference(
        file="reference.npz",
        engine="torch",
        device="a GPU",
        driver="570",
        precision="float32",
        tf32=True,
        batch=64,
        versions={"torch": "2.9"},
        images=120,
        kept=None,
    )
    (alone,) = tables_of(made)
    assert [list(row) for row in alone.texts] == [
        ["torch", "2.9", "a GPU", "570", "float32, TF32 on", "64"]
    ]
    kept = KeptReference(
        engine="tensorflow",
        device="CPU",
        images=100,
        max_difference=0.00123,
        logit_rmse=0.000456,
        flips=1,
        decisions=300,
    )
    on_cpu = made.replace(kept=kept, tf32=False, driver="")
    first, beside = tables_of(on_cpu)
    assert [list(row) for row in first.texts] == [
        ["torch", "2.9", "a GPU", "float32, TF32 off", "64"]
    ]
    assert [list(row) for row in beside.texts] == [
        ["tensorflow on CPU", "100", "1.2e-03", "4.6e-04", "1 of 300"]
    ]
