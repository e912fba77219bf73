"""Pictures unlike all that was learnt from, pictures like sure ones, and models that disagree."""

import numpy as np
import polars as pl
import pytest

from edgetag.dataset import open_dataset
from edgetag.mining.disagreement import disagreements
from edgetag.mining.float_scores import FloatScores
from edgetag.mining.neighbours import far_from_training, like_hits
from edgetag.mining.ranking import Kin, ranked
from edgetag.mining.result import MinedTag
from edgetag.mining.subject import Subject
from edgetag.mining.suspicion import TagJudged
from tests.support.tiny_run import STYLE, TEST, RunFolder, make_run_folder

TAGS = ("cat", "dog", "food")
WIDTH = 16
ODD = 3
"""A picture of the test split that is unlike all others."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return make_run_folder(tmp_path_factory.mktemp("run"))


def subject_of(folder: RunFolder, tags: tuple[str, ...] = TAGS) -> Subject:
    """Return the tiny run's pictures with features that point one way, but for the odd one."""
    dataset = open_dataset(folder.workspace)
    features = np.random.default_rng(1).normal(0, 0.1, (len(dataset.manifest), WIDTH))
    features[:, 0] += 3
    features[ODD, 1] += 6
    return Subject(dataset, tags, features.astype(np.float32))


def scored() -> FloatScores:
    rows = np.arange(TEST + STYLE, dtype=np.int64)
    every = np.full((len(rows), 3), 0.2, np.float32)
    every[:, 1] = 0.45  # of dog it is least sure
    return FloatScores(rows, every, np.full(3, 0.5, np.float32))


@pytest.mark.slow
def test_the_odd_picture_is_the_furthest_and_asked_about_the_tag_that_is_least_sure(
    folder: RunFolder,
) -> None:
    subject = subject_of(folder)
    lists = far_from_training(subject, scored())
    assert lists.keys() == {"dog"}
    first = lists["dog"][0]
    assert (first.row, first.tag, first.kind) == (ODD, "dog", "far from training")
    assert len(lists["dog"]) < TEST + STYLE


def test_only_tags_that_are_asked_for_are_asked_about(folder: RunFolder) -> None:
    subject = subject_of(folder, ("cat", "food"))
    assert far_from_training(subject, scored()).keys() <= {"cat", "food"}


def judged(subject: Subject, says: float = 0.9) -> TagJudged:
    about = MinedTag(tag="cat", labels=1, positives=1)
    return TagJudged(about, (), np.full(len(subject.features), says))


def test_what_lies_nearest_to_a_sure_picture_comes_first_and_has_the_label_no_or_none(
    folder: RunFolder,
) -> None:
    subject = subject_of(folder)
    hit = int(np.flatnonzero(subject.labels[:, 0] == 1)[0])
    without = int(np.flatnonzero(subject.labels[:, 0] != 1)[-1])
    subject.features[without] = subject.features[hit] * 2  # the same direction
    candidates = like_hits(subject, judged(subject))
    assert (candidates[0].row, candidates[0].beside) == (without, hit)
    assert candidates[0].score == pytest.approx(1, abs=1e-5)
    assert all(subject.labels[each.row, 0] != 1 for each in candidates)


def test_a_positive_that_heads_doubt_is_no_hit(folder: RunFolder) -> None:
    subject = subject_of(folder)
    assert like_hits(subject, judged(subject, says=0.1)) == []


def test_what_people_say_is_the_hit_where_they_have_spoken(folder: RunFolder) -> None:
    subject = subject_of(folder)
    row = int(np.flatnonzero(subject.labels[:, 0] == 1)[5])
    manifest = subject.dataset.manifest
    lists = [["cat"] if each == row else [] for each in range(len(manifest))]
    answered = pl.Series("answered", lists, dtype=pl.List(pl.String))
    dataset = type(subject.dataset)(
        manifest.with_columns(answered), subject.dataset.vocabulary, subject.dataset.cache
    )
    candidates = like_hits(Subject(dataset, TAGS, subject.features), judged(subject, says=0.1))
    assert {each.beside for each in candidates} == {row}
    assert "people say" in candidates[0].why


def test_a_copy_of_a_hit_is_no_finding(folder: RunFolder) -> None:
    subject = subject_of(folder)
    groups = ["of one group"] * len(subject.features)
    kin = Kin.over(subject.dataset, groups, 4)
    assert ranked([like_hits(subject, judged(subject))], kin, 5) == ()


def test_models_disagree_only_where_their_decisions_differ_the_furthest_apart_first(
    folder: RunFolder,
) -> None:
    subject = subject_of(folder)
    says = judged(subject, says=0.1)
    assert says.probabilities is not None
    says.probabilities[[7, 9, 11]] = (0.6, 0.99, 0.8)
    listed = disagreements(subject, scored(), says)
    assert [each.row for each in listed] == [9, 11, 7]


def test_without_pictures_beside_those_of_training_none_is_far(folder: RunFolder) -> None:
    nothing = FloatScores(
        np.array([], np.int64), np.empty((0, 3), np.float32), np.full(3, 0.5, np.float32)
    )
    assert far_from_training(subject_of(folder), nothing) == {}
