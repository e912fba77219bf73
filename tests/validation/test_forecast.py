"""`data check` says beforehand what a run would refuse or leave undecided, with advice."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgetag.dataset.check import check
from edgetag.dataset.result import CheckReport, SplitCounts, TagCounts
from edgetag.errors import ExitCode
from edgetag.progress import SilentProgress
from edgetag.recipe import parse_recipe
from edgetag.validation.forecast import ADVISED, forecast
from edgetag.validation.planning import images_needed
from edgetag.validation.starting_recipe import FLIPS, flips_of_positives, least_ap_drop

Row = tuple[str, str, str, str]
"""Path, split, cat, dog."""


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 130 small pictures that do not resemble each other."""
    folder = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(5)
    for number in range(130):
        coarse = random.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((40, 40)).save(folder / f"{number:03d}.png")
    return folder


def rows(train: int, validation: int, test: int) -> list[Row]:
    """Rows of splits in which every third picture shows a cat, the others a dog."""
    splits = ["train"] * train + ["validation"] * validation + ["test"] * test
    return [
        (f"{number:03d}.png", split, str(int(number % 3 == 0)), str(int(number % 3 > 0)))
        for number, split in enumerate(splits)
    ]


def checked(folder: Path, table: list[Row], recipe: str = "") -> CheckReport:
    source = folder / "labels.csv"
    with source.open("w", newline="") as file:
        csv.writer(file).writerows([("path", "split", "cat", "dog"), *table])
    recipe = recipe or "[budgets.default]\nmax_map_drop = 0.1\n"
    text = f'name = "x"\n[data]\nsource = "labels.csv"\ntags = ["cat", "dog"]\n{recipe}'
    loaded = parse_recipe(text, folder / "recipe.toml")
    return forecast(loaded, check(loaded, SilentProgress()))


def test_enough_pictures_with_margins_that_they_decide_are_accepted(pictures: Path) -> None:
    report = checked(pictures, rows(30, 20, 80))
    assert (report.problems, report.doubts, report.advice) == ((), (), ())
    assert report.exit_code == ExitCode.ACCEPTED


def test_seven_pictures_are_refused(pictures: Path) -> None:
    report = checked(pictures, rows(5, 1, 1))
    assert report.exit_code == ExitCode.BAD_INPUT
    (no_epoch, no_score) = report.problems
    assert "no tag has both a positive and a negative image in the validation split" in no_epoch
    assert "no tag can be scored on test: validation.min_positives is 20" in no_score
    assert "add labelled images (where hashes split, about 205 of a tag in all)" in no_score


def test_pictures_that_all_have_the_tag_are_told_what_is_missing(pictures: Path) -> None:
    everywhere = [(path, split, "1", "") for path, split, *_ in rows(30, 20, 40)]
    no_epoch, no_score = checked(pictures, everywhere).problems[1:]
    assert no_epoch.endswith("label more images that have a tag, and more that lack it")
    assert no_score.endswith(
        "beside 0 negatives; add labelled images (where hashes split, about 205 of a tag in all) "
        "and some that lack it"
    )


def test_quotas_of_rare_tags_are_advised_only_where_they_can_help(pictures: Path) -> None:
    """With a picture for training and one for test, none is left to choose an epoch by."""
    quotas = "; or set data.split.rare_tags_first = true"
    limit = "[budgets.default]\nmax_map_drop = 0.1\n"
    already = f"split.rare_tags_first = true\n{limit}"
    enough = [("000.png", "train", "0", "1"), ("001.png", "validation", "0", "1")]
    enough += [(f"{number:03d}.png", "test", "1", "0") for number in range(2, 5)]
    few = enough[:3]
    assert checked(pictures, enough).problems[1].endswith(quotas)
    assert quotas not in checked(pictures, enough, already).problems[1]
    assert quotas not in checked(pictures, few).problems[1]


@pytest.mark.parametrize(
    ("table", "split"), [(rows(0, 20, 80), "train"), (rows(30, 0, 80), "validation")]
)
def test_a_split_that_training_lacks_is_refused(
    pictures: Path, table: list[Row], split: str
) -> None:
    (problem,) = checked(pictures, table).problems
    assert f"in split {split!r}; name it in a column split" in problem, "there is one"


