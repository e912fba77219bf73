"""Whole pictures to ask about: of training alone, the most worth first, none that is answered."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from edgetag.dataset import open_dataset
from edgetag.mining.questions import write_questions
from edgetag.mining.subject import Subject
from edgetag.workspace import Workspace
from tests.support.small_run import TAGS, build_data


def asked(workspace: Workspace) -> pl.DataFrame:
    """Write the questions over features in which the labels hardly show, and read them."""
    dataset = open_dataset(workspace)
    rows = np.arange(len(dataset.manifest), dtype=np.int64)
    features = np.random.default_rng(0).normal(size=(len(rows), 4)).astype(np.float32)
    features[:, :3] += dataset.labels(rows)
    write_questions(Subject(dataset, TAGS, features), workspace, folds=5)
    return pl.read_csv(workspace.mine / "questions.csv")


def test_training_pictures_come_in_the_order_of_their_worth(tmp_path: Path) -> None:
    workspace = build_data(tmp_path / "run", train=160, validation=16)
    table = asked(workspace)
    manifest = pl.read_parquet(workspace.manifest)
    training = manifest.filter(pl.col("split") == "train")["identity"]
    assert len(table)
    assert table["identity"].is_in(training.to_list()).all()
    assert table["identity"].is_unique().all()
    assert table["worth"].is_sorted(descending=True)
    assert table["rank"].to_list() == list(range(1, len(table) + 1))


@pytest.mark.slow
def test_pictures_of_which_all_is_answered_are_not_asked_about(tmp_path: Path) -> None:
    workspace = build_data(tmp_path / "run", train=160, validation=16)
    before = asked(workspace)
    first = before["identity"][:20].to_list()
    manifest = pl.read_parquet(workspace.manifest)
    answered = [list(TAGS) if name in first else [] for name in manifest["identity"]]
    manifest.with_columns(pl.Series("answered", answered)).write_parquet(workspace.manifest)
    assert set(asked(workspace)["identity"]) == set(before["identity"]) - set(first)


def test_where_no_tag_can_be_judged_nothing_is_asked(tmp_path: Path) -> None:
    assert asked(build_data(tmp_path / "run", train=16, validation=16)).is_empty()
