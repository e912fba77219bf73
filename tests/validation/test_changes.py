"""What a report draws of a variant: which decisions changed, and curves before and after."""

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from edgetag.dataset import Dataset, Rows, open_dataset
from edgetag.validation.changes import CHANGES_KEPT, CURVE_POINTS, changed_decisions, details
from edgetag.validation.metrics import Measured
from tests.support.splits import split_over
from tests.support.tiny_run import RunFolder

IMAGES = 40
Array = npt.NDArray[Any]


@pytest.fixture
def dataset(run_folder: RunFolder) -> Dataset:
    return open_dataset(run_folder.workspace)


@pytest.fixture
def rows(dataset: Dataset) -> Rows:
    """Not those that begin the manifest, so that a row is no place."""
    return dataset.rows("test")[-IMAGES:]


def pair(dataset: Dataset, labels: Array, before: Array, after: Array) -> tuple[Measured, Measured]:
    names = dataset.vocabulary.names
    groups = [str(number) for number in range(len(labels))]
    split = split_over(
        labels, dataset.vocabulary, groups, min_positives=1, samples=10, confidence=0.9
    )
    lower = dict.fromkeys(names, 0.5)
    return Measured(before, split, lower), Measured(after, split, dict.fromkeys(names, 0.4))


def drawn(dataset: Dataset) -> tuple[Array, Array, Array]:
    """Labels that are all known, and the same low scores before and after."""
    shape = (IMAGES, len(dataset.vocabulary.names))
    labels = np.zeros(shape, dtype=np.int8)
    labels[::4] = 1
    return labels, np.full(shape, 0.1, np.float32), np.full(shape, 0.1, np.float32)


def changed(dataset: Dataset, rows: Rows) -> pl.DataFrame:
    """Two decisions change: one is surer than the other."""
    labels, before, after = drawn(dataset)
    before[4, 0], after[5, 1] = 0.6, 0.45
    labels[6], before[6] = -1, 0.9  # nobody knows
    return changed_decisions(*pair(dataset, labels, before, after), dataset, rows)


def test_a_change_tells_its_image_scores_and_limits_the_surest_first(
    dataset: Dataset, rows: Rows
) -> None:
    first, second = changed(dataset, rows).to_dicts()
    assert [first["tag"], second["tag"]] == [
        dataset.vocabulary.names[1],
        dataset.vocabulary.names[0],
    ]
    assert [first["row"], second["row"]] == [rows[5], rows[4]]
    assert [first["label"], second["label"]] == [False, True]
    assert first["identity"] == dataset.manifest["identity"][int(rows[5])]
    told = ("before", "after", "reference_threshold", "threshold", "certainty")
    assert [first[name] for name in told] == pytest.approx([0.1, 0.45, 0.5, 0.4, 0.4])
    assert [second[name] for name in told] == pytest.approx([0.6, 0.1, 0.5, 0.4, 0.1])


def test_an_image_of_a_changed_decision_is_named_by_its_path(dataset: Dataset, rows: Rows) -> None:
    assert changed(dataset, rows)["path"].to_list() == [
        dataset.manifest["path"][int(rows[place])] for place in (5, 4)
    ]


def test_changes_that_are_as_sure_go_by_image_and_then_by_tag(dataset: Dataset, rows: Rows) -> None:
    labels, before, after = drawn(dataset)
    after[[8, 5, 30]] = 0.7
    table = changed_decisions(*pair(dataset, labels, before, after), dataset, rows)
    told = list(zip(table["identity"], table["tag"], strict=True))
    assert len(set(told)) == 3 * len(dataset.vocabulary.names)
    assert told == sorted(told)


def test_a_curve_has_no_points_that_change_nothing_of_a_drawing(
    dataset: Dataset, rows: Rows
) -> None:
    labels, before, after = drawn(dataset)
    labels[:, 0] = 0
    labels[7, 0] = 1
    after[:, 0] = np.linspace(0.1, 0.3, IMAGES, dtype=np.float32)
    after[7, 0] = 0.9
    measured = pair(dataset, labels, before, after)
    curves = details("x", "y", *measured, changed_decisions(*measured, dataset, rows)).curves
    (curve,) = [each.after for each in curves if each.tag == "cat"]
    # Of all 40 images, of the one that is surest, of none; between them recall stays 1.
    assert (curve.precision, curve.recall) == ((0.025, 1.0, 1.0), (1.0, 1.0, 0.0))


def test_details_keep_the_surest_changes_and_count_all(dataset: Dataset, rows: Rows) -> None:
    labels, before, after = drawn(dataset)
    after[:] = 0.7
    after[:, 0] = np.linspace(0.5, 0.9, IMAGES, dtype=np.float32)
    measured = pair(dataset, labels, before, after)
    table = changed_decisions(*measured, dataset, rows)
    kept = details("int8", "litert", *measured, table)
    assert kept.n_changes == len(table) == labels.size
    assert len(kept.changes) == min(CHANGES_KEPT, labels.size)
    assert [change.row for change in kept.changes] == table["row"].head(CHANGES_KEPT).to_list()
    assert CHANGES_KEPT == 100


def test_curves_are_of_known_labels_and_no_longer_than_a_drawing_needs(
    dataset: Dataset, rows: Rows
) -> None:
    labels, before, after = drawn(dataset)
    after[:, 0] = labels[:, 0]
    after[1, 0], labels[1, 0] = 1.0, -1  # would be a false positive, were it known
    measured = pair(dataset, labels, before, after)
    table = changed_decisions(*measured, dataset, rows)
    (curve,) = [one for one in details("x", "y", *measured, table).curves if one.tag == "cat"]
    assert set(curve.after.precision) == {1.0} | {round(10 / 39, 4)}
    assert curve.before.precision[0] == round(10 / 39, 4)
    assert curve.before.recall == (1.0, 0.0)


def test_a_long_curve_is_thinned_evenly_to_its_ends(dataset: Dataset) -> None:
    generator = np.random.default_rng(1)
    shape = (5000, len(dataset.vocabulary.names))
    labels = generator.integers(0, 2, shape).astype(np.int8)
    scores = generator.random(shape).astype(np.float32)
    measured = pair(dataset, labels, scores, scores)
    curve = details("x", "y", *measured, pl.DataFrame()).curves[0].after
    assert len(curve.recall) == len(curve.precision) == CURVE_POINTS == 200
    assert (curve.recall[0], curve.recall[-1]) == (1.0, 0.0)
    assert list(curve.recall) == sorted(curve.recall, reverse=True)
    # Four digits tell what a drawing shows.
    assert any(round(value, 3) != value for value in curve.recall)
    assert all(round(value, 4) == value for value in curve.recall)