def test_a_judged_split_without_an_image_is_refused(pictures: Path) -> None:
    asked = '[validation]\nsplits = ["test", "test_style"]\n[budgets.default]\nmax_map_drop = 0.1\n'
    assert "no image of 130 is in split 'test_style'" in "\n".join(
        checked(pictures, rows(30, 20, 80), asked).problems
    )


def test_a_tag_without_a_training_picture_is_refused_unless_allowed(pictures: Path) -> None:
    table = [
        (path, split, "0" if split == "train" else cat, dog)
        for path, split, cat, dog in rows(30, 20, 80)
    ]
    (problem,) = checked(pictures, table).problems
    assert "no training image has the tag 'cat'" in problem
    allowed = (
        "[training]\nallow_tags_without_positives = true\n[budgets.default]\nmax_map_drop = 0.1\n"
    )
    assert checked(pictures, table, allowed).problems == ()


def test_tags_that_are_never_scored_are_counted(pictures: Path) -> None:
    table = [
        (path, split, "1" if path < "020" or path > "128" else "0", dog)
        for path, split, _, dog in rows(30, 20, 80)
    ]
    (advice,) = checked(pictures, table).advice
    assert advice.startswith("1 of 2 tags are never scored, for fewer than 20 positives in test")
    assert "cat (2)" in advice
    assert "every mAP is over the other 1" in advice


def test_tags_whose_threshold_no_validation_picture_chooses_are_told(pictures: Path) -> None:
    table = [
        (path, split, "0" if split == "validation" else cat, dog)
        for path, split, cat, dog in rows(30, 20, 80)
    ]
    (advice,) = checked(pictures, table).advice
    assert advice.startswith("thresholds of cat (0) stay at 0.5, for fewer than 5 positives")
    fixed = '[training]\nthresholds = { policy = "fixed" }\n[budgets.default]\nmax_map_drop = 0.2\n'
    assert checked(pictures, table, fixed).advice == ()


def test_margins_too_narrow_for_the_pictures_would_stay_undecided(pictures: Path) -> None:
    narrow = "[budgets.default]\nmax_map_drop = 0.005\nmax_recall_drop = 0.02\nmax_fpr_rise = 0.2\n"
    report = checked(pictures, rows(30, 20, 80), narrow)
    assert report.exit_code == ExitCode.UNDECIDED
    mean, recall = report.doubts
    assert "budgets.default.max_map_drop = 0.005 is too narrow for 80 test images" in mean
    assert "test images would; or set it to 0.0" in mean
    assert "max_recall_drop is too narrow for the test images of cat (0.02: 27 positives" in recall
    assert "would decide" in recall


def test_a_margin_of_nothing_can_never_be_decided(pictures: Path) -> None:
    nothing = "[budgets.default]\nmax_map_drop = 0.0\nmax_recall_drop = 0.0\n"
    mean, recall = checked(pictures, rows(30, 20, 80), nothing).doubts
    assert "decide; set it to" in mean
    assert "no number decides it" in recall


def test_variants_that_no_limit_on_accuracy_holds_for_are_named(pictures: Path) -> None:
    only = "[budgets.int8]\nmax_map_drop = 0.1\n[budgets.fp16]\nmax_size_ratio = 0.6\n"
    (doubt,) = checked(pictures, rows(30, 20, 80), only).doubts
    assert "no budget limits the accuracy of fp32, fp16, so nobody judges" in doubt


def test_a_limit_that_cannot_be_broken_is_told(pictures: Path) -> None:
    report = checked(pictures, rows(30, 20, 80), "[budgets.default]\nmax_map_drop = 1.0\n")
    assert "can never be broken" in report.advice[0]


