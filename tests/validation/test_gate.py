"""The job that guards an app's model, through the command line: what must fail, fails."""

import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from edgetag.errors import InputError
from edgetag.validation.scores import read_reference, write_reference
from tests.support.commands import refusal_of
from tests.support.worse_model import worse_model
from tests.validation.app_repository import RECIPE, AppRepository, make_app_repository


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> AppRepository:
    made = make_app_repository(tmp_path_factory.mktemp("app"))
    made.accept()
    return made


@pytest.fixture
def repository(made_once: AppRepository, tmp_path: Path) -> AppRepository:
    """A repository whose model was accepted; pictures are in the cache, scores are kept."""
    folder = tmp_path / "app"
    shutil.copytree(made_once.folder, folder)
    return AppRepository(folder)


def refused(
    repository: AppRepository, *more: object, model: Path | None = None, name: str = ""
) -> str:
    done = repository.validate(*more, model=model, name=name)
    assert isinstance(done.exception, InputError), done.output
    assert int(done.exception.exit_code) == 2
    return str(done.exception)


@pytest.mark.slow
def test_the_same_file_under_any_name_is_what_was_accepted(repository: AppRepository) -> None:
    other = repository.model.rename(repository.folder / "other.tflite")
    done = repository.validate(model=other)
    assert done.exit_code == 0, done.output
    verdict = repository.verdict()
    assert verdict["baseline"]["changes"] == []
    assert verdict["baseline"]["same_scores"]
    assert {one["stands_for"] for one in verdict["variants"]} == {"int8"}


@pytest.mark.slow
def test_a_worse_file_fails_against_the_accepted_state_and_names_what_became_worse(
    repository: AppRepository,
) -> None:
    worse_model(repository.model)
    assert repository.validate("--no-baseline").exit_code == 0
    done = repository.validate()
    assert done.exit_code == 1, done.output
    changes = repository.verdict()["baseline"]["changes"]
    assert ("model", "map", "worse") in {(c["variant"], c["what"], c["change"]) for c in changes}
    assert "worse" in done.output


@pytest.mark.slow
def test_a_file_that_takes_the_variant_s_name_stands_for_it(repository: AppRepository) -> None:
    worse_model(repository.model)
    assert repository.validate(name="int8").exit_code == 1
    assert "another variant" in refused(repository, "--as", "fp16", name="int8")


def test_a_file_whose_variant_was_never_accepted_is_an_error(repository: AppRepository) -> None:
    said = refused(repository, "--as", "fp16")
    assert "nothing is accepted of fp16, which model stands for" in said
    assert "accepted are int8 on litert" in said
    assert "--as x: the recipe's variants are fp32, fp16, int8" in refused(repository, "--as", "x")


@pytest.mark.slow
def test_the_variant_stood_for_gives_the_budgets(repository: AppRepository) -> None:
    limits = {}
    for variant in ("int8", "fp16"):
        repository.validate("--as", variant, "--no-baseline")
        (entry,) = repository.verdict()["variants"]
        limits[variant] = {check["budget"]: check for check in entry["budgets"]}
    assert limits["int8"]["max_map_drop"]["limit"] == 0.5
    assert limits["fp16"].keys() == {"max_map_drop"}
    assert limits["fp16"]["max_map_drop"]["limit"] == 0.6
    ratio = limits["int8"]["max_size_ratio"]
    assert (ratio["verdict"], round(ratio["measured"], 3)) == ("pass", round(3320 / 4348, 3))


def test_a_ratio_of_sizes_that_nothing_tells_is_refused(repository: AppRepository) -> None:
    stored = read_reference(repository.reference)
    object.__setattr__(stored, "meta", stored.meta.replace(fp32_size_bytes=None))
    write_reference(repository.reference, stored)
    assert "set max_size_bytes instead" in refused(repository)


def test_missing_pictures_fail_the_job(repository: AppRepository) -> None:
    table = repository.labels()
    gone = (pl.col("split") == "test") & (pl.col("cat") == 1)
    count = table.filter(gone).height
    repository.relabel(table.filter(~gone))
    said = refused(repository)
    assert f"{count} of 120 pictures of test are missing" in said
    assert f"too few positives are left in test for: cat (0 of {count})" in said


@pytest.mark.slow
def test_a_stated_share_may_be_missing_and_the_accepted_state_is_still_compared_with(
    repository: AppRepository,
) -> None:
    repository.relabel(repository.labels()[1:])
    assert "1 of 120 pictures of test are missing (000.png)" in refused(repository)
    done = repository.validate("--max-changed", "0.01", "--github")
    assert done.exit_code in (0, 1), done.output
    notices = [line for line in done.stdout.splitlines() if line.startswith("::notice")]
    assert any("1 of 120 pictures of test are missing (000.png)" in line for line in notices)
    verdict = repository.verdict()
    assert verdict["pictures"]["splits"][0]["missing_names"] == ["000.png"]
    assert verdict["baseline"]["same_reference"]


def test_pictures_that_thresholds_are_fitted_on_are_missed_too(repository: AppRepository) -> None:
    repository.relabel(repository.labels().filter(pl.col("split") == "test"))
    assert "30 of 30 pictures of validation are missing" in refused(repository)


def test_swapped_labels_of_two_pictures_fail_the_job(repository: AppRepository) -> None:
    table = repository.labels()
    cats = table["cat"].to_numpy().copy()
    first, second = int(np.flatnonzero(cats == 1)[0]), int(np.flatnonzero(cats == 0)[0])
    cats[[first, second]] = cats[[second, first]]
    repository.relabel(table.with_columns(pl.Series("cat", cats)))
    said = refused(repository)
    assert "2 of 120 pictures of test have other labels" in said
    for row in (first, second):
        assert f"{row:03d}.png" in said


@pytest.mark.slow
def test_pictures_in_another_order_are_the_same_pictures(repository: AppRepository) -> None:
    repository.relabel(repository.labels().reverse())
    done = repository.validate()
    assert done.exit_code == 0, done.output
    assert repository.verdict()["baseline"]["changes"] == []


def test_without_an_accepted_state_the_bundled_variant_is_stood_for(
    repository: AppRepository,
) -> None:
    repository.baseline.unlink()
    repository.recipe.write_text(RECIPE.replace('variants = ["int8"]', 'variants = ["fp16"]'))
    assert repository.validate().exit_code == 0
    assert repository.verdict()["variants"][0]["stands_for"] == "fp16"


@pytest.mark.slow
def test_a_refused_file_leaves_no_verdict_of_the_file_before_it(repository: AppRepository) -> None:
    assert repository.validate().exit_code == 0
    repository.model.write_bytes(repository.model.read_bytes()[:1000])
    assert "damaged or truncated" in refused(repository)
    told = repository.edgetag("report", repository.recipe, "--out", repository.out)
    assert "report needs validate" in refusal_of(told)
    assert not (repository.out / "validate" / "verdict.json").exists()


def test_a_class_that_lost_all_its_labels_is_named_though_none_can_be_scored_then(
    repository: AppRepository,
) -> None:
    table = repository.labels()
    repository.relabel(table.with_columns(pl.lit(0).alias(tag) for tag in ("cat", "dog", "food")))
    said = refused(repository)
    assert "pictures, labels or groups are not those that it was made from" in said
    assert "min_positives" not in said


def test_where_nothing_was_trained_a_missing_reference_is_asked_for(
    repository: AppRepository, tmp_path: Path
) -> None:
    fresh = ("--out", tmp_path / "fresh")
    told = repository.edgetag("validate", "file", repository.recipe, repository.model, *fresh)
    assert "--reference" in refusal_of(told)
