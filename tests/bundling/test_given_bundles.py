"""Bundles are judged as their files are, alone and in ensembles."""

from pathlib import Path

import numpy as np
import pytest

from edgetag.bundling.given import Judging, read_given
from edgetag.ensembles import Ensemble as EnsembleFile
from edgetag.errors import InputError
from edgetag.preprocess import Preprocessing
from edgetag.progress import SilentProgress
from edgetag.tagging.ensemble import open_tagger
from edgetag.tags import Vocabulary
from edgetag.validation import stage
from edgetag.validation.judged import read_judged
from tests.support.made_bundle import resealed, unpack
from tests.support.tiny_run import TAGS, RunFolder, make_run_folder

PAIR = """
[[models]]
file = "tiny.zip"
variant = "int8"
weight = 2
[[models]]
file = "run/export/fp32.tflite"
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, made: Path) -> RunFolder:
    """A run folder, and beside it a bundle of its int8 file."""
    run = make_run_folder(tmp_path_factory.mktemp("given") / "run")
    section = run.recipe.validation.replace(runtimes=("litert",))
    files = unpack(made / "run" / "bundle" / "bundle-test-1.2.3.zip")
    plain = {
        name: data.replace(b"dog|wolf", b"dog").replace(b"[bold]food", b"food")
        for name, data in files.items()
        if not name.endswith(".tflite")
    }
    (run.workspace.root.parent / "tiny.zip").write_bytes(resealed({**files, **plain}))
    recipe = run.recipe.replace(validation=section)
    return RunFolder(run.workspace, recipe, run.labels, run.reference, run.thresholds)


@pytest.fixture(scope="module")
def judged(run: RunFolder) -> RunFolder:
    """The run after its files, the bundle, and a pair with the bundle in it were judged."""
    folder = run.workspace.root.parent
    (folder / "pair.toml").write_text(PAIR)
    named = [f"alone={folder / 'tiny.zip'}", str(folder / "pair.toml")]
    given = read_given(named, judging(run))
    assert given[0].notes == ("int8 of the bundle tiny.zip, with its contract",)
    stage.run(run.recipe, run.workspace, SilentProgress(), run.reference_file(), external=given)
    return run


def judging(
    run: RunFolder, contract: Preprocessing | None = None, mean: float | None = None
) -> Judging:
    own = contract or run.recipe.network.preprocessing()
    return Judging(run.workspace, own, Vocabulary(TAGS), mean=mean)


@pytest.mark.slow
def test_its_verdict_is_that_of_the_same_file(judged: RunFolder) -> None:
    own, alone, pair = (read_judged(judged.workspace, name) for name in ("int8", "alone", "pair"))
    np.testing.assert_array_equal(alone.scores, own.scores)
    float_scores = read_judged(judged.workspace, "fp32").scores
    expected = (2 * own.scores.astype(np.float64) + float_scores) / 3
    np.testing.assert_array_equal(pair.scores, expected.astype(np.float32))


@pytest.mark.slow
def test_an_ensemble_is_left_that_names_the_bundle(
    judged: RunFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    left = judged.workspace.validate / "pair.toml"
    first, second = EnsembleFile.read(left).models
    assert (first.file, first.variant) == ("../../tiny.zip", "int8")
    assert (second.file, second.variant) == ("../export/fp32.tflite", None)
    with open_tagger(left, tags=TAGS) as tagger:
        assert tagger.tags == TAGS


def test_what_cannot_be_judged_by_the_recipes_pictures_is_refused(run: RunFolder) -> None:
    bundle = str(run.workspace.root.parent / "tiny.zip")
    other = run.recipe.network.preprocessing().replace(anchor="top_left")
    with pytest.raises(InputError, match=r"another way.*\(anchor center, not top_left\)"):
        read_given([bundle], judging(run, other))
    with pytest.raises(InputError, match="leave --mean, --std and --labels out"):
        read_given([bundle], judging(run, mean=1.0))
    pair = run.workspace.root.parent / "pair.toml"
    for text, reason in (
        (PAIR.replace('"int8"', '"int9"'), "has no variant 'int9'; it has: int8"),
        (PAIR.replace("fp32.tflite", 'fp32.tflite"\nvariant = "x'), "'x' is of a bundle"),
    ):
        pair.write_text(text)
        with pytest.raises(InputError, match=reason):
            read_given([str(pair)], judging(run))


def test_a_bundle_of_other_tags_is_refused(run: RunFolder) -> None:
    bundle = str(run.workspace.root.parent / "tiny.zip")
    other = Judging(run.workspace, judging(run).contract, Vocabulary(("cat", "dog", "car")))
    with pytest.raises(InputError, match="car"):
        read_given([bundle], other)
    reordered = Judging(run.workspace, judging(run).contract, Vocabulary(TAGS[::-1]))
    assert read_given([bundle], reordered)[0].columns == (2, 1, 0)
