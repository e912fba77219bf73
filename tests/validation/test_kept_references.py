"""The reference that a run folder keeps: when it is good, what it follows, and what is told."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from edgetag.dataset import Dataset, open_dataset
from edgetag.errors import InputError
from edgetag.progress import SilentProgress
from edgetag.tags import Vocabulary
from edgetag.validation import obtaining
from edgetag.validation.inputs import fp32_size_bytes
from edgetag.validation.obtaining import Reference, obtain_reference
from edgetag.validation.scores import (
    ReferenceMaps,
    ReferenceScores,
    read_reference,
    write_reference,
)
from tests.support.small_run import Lines
from tests.support.tiny_run import STYLE, TEST, VALIDATION, RunFolder

ALL = TEST + STYLE + VALIDATION


@pytest.fixture
def kept(run_folder: RunFolder) -> Path:
    """The reference as if it had been made in the run folder."""
    path = run_folder.workspace.validate / "reference.npz"
    write_reference(path, read_reference(run_folder.reference_file()))
    return path


def obtained(folder: RunFolder, progress: Lines | None = None) -> Reference:
    dataset = open_dataset(folder.workspace)
    return obtain_reference(folder.recipe, folder.workspace, dataset, progress or Lines())


def objection(
    folder: RunFolder, stored: ReferenceScores, *, maps_of: int = 0, without_row: int | None = None
) -> str:
    """Ask what speaks against a reference, whose maps of the first so many pictures are wanted."""
    dataset = open_dataset(folder.workspace)
    if without_row is not None:
        keep = [row for row in range(len(stored.identities)) if row != without_row]
        names = tuple(stored.identities[row] for row in keep)
        stored = replace(stored, identities=names, scores=stored.scores[keep])
    rows = {name: dataset.rows(name) for name in ("test", "test_style", "validation")}
    judged = folder.recipe.validation.splits
    wanted = rows["test"][:maps_of]
    return obtaining._objection(stored, dataset, rows, wanted, judged, Path("kept.npz"))


def test_a_reference_of_these_pictures_by_this_code_is_good(
    run_folder: RunFolder, kept: Path
) -> None:
    assert objection(run_folder, read_reference(kept)) == ""


def test_a_reference_by_other_code_is_computed_again(run_folder: RunFolder, kept: Path) -> None:
    stored = read_reference(kept)
    other = replace(stored, meta=stored.meta.replace(made_with="before"))
    assert objection(run_folder, other) == "was made by other code or packages"


def test_a_reference_must_know_judged_pictures_and_should_know_those_to_fit_on(
    run_folder: RunFolder, kept: Path
) -> None:
    stored = read_reference(kept)
    lacks = "lacks pictures that thresholds are fitted on"
    assert objection(run_folder, stored, without_row=ALL - 1) == lacks
    for judged in (0, TEST, TEST + STYLE - 1):
        with pytest.raises(InputError, match="lack 1 of"):
            objection(run_folder, stored, without_row=judged)


def test_a_reference_is_good_where_it_has_the_maps_that_are_wanted(
    run_folder: RunFolder, kept: Path
) -> None:
    stored = read_reference(kept)
    assert objection(run_folder, stored, maps_of=2) == "lacks heat maps"
    maps = ReferenceMaps(np.zeros((2, 1, 1, 3), np.float32), stored.identities[:2])
    with_maps = replace(stored, maps=maps)
    assert objection(run_folder, with_maps, maps_of=2) == ""
    assert objection(run_folder, with_maps, maps_of=3) == "lacks heat maps"


def test_what_follows_its_pictures_keeps_each_tag_s_maps_and_scores(
    run_folder: RunFolder, kept: Path
) -> None:
    stored = read_reference(kept)
    maps = ReferenceMaps(np.arange(3, dtype=np.float32).reshape(1, 1, 1, 3), ("id0",))
    dataset, other = open_dataset(run_folder.workspace), Vocabulary(("food", "cat", "dog"))
    turned = Dataset(dataset.manifest, other, dataset.cache)
    rows = {name: dataset.rows(name) for name in ("test", "test_style", "validation")}
    given = replace(stored, maps=maps)
    (run_folder.workspace.train / "thresholds.json").unlink()  # of a training on the former order
    followed = obtaining._followed(given, run_folder.workspace, turned, rows, kept)
    assert followed.rows is rows
    assert followed.pictures is None
    for now in (followed.stored, read_reference(kept)):
        assert now.tags == ("food", "cat", "dog")
        assert now.maps is not None
        assert now.maps.maps.ravel().tolist() == [2, 0, 1]
        assert np.array_equal(now.scores, stored.scores[:, [2, 0, 1]])
        assert (
            now.split == ("test",) * TEST + ("test_style",) * STYLE + ("validation",) * VALIDATION
        )


def test_a_reference_of_an_older_edgetag_is_left_as_it_is_where_it_lacks_pictures_to_fit_on(
    run_folder: RunFolder, kept: Path
) -> None:
    stored = read_reference(kept)
    older = replace(stored, identities=stored.identities[: TEST + STYLE])
    rows = {name: open_dataset(run_folder.workspace).rows(name) for name in ("test", "validation")}
    before = kept.read_bytes()
    dataset = open_dataset(run_folder.workspace)
    assert obtaining._followed(older, run_folder.workspace, dataset, rows, kept).stored is older
    assert kept.read_bytes() == before


def test_a_reference_in_step_is_not_written_again_and_one_that_follows_is(
    run_folder: RunFolder, kept: Path
) -> None:
    first = obtained(run_folder)
    assert first.stored.meta.fp32_size_bytes == fp32_size_bytes(run_folder.workspace)
    written = kept.stat().st_ino
    second = obtained(run_folder)
    assert kept.stat().st_ino == written, "a file that is written anew is another file"
    assert second.stored.same(first.stored)
    table = pl.read_parquet(run_folder.workspace.manifest)
    table.with_columns(pl.col("tag:cat").fill_null(1)).write_parquet(run_folder.workspace.manifest)
    assert not obtained(run_folder).stored.same(first.stored)
    assert kept.stat().st_ino != written


def test_a_given_reference_is_kept_and_says_what_changed(run_folder: RunFolder) -> None:
    given, dataset = run_folder.reference_file(), open_dataset(run_folder.workspace)
    kept = run_folder.workspace.validate / "reference.npz"
    assert not kept.exists()
    reference = obtain_reference(
        run_folder.recipe, run_folder.workspace, dataset, SilentProgress(), given
    )
    assert read_reference(kept).same(reference.stored)
    assert reference.where == given
    assert reference.pictures is not None
    assert {name: len(rows) for name, rows in reference.rows.items()} == {
        "test": TEST,
        "test_style": STYLE,
        "validation": VALIDATION,
    }
    scores = reference.scores(dataset, np.array([5, 3]))
    assert np.array_equal(scores, run_folder.reference[[5, 3]])


def test_a_reference_of_another_model_or_contract_is_told_by_its_name(
    run_folder: RunFolder, kept: Path
) -> None:
    stored = read_reference(kept)
    for change, message in (
        ({"weights_sha256": "0" * 64}, "scores of another model than"),
        ({"preprocessing": "other"}, "another preprocessing contract"),
    ):
        other = replace(stored, meta=stored.meta.replace(**change))
        write_reference(kept, other)
        with pytest.raises(InputError, match=message):
            obtaining._read_fitting(kept, run_folder.recipe, run_folder.workspace)
    (run_folder.workspace.train / "model.npz").unlink()
    write_reference(kept, stored)
    assert obtaining._read_fitting(kept, run_folder.recipe, run_folder.workspace).same(stored)
