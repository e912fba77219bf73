"""Boxes lie where the letterbox put the picture; crops keep the heat. Kotlin has the same cases."""

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetag.cli.mosaic import mosaic
from edgetag.contract import Preprocessing
from edgetag.editing.regions import LEVEL, HeatMap, best_crop, boxes_to_cover
from edgetag.preprocess import content_box
from edgetag.tagging.results import HeatMaps, Tagging

SIZE = (200, 100)
HALF = np.float32(0.5)


def heat(*hot: tuple[int, int]) -> HeatMap:
    """Return 4x4 cells over a 64 px square that holds a picture of 200x100: rows 16 to 48 of it."""
    values = np.full((4, 4), 0.1, np.float32)
    for x, y in hot:
        values[y, x] = 0.9
    return HeatMap(values, SIZE, content_box(SIZE, Preprocessing(input_size=64)), 64)


def test_a_cell_lies_where_the_letterbox_put_the_picture() -> None:
    assert heat((1, 1)).boxes(HALF) == ((50, 0, 100, 50),)
    assert heat((3, 2)).boxes(HALF) == ((150, 50, 200, 100),)


def test_cells_that_touch_at_a_side_are_one_box_at_a_corner_two() -> None:
    assert heat((0, 1), (1, 1), (1, 2)).boxes(HALF) == ((0, 0, 100, 100),)
    assert set(heat((0, 1), (1, 2)).boxes(HALF)) == {(0, 0, 50, 50), (50, 50, 100, 100)}


def test_heat_on_the_bars_alone_gives_no_box() -> None:
    assert heat((2, 0), (1, 3)).boxes(HALF) == ()


@pytest.mark.parametrize(
    ("peak", "level", "threshold"),
    [(0.01, 0.25, 0.0025), (0.75, 0.5, 0.5), (1 - 1e-4, 0.5, 0.99), (1.0, 0.5, 1 - 2**-12)],
)
def test_a_cell_counts_by_its_share_of_the_peaks_evidence(
    peak: float, level: float, threshold: float
) -> None:
    values = np.zeros((4, 4), np.float32)
    values[0, 0] = peak
    assert HeatMap(values, SIZE, (0, 16, 64, 48), 64).threshold(level) == pytest.approx(
        threshold, rel=4e-3
    )


@given(seed=st.integers(0, 99), level=st.floats(0, 1))
def test_the_hottest_cell_always_counts(seed: int, level: float) -> None:
    values = np.random.default_rng(seed).random((4, 4), dtype=np.float32)
    for peak in (values, np.sqrt(values), np.ones_like(values), values * np.float32(1e-6)):
        shown = HeatMap(peak, (64, 64), (0, 0, 64, 64), 64)
        assert shown.threshold(level) <= shown.peak


def test_the_command_covers_by_the_same_level_as_python() -> None:
    assert inspect.signature(mosaic).parameters["level"].default == LEVEL


def test_the_heat_at_a_cells_middle_is_the_cells() -> None:
    assert heat((1, 1)).at([75, 100, 175], [25])[0].tolist() == pytest.approx([0.9, 0.5, 0.1])


def test_the_crop_has_the_ratio_is_as_large_as_can_be_and_keeps_the_heat() -> None:
    assert best_crop(heat((3, 1), (3, 2), (2, 1)), 1.0) == (100, 0, 200, 100)
    assert best_crop(heat((0, 1)), 1.0) == (0, 0, 100, 100)
    assert best_crop(heat((0, 1)), 2.0) == (0, 0, 200, 100)
    assert best_crop(heat(), 1.0) == (50, 0, 150, 100)


@given(value=st.floats(0, 1, width=32), size=st.tuples(st.integers(1, 300), st.integers(1, 300)))
def test_the_crop_of_a_map_that_is_even_lies_in_the_middle(
    value: float, size: tuple[int, int]
) -> None:
    values = np.full((2, 2), value, np.float32)
    even = HeatMap(values, size, content_box(size, Preprocessing(input_size=64)), 64)
    assert np.ptp(even.at(range(size[0]), range(size[1]))) == 0
    left, top, right, bottom = best_crop(even, 1.0)
    assert abs(left + right - size[0]) <= 1 + size[0] / 32
    assert abs(top + bottom - size[1]) <= 1 + size[1] / 32


@given(
    size=st.tuples(st.integers(1, 3000), st.integers(1, 3000)),
    cells=st.integers(1, 14),
    seed=st.integers(0, 99),
    ratio=st.floats(0.01, 100),
)
def test_boxes_and_crops_lie_within_any_picture(
    size: tuple[int, int], cells: int, seed: int, ratio: float
) -> None:
    values = np.random.default_rng(seed).random((cells, cells), dtype=np.float32)
    found = HeatMap(values, size, content_box(size, Preprocessing(input_size=96)), 96)
    for left, top, right, bottom in (*found.boxes(HALF), best_crop(found, ratio)):
        assert 0 <= left < right <= size[0]
        assert 0 <= top < bottom <= size[1]
    left, top, right, bottom = best_crop(found, ratio)
    assert right - left == size[0] or bottom - top == size[1]
    every = found.boxes(np.float32(0))
    assert every == ((0, 0, *size),)


def tagged(score: float, values: list[list[float]] | None) -> Tagging:
    maps = None
    if values is not None:
        array = np.array(values, np.float32)[..., None]
        maps = HeatMaps(array, (0, 8, 32, 24), 32, (40, 30), ("nsfw",))
    return Tagging(("nsfw",), np.array([score], np.float32), np.array([0.5], np.float32), maps)


def test_what_is_not_set_or_not_asked_for_is_not_covered() -> None:
    hot = [[0.0, 0.0], [0.0, 1.0], [0.0, 0.0], [0.0, 0.0]]
    assert boxes_to_cover(tagged(0.4, hot), ["nsfw"], (40, 30)) == ()
    assert boxes_to_cover(tagged(0.9, hot), ["cat"], (40, 30)) == ()
    assert boxes_to_cover(tagged(0.9, hot), ["nsfw"], (40, 30)) == ((20, 0, 40, 15),)


def test_all_is_covered_where_nothing_tells_where() -> None:
    on_the_bars = [[1.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]
    assert boxes_to_cover(tagged(0.9, None), ["nsfw"], (40, 30)) == ((0, 0, 40, 30),)
    assert boxes_to_cover(tagged(0.9, on_the_bars), ["nsfw"], (40, 30)) == ((0, 0, 40, 30),)
