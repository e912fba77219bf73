"""An ensemble is judged as a file is: by the weighted mean of what its files score."""

from pathlib import Path

import numpy as np
import pytest

from edgetag import Ensemble, Tagger
from edgetag.arrays import read_arrays
from edgetag.bundling.given import Judging, read_given
from edgetag.conversion.external import ExternalModel
from edgetag.dataset import open_dataset
from edgetag.ensembles import Ensemble as EnsembleFile
from edgetag.ensembles import weighted_mean
from edgetag.errors import InputError
from edgetag.progress import SilentProgress
from edgetag.tagging.ensemble import open_tagger
from edgetag.tags import Vocabulary
from edgetag.validation import stage
from edgetag.validation.judged import read_judged
from tests.support.paths import MODELS
from tests.support.tiny_run import TAGS, TEST, RunFolder

QUIET = SilentProgress()
PAIR = """
[[models]]
file = "export/fp32.tflite"
weight = 2
[[models]]
file = "export/int8.tflite"
"""


def given(folder: RunFolder, text: str, *more: str) -> tuple[ExternalModel, ...]:
    root = folder.workspace.root
    (root / "pair.toml").write_text(text)
    return read_given([str(root / "pair.toml"), *more], judging(folder))


def judging(folder: RunFolder) -> Judging:
    contract = folder.recipe.network.preprocessing()
    return Judging(folder.workspace, contract, Vocabulary(TAGS))


@pytest.fixture
def one_runtime(
    run_folder: RunFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> RunFolder:
    """The run folder with a recipe of LiteRT alone; what a `Tagger` proves is kept beside it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    section = run_folder.recipe.validation.replace(runtimes=("litert",))
    recipe = run_folder.recipe.replace(validation=section)
    return RunFolder(
        run_folder.workspace, recipe, run_folder.labels, run_folder.reference, run_folder.thresholds
    )


@pytest.mark.slow
def test_its_verdict_is_that_of_the_weighted_mean_which_a_tagger_gives_too(
    one_runtime: RunFolder,
) -> None:
    workspace = one_runtime.workspace
    external = given(one_runtime, PAIR)
    verdict = stage.run(
        one_runtime.recipe, workspace, QUIET, one_runtime.reference_file(), external=external
    )
    assert list(verdict.decisions) == ["fp32", "int8", "pair"]
    kept = workspace.validate / "scores"
    # Files that are judged themselves are not scored again.
    assert sorted(path.name for path in kept.glob("*.litert.npz")) == [
        "fp32.litert.npz",
        "int8.litert.npz",
        "pair.litert.npz",
    ]
    parts = [read_arrays(kept / f"{name}.litert.npz")["scores"] for name in ("fp32", "int8")]
    judged = read_judged(workspace, "pair")
    np.testing.assert_array_equal(judged.scores, weighted_mean(parts, [2, 1])[:TEST])
    assert judged.entry.stands_for == "int8"
    assert judged.entry.size_bytes == sum(
        (workspace.export / f"{name}.tflite").stat().st_size for name in ("fp32", "int8")
    )

    # A picture goes through one file after the other.
    took = [read_judged(workspace, name).entry.images_per_s for name in ("fp32", "int8")]
    assert judged.entry.images_per_s == pytest.approx(1 / (1 / took[0] + 1 / took[1]))

    squares = open_dataset(workspace).images(np.arange(40))
    files = [workspace.export / f"{name}.tflite" for name in ("fp32", "int8")]
    with Ensemble([Tagger(file, tags=TAGS) for file in files], [2, 1]) as ensemble:
        for row, square in enumerate(squares):
            np.testing.assert_array_equal(ensemble.score_square(square), judged.scores[row])


@pytest.mark.slow
def test_it_leaves_a_file_with_fitted_thresholds_that_tags(one_runtime: RunFolder) -> None:
    workspace = one_runtime.workspace
    verdict = stage.run(
        one_runtime.recipe,
        workspace,
        QUIET,
        one_runtime.reference_file(),
        external=given(one_runtime, PAIR),
    )
    left = workspace.validate / "pair.toml"
    assert EnsembleFile.read(left).thresholds == verdict.thresholds["pair"]
    with open_tagger(left, tags=TAGS) as tagger:
        expected = np.array([verdict.thresholds["pair"][tag] for tag in TAGS], dtype=np.float32)
        np.testing.assert_array_equal(tagger.model.thresholds, expected)
    (workspace.export / "int8.tflite").write_bytes((MODELS / "tiny_int8_int8.tflite").read_bytes())
    with pytest.raises(InputError, match="SHA-256 differs"):
        open_tagger(left, tags=TAGS)
    with pytest.raises(InputError, match="SHA-256 differs"):
        given(one_runtime, left.read_text().replace("../", ""))


@pytest.mark.slow
def test_its_files_need_not_be_the_runs_own(run_folder: RunFolder) -> None:
    """A file from elsewhere is scored, but not judged by itself; where it fails, all fails."""
    workspace = run_folder.workspace
    other = workspace.root / "other.tflite"
    other.write_bytes((MODELS / "tiny_int8_int8.tflite").read_bytes())
    text = PAIR.replace("export/int8", "other")
    verdict = stage.run(
        run_folder.recipe,
        workspace,
        QUIET,
        run_folder.reference_file(),
        external=given(run_folder, text),
    )
    assert list(verdict.decisions) == ["fp32", "int8", "pair"]
    assert verdict.decisions["pair"] == "pass"
    runtimes = {entry.runtime for entry in verdict.variants if entry.variant == "pair"}
    assert runtimes == {entry.runtime for entry in verdict.variants if entry.variant == "fp32"}
    again = stage.run(run_folder.recipe, workspace, QUIET, external=given(run_folder, text))
    assert again.judged_by["pair"] == verdict.judged_by["pair"]
    heavier = given(run_folder, text.replace("weight = 2", "weight = 3"))
    other_weight = stage.run(run_folder.recipe, workspace, QUIET, external=heavier)
    assert other_weight.judged_by["pair"] != verdict.judged_by["pair"]


def test_a_long_name_leaves_room_for_its_files(one_runtime: RunFolder) -> None:
    given(one_runtime, PAIR)
    file = f"{'a' * 64}={one_runtime.workspace.root / 'pair.toml'}"
    (model,) = read_given([file], judging(one_runtime))
    assert len({model.name, *(member.model.name for member in model.members)}) == 3


def test_what_cannot_be_judged_together_is_refused(one_runtime: RunFolder) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        given(one_runtime, PAIR.replace("int8", "none"))
    with pytest.raises(InputError, match="the name pair is taken"):
        given(one_runtime, PAIR, str(one_runtime.workspace.root / "pair.toml"))