@pytest.mark.slow
def test_near_duplicates_and_contradictions_are_told_with_their_rows(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    for number in range(110):
        coarse = random.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((40, 40)).save(tmp_path / f"{number:03d}.png")
    table = rows(10, 20, 80)
    shutil.copy(tmp_path / "039.png", tmp_path / "same.png")
    with Image.open(tmp_path / "005.png") as image:
        image.resize((38, 38)).save(tmp_path / "near.png")
    report = checked(
        tmp_path, [*table, ("same.png", "test", "0", "1"), ("near.png", "test", "0", "1")]
    )
    near, conflict = report.advice
    assert "nearly equal to an image of another split: 1 image, such as near.png (test)" in near
    assert "005.png (train)" in near
    assert "to an earlier row about the same image, whose label is unknown: 1 row," in conflict
    assert f"{tmp_path}/labels.csv:112" in conflict


@pytest.mark.slow
def test_an_image_that_nearly_equals_images_of_two_splits_is_counted_once(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    for number in range(110):
        coarse = random.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((40, 40)).save(tmp_path / f"{number:03d}.png")
    with Image.open(tmp_path / "005.png") as image:
        image.resize((38, 38)).save(tmp_path / "test.png")
        image.resize((42, 42)).save(tmp_path / "validation.png")
    near = [("test.png", "test", "0", "1"), ("validation.png", "validation", "0", "1")]
    report = checked(tmp_path, [*rows(10, 20, 80), *near])
    assert len(report.near_duplicates) == 3
    assert "nearly equal to an image of another split: 2 images, such as" in report.advice[0]


def counted(
    tags: dict[str, TagCounts],
    recipe: str,
    split: str = "test",
    images: int = 400,
    validation: dict[str, TagCounts] | None = None,
) -> CheckReport:
    """Forecast from numbers of pictures alone."""
    splits = {split: SplitCounts(images=images, tags=tags)}
    if validation is not None:
        splits["validation"] = SplitCounts(images=images, tags=validation)
    names = ", ".join(f'"{tag}"' for tag in tags)
    deciding = f'splits = ["{split}"]\n' if split != "test" else ""
    text = (
        f'name = "x"\n[data]\nsource = "labels.csv"\ntags = [{names}]\n'
        f"[validation]\nmin_positives = 20\n{deciding}{recipe}"
    )
    report = CheckReport(
        source="labels.csv",
        format="wide",
        listed=images,
        images=images,
        splits=splits,
        dropped=(),
        rejected={},
        rejected_share=0.0,
        near_duplicates=(),
        straddling_groups=(),
        unknown_tags=(),
        ignored_files=0,
        problems=(),
    )
    return forecast(parse_recipe(text, Path("recipe.toml")), report)


def many(count: int, positives: int, negatives: int = 300) -> dict[str, TagCounts]:
    return {
        f"tag{number}": TagCounts(positives=positives, negatives=negatives, unknown=0)
        for number in range(count)
    }


NO_MARGIN = "[budgets.default]\nmax_map_drop = 0.5\n"


@pytest.mark.parametrize(("count", "named", "more"), [(5, 5, ""), (7, 5, " and 2 more")])
def test_five_tags_are_named_and_the_others_counted(count: int, named: int, more: str) -> None:
    (doubt,) = counted(many(count, 100), f"{NO_MARGIN}max_recall_drop = 0.001\n").doubts
    assert doubt.count("(0.001: 100 positives, ") == named
    assert doubt.endswith(f" would decide){more}")
    unscored = many(count, 3) | {"scored": TagCounts(positives=100, negatives=300, unknown=0)}
    (advice,) = counted(unscored, NO_MARGIN).advice
    assert advice.startswith(f"{count} of {count + 1} tags are never scored")
    assert advice.count(" (3)") == named
    assert f" (3){more}; every mAP is over the other 1" in advice


def test_how_many_of_a_tag_it_takes_is_told_where_hashes_split_alone() -> None:
    tags = many(1, 3) | {"scored": TagCounts(positives=100, negatives=300, unknown=0)}
    (advice,) = counted(tags, NO_MARGIN).advice
    assert advice.endswith("; where hashes split, it takes about 205 of a tag in all")  # 25 of 256
    (advice,) = counted(tags, NO_MARGIN, "test_style").advice
    assert advice.endswith("nobody judges what these lose")


def test_the_pictures_that_a_margin_needs_are_those_of_its_kind() -> None:
    tags = many(1, 100, negatives=40)
    limits = "max_recall_drop = 0.03\nmax_fpr_rise = 0.004\n"
    recall, fpr = counted(tags, NO_MARGIN + limits).doubts
    of_positives = images_needed(ADVISED, 0.03, flips_of_positives(100), 0.95)
    of_negatives = images_needed(ADVISED, 0.004, FLIPS, 0.95)
    assert of_positives is not None
    assert of_negatives is not None
    assert f"(0.03: 100 positives, about {round(of_positives)} would decide)" in recall
    assert f"(0.004: 40 negatives, about {round(of_negatives, -2)} would decide)" in fpr


def test_average_precision_needs_pictures_by_the_square_of_its_margin() -> None:
    (doubt,) = counted(many(1, 100), f"{NO_MARGIN}max_ap_drop = 0.001\n").doubts
    needed = 100 * (least_ap_drop(100, ADVISED, 0.95) / 0.001) ** 2
    assert f"(0.001: 100 positives, about {round(needed, -2):.0f} would decide)" in doubt
    (doubt,) = counted(many(1, 100), f"{NO_MARGIN}max_ap_drop = 0.0\n").doubts
    assert "(0.0: 100 positives, no number decides it)" in doubt
    assert counted(many(1, 100), f"{NO_MARGIN}max_ap_drop = 0.9\n").doubts == ()


def test_a_mean_s_margin_is_doubted_below_what_is_shown_as_often_as_not() -> None:
    # Of one tag with 100 positives the drop scatters by 0.15 / 10; 1.960 of that are shown to be
    # kept half of the time, 2.802 four times in five, for which 0.0293 wants 823 of 400 pictures.
    def doubts(limit: float) -> tuple[str, ...]:
        recipe = f"[budgets.default]\nmax_map_drop = {limit}\n"
        return counted(many(1, 100), recipe).doubts

    assert doubts(0.0295) == ()
    (doubt,) = doubts(0.0293)
    assert doubt == (
        "budgets.default.max_map_drop = 0.0293 is too narrow for 400 test images to decide; about "
        "823 test images would; or set it to 0.05"
    )
    # From 1,000 on to hundreds: 400 · (0.04202 / 0.01)² is 7,064.
    assert "about 7100 test images would" in doubts(0.01)[0]
    assert "about 958 test images would" in doubts(0.02716)[0]


def test_more_tags_scatter_less() -> None:
    # Of 4 tags with 100 positives each half as much as of one: 0.0147, and 0.0210 to be advised.
    (doubt,) = counted(many(4, 100), "[budgets.default]\nmax_map_drop = 0.0146\n").doubts
    assert doubt.endswith("set it to 0.03")
    assert counted(many(4, 100), "[budgets.default]\nmax_map_drop = 0.0148\n").doubts == ()


def test_a_tag_s_average_precision_is_doubted_likewise() -> None:
    # 0.2 / 10 · 1.960 = 0.0392, and 100 · (0.05603 / 0.0391)² positives.
    assert counted(many(1, 100), f"{NO_MARGIN}max_ap_drop = 0.0393\n").doubts == ()
    (doubt,) = counted(many(1, 100), f"{NO_MARGIN}max_ap_drop = 0.0391\n").doubts
    assert "(0.0391: 100 positives, about 205 would decide)" in doubt


def test_recall_is_doubted_where_so_many_positives_show_it_less_often_than_not() -> None:
    # With flips f of n positives the end of the interval is about 1.960 · √(f / n) from no drop:
    # of 400 with 3 % that is 0.017.
    limit = "[budgets.default]\nmax_map_drop = 0.5\nmax_recall_drop = "
    assert counted(many(1, 400), f"{limit}0.025\n").doubts == ()
    assert len(counted(many(1, 400), f"{limit}0.01\n").doubts) == 1


def test_margins_of_files_in_float_are_not_doubted() -> None:
    narrow = "[budgets.fp16]\nmax_map_drop = 0.001\n[budgets.int8]\nmax_map_drop = 0.002\n"
    (doubt,) = counted(many(1, 100), f"{NO_MARGIN}{narrow}").doubts
    assert doubt.startswith("budgets.int8.max_map_drop = 0.002 is too narrow")


@pytest.mark.parametrize(
    ("positives", "negatives", "told"), [(5, 5, False), (4, 50, True), (50, 4, True)]
)
def test_a_threshold_is_chosen_from_five_of_either_kind_on(
    positives: int, negatives: int, told: bool
) -> None:
    few = {
        tag: TagCounts(positives=positives, negatives=negatives, unknown=0) for tag in many(7, 100)
    }
    advice = counted(many(7, 100), NO_MARGIN, validation=few).advice
    assert len(advice) == told
    if told:
        assert advice[0].count(f" ({positives})") == 5
        assert f"tag4 ({positives}) and 2 more stay at 0.5" in advice[0]


def test_five_tags_without_a_threshold_are_all_named() -> None:
    few = many(5, 4)
    (advice,) = counted(many(5, 100), NO_MARGIN, validation=few).advice
    assert "tag4 (4) stay at 0.5" in advice
