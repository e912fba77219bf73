"""Pictures and labels against those of a reference from elsewhere: nothing vanishes unnoticed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from edgetag.arrays import read_arrays, write_arrays
from edgetag.errors import InputError
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe
from edgetag.training.result import Thresholds
from edgetag.validation import stage
from edgetag.validation.pictures import first_of_each, require_allowed
from edgetag.validation.pictures_result import PicturesComparison, SplitPictures, TagLoss
from edgetag.validation.result import Verdict
from edgetag.validation.scores import read_reference, write_reference
from tests.support.listening import Listening
from tests.support.tiny_run import KNOWN, STYLE, TAGS, TEST, RunFolder


@pytest.fixture
def recipe(run_folder: RunFolder) -> Recipe:
    section = run_folder.recipe.validation.replace(runtimes=("litert",))
    return run_folder.recipe.replace(validation=section)


def change(folder: RunFolder, table: pl.Expr | pl.DataFrame) -> None:
    """Change the manifest: columns, or rows that are now of a split that nobody judges."""
    manifest = pl.read_parquet(folder.workspace.manifest)
    changed = manifest.with_columns(table) if isinstance(table, pl.Expr) else table
    changed.write_parquet(folder.workspace.manifest)


def taken_out(which: pl.Expr) -> pl.Expr:
    """Move pictures out of the judged splits, as if they were gone."""
    return pl.when(which).then(pl.lit("train")).otherwise(pl.col("split")).alias("split")


def judge(folder: RunFolder, recipe: Recipe, max_changed: float = 0.0) -> Verdict:
    return stage.run(
        recipe,
        folder.workspace,
        SilentProgress(),
        folder.reference_file(),
        max_changed=max_changed,
    )


@pytest.mark.slow
def test_the_reference_keeps_pictures_labels_and_the_size_of_the_float_file(
    run_folder: RunFolder, recipe: Recipe
) -> None:
    judge(run_folder, recipe)
    kept = read_reference(run_folder.workspace.validate / "reference.npz")
    assert kept.known is not None
    assert kept.known.paths[-1] == "pictures/229.png"
    np.testing.assert_array_equal(kept.known.labels, run_folder.labels[list(KNOWN)])
    assert kept.split[-1] == "validation"
    assert kept.meta.fp32_size_bytes == (run_folder.workspace.export / "fp32.tflite").stat().st_size


def test_unchanged_pictures_are_told_as_such(run_folder: RunFolder, recipe: Recipe) -> None:
    pictures = judge(run_folder, recipe).pictures
    assert pictures is not None
    assert [(s.split, s.known, s.changed) for s in pictures.splits] == [
        ("test", 120, 0),
        ("test_style", 40, 0),
        ("validation", 60, 0),
    ]
    assert pictures.lost_tags == ()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("split", "known"), [("test", 120), ("test_style", 40), ("validation", 60)]
)
def test_missing_pictures_are_refused_and_named(
    run_folder: RunFolder, recipe: Recipe, split: str, known: int
) -> None:
    first = {"test": 0, "test_style": TEST, "validation": TEST + STYLE + 10}[split]
    some = pl.col("identity").is_in([f"id{i}" for i in range(first, first + 5)])
    change(run_folder, taken_out(some))
    with pytest.raises(InputError) as raised:
        judge(run_folder, recipe)
    assert f"5 of {known} pictures of {split} are missing (pictures/{first}.png," in str(
        raised.value
    )
    assert "and 2 more)" in str(raised.value)
    share = -(-5 * 1000 // known) / 1000
    assert f"--max-changed {share:g}" in str(raised.value)
    verdict = judge(run_folder, recipe, share)
    assert verdict.pictures is not None
    (told,) = [s for s in verdict.pictures.splits if s.changed]
    assert (told.split, told.missing, len(told.missing_names)) == (split, 5, 5)


def test_a_split_that_vanished_whole_is_missed(run_folder: RunFolder, recipe: Recipe) -> None:
    change(run_folder, taken_out(pl.col("split") == "validation"))
    with pytest.raises(InputError, match="60 of 60 pictures of validation are missing"):
        judge(run_folder, recipe)


def test_a_split_of_which_the_reference_knows_nothing_is_refused_whatever_is_allowed(
    run_folder: RunFolder, recipe: Recipe
) -> None:
    of_others = pl.when(pl.col("split") == "test_style").then(
        pl.concat_str(pl.lit("x"), "identity")
    )
    change(run_folder, of_others.otherwise(pl.col("identity")).alias("identity"))
    told = "it knows none of the 40 pictures of test_style here.*take test_style out of validation"
    with pytest.raises(InputError, match=told):
        judge(run_folder, recipe, 1.0)


@pytest.mark.slow
def test_a_tag_that_lost_its_positives_is_named(run_folder: RunFolder, recipe: Recipe) -> None:
    change(run_folder, taken_out((pl.col("split") == "test") & (pl.col("tag:cat") == 1)))
    had = int((run_folder.labels[:TEST, 0] == 1).sum())
    with pytest.raises(
        InputError, match=rf"too few positives are left in test for: cat \(0 of {had}"
    ):
        judge(run_folder, recipe)
    verdict = judge(run_folder, recipe, 0.5)
    assert verdict.pictures is not None
    lost = [(loss.tag, loss.split, loss.now) for loss in verdict.pictures.lost_tags]
    assert ("cat", "test", 0) in lost


@pytest.mark.slow
def test_new_pictures_are_refused_or_left_out(run_folder: RunFolder, recipe: Recipe) -> None:
    first = pl.col("identity") == "id0"
    change(run_folder, pl.when(first).then(pl.lit("other")).otherwise("identity").alias("identity"))
    with pytest.raises(InputError, match=r"new in test.* 1 picture \(pictures/0\.png\)"):
        judge(run_folder, recipe)
    verdict = judge(run_folder, recipe, 0.05)
    assert {v.n_images for v in verdict.variants if v.split == "test"} == {TEST - 1}


def test_swapped_labels_are_refused(run_folder: RunFolder, recipe: Recipe) -> None:
    before = run_folder.labels[:TEST, :2]
    swapped = int((before[:, 0] != before[:, 1]).sum())
    manifest = pl.read_parquet(run_folder.workspace.manifest)
    test = pl.col("split") == "test"
    change(
        run_folder,
        manifest.with_columns(
            pl.when(test).then("tag:dog").otherwise("tag:cat").alias("tag:cat"),
            pl.when(test).then("tag:cat").otherwise("tag:dog").alias("tag:dog"),
        ),
    )
    with pytest.raises(InputError, match=rf"{swapped} of 120 pictures of test have other labels"):
        judge(run_folder, recipe)


def test_a_single_label_that_became_known_is_a_change(
    run_folder: RunFolder, recipe: Recipe
) -> None:
    change(run_folder, pl.col("tag:cat").fill_null(0))
    with pytest.raises(InputError, match="have other labels"):
        judge(run_folder, recipe)


def test_groups_that_are_gone_are_refused(run_folder: RunFolder, recipe: Recipe) -> None:
    """Without them pictures of one thing count as many, and every interval is narrower."""
    change(run_folder, pl.lit(None, pl.String).alias("group"))
    with pytest.raises(InputError, match=r"90 of 120 pictures of test are in a group with others"):
        judge(run_folder, recipe)
    verdict = judge(run_folder, recipe, 0.75)
    assert verdict.pictures is not None
    assert [split.regrouped for split in verdict.pictures.splits] == [90, 0, 0]


def test_what_groups_are_called_is_no_change(run_folder: RunFolder, recipe: Recipe) -> None:
    change(run_folder, pl.format("of {}", "group").alias("group"))
    pictures = judge(run_folder, recipe).pictures
    assert pictures is not None
    assert [split.regrouped for split in pictures.splits] == [0, 0, 0]


def test_labels_are_compared_by_tag_and_picture_never_by_position(
    run_folder: RunFolder, recipe: Recipe
) -> None:
    stored = read_reference(run_folder.reference_file())
    assert stored.known is not None
    assert stored.known.groups is not None
    order, columns = np.arange(len(stored.scores))[::-1], [2, 0, 1]
    shuffled = run_folder.reference_file(
        scores=stored.scores[order][:, columns],
        identities=stored.identities[::-1],
        split=stored.split[::-1],
        tags=tuple(TAGS[i] for i in columns),
        known=replace(
            stored.known,
            labels=stored.known.labels[order][:, columns],
            paths=stored.known.paths[::-1],
            groups=first_of_each(stored.known.groups[order]),
        ),
    )
    verdict = stage.run(recipe, run_folder.workspace, SilentProgress(), shuffled)
    assert verdict.pictures is not None
    assert not any(split.changed for split in verdict.pictures.splits)


def test_a_reference_of_an_older_edgetag_still_misses_pictures_and_says_what_it_cannot_see(
    run_folder: RunFolder, recipe: Recipe
) -> None:
    count = TEST + STYLE
    meta = read_reference(run_folder.reference_file()).meta
    old = run_folder.reference_file(
        scores=run_folder.reference[:count],
        identities=tuple(f"id{i}" for i in range(count)),
        split=("test",) * TEST + ("test_style",) * STYLE,
        known=None,
        meta=meta.replace(schema_version="edgetag.reference-scores/1.2"),
    )
    progress = Listening()
    verdict = stage.run(recipe, run_folder.workspace, progress, old)
    assert verdict.pictures is not None
    assert not verdict.pictures.labels_known
    assert any("knows no labels" in line for line in progress.said)
    change(run_folder, taken_out(pl.col("identity") == "id0"))
    with pytest.raises(InputError, match=r"1 of 120 pictures of test are missing \(id0\)"):
        stage.run(recipe, run_folder.workspace, progress, old)


def test_a_reference_kept_where_nothing_was_trained_is_held_to_as_well(
    run_folder: RunFolder, recipe: Recipe
) -> None:
    judge(run_folder, recipe)
    (run_folder.workspace.train / "model.npz").unlink()
    (run_folder.workspace.train / "thresholds.json").unlink()
    change(run_folder, taken_out(pl.col("identity") == "id0"))
    with pytest.raises(InputError, match="1 of 120 pictures of test are missing"):
        stage.run(recipe, run_folder.workspace, SilentProgress())


@pytest.mark.slow
def test_the_run_folder_s_own_reference_follows_its_pictures_and_labels(
    run_folder: RunFolder, recipe: Recipe
) -> None:
    kept = run_folder.workspace.validate / "reference.npz"
    write_reference(kept, read_reference(run_folder.reference_file()))
    change(run_folder, taken_out(pl.col("identity") == "id0"))
    change(run_folder, pl.col("tag:cat").fill_null(0))
    verdict = stage.run(recipe, run_folder.workspace, SilentProgress())
    assert verdict.pictures is None
    now = read_reference(kept)
    assert "id0" not in now.identities
    assert now.known is not None
    assert set(np.unique(now.known.labels[:, 0])) == {0, 1}


@pytest.mark.slow
def test_the_run_folder_s_own_reference_follows_thresholds_that_were_chosen_anew(
    run_folder: RunFolder, recipe: Recipe
) -> None:
    # By another policy, say: the weights stay, so the scores do.
    kept = run_folder.workspace.validate / "reference.npz"
    write_reference(kept, read_reference(run_folder.reference_file()))
    path = run_folder.workspace.train / "thresholds.json"
    chosen = Thresholds.read(path, "train")
    anew = {tag: value / 2 for tag, value in chosen.thresholds.items()}
    chosen.replace(thresholds=anew).write(path)
    stage.run(recipe, run_folder.workspace, SilentProgress())
    assert read_reference(kept).meta.thresholds == anew


@pytest.mark.parametrize("damage", ["labels", "paths"])
def test_labels_and_paths_that_do_not_fit_are_refused(
    run_folder: RunFolder, damage: str, tmp_path: Path
) -> None:
    path = run_folder.reference_file()
    arrays = read_arrays(path)
    write_arrays(path, arrays | {damage: arrays[damage][1:]})
    with pytest.raises(InputError, match=r"labels do not fit|one path per image"):
        read_reference(path)


def changed_pictures(names: tuple[str, ...], count: int) -> str:
    split = SplitPictures(
        split="test", known=120, missing=count, new=0, relabelled=0, missing_names=names
    )
    (line,) = PicturesComparison(splits=(split,)).lines()
    return line.partition("are missing ")[2]


def test_three_pictures_are_named_and_long_names_lose_their_beginning() -> None:
    assert changed_pictures(("a", "b", "c"), 3) == "(a, b, c)"
    assert changed_pictures(("a", "b", "c", "d"), 4) == "(a, b, c and 1 more)"
    fits, long = "x" * 80, "y" * 81
    assert changed_pictures((fits, long), 2) == f"({fits}, …{'y' * 79})"


def compared(split: str = "test", known: int = 120, **changes: int) -> SplitPictures:
    return SplitPictures(
        split=split, known=known, **({"missing": 0, "new": 0, "relabelled": 0} | changes)
    )


def allowed(share: float, *splits: SplitPictures) -> tuple[str, ...]:
    return require_allowed(PicturesComparison(splits=splits), share, Path("reference.npz"))


def test_missing_new_and_relabelled_pictures_are_changes_alike() -> None:
    assert compared(missing=1, new=2, relabelled=4).changed == 7
    three = compared(missing=1, new=1, relabelled=1)
    assert allowed(3 / 120, three) == (
        "1 of 120 pictures of test are missing ()",
        "new in test, and never scored: 1 picture ()",
        "1 of 120 pictures of test have other labels ()",
    )
    with pytest.raises(InputError, match=r"--max-changed 0\.025$"):
        allowed(2.99 / 120, three)


def test_the_share_that_would_be_allowed_is_the_largest_of_any_split_rounded_up() -> None:
    with pytest.raises(InputError, match=r"--max-changed 0\.009$"):  # 1 of 120 is 0.0083…
        allowed(0.0, compared(known=400, new=1), compared("test_style", missing=1))
    with pytest.raises(InputError, match=r"--max-changed 1$"):  # 3 new ones beside 2 known ones
        allowed(0.9, compared(known=2, new=3))
    assert len(allowed(1.0, compared(known=2, new=3))) == 1, "what the refusal advises helps"


def test_new_pictures_beside_none_that_are_known_are_all_of_them() -> None:
    assert len(allowed(1.0, compared(), compared("test_style", known=0, new=1))) == 1
    with pytest.raises(InputError, match=r"--max-changed 1$"):
        allowed(0.99, compared(), compared("test_style", known=0, new=1))


def test_a_reference_that_knows_no_picture_of_the_deciding_split_is_of_other_data() -> None:
    with pytest.raises(InputError, match="it knows none of the 7 pictures of test here"):
        allowed(0.1, compared(missing=120, new=7))
    with pytest.raises(InputError, match="119 of 120 pictures of test are missing"):
        allowed(0.1, compared(missing=119, new=7))


def test_nothing_that_is_compared_is_no_change() -> None:
    assert allowed(0.0) == ()
    assert allowed(0.0, compared()) == ()


def test_lost_tags_are_told_of_their_split() -> None:
    losses = [TagLoss(tag=tag, split=split, before=9, now=1) for tag, split in LOST]
    both = PicturesComparison(splits=(compared(), compared("test_style")), lost_tags=tuple(losses))
    assert both.lines() == (
        "too few positives are left in test for: cat (1 of 9), dog (1 of 9)",
        "too few positives are left in test_style for: food (1 of 9)",
    )


LOST = (("cat", "test"), ("food", "test_style"), ("dog", "test"))


def test_a_tag_with_just_enough_positives_is_missed_when_one_goes(
    run_folder: RunFolder, recipe: Recipe
) -> None:
    cat = run_folder.labels[:TEST, 0] == 1
    section = recipe.validation.replace(min_positives=int(cat.sum()))
    recipe = recipe.replace(validation=section)
    gone = f"id{int(np.flatnonzero(cat)[0])}"
    change(run_folder, taken_out(pl.col("identity") == gone))
    had = int(cat.sum())
    with pytest.raises(InputError, match=rf"in test for: cat \({had - 1} of {had}\)"):
        judge(run_folder, recipe)
