"""Plain pictures reach a runtime's process as they are, and leave nothing behind."""

from pathlib import Path

import numpy as np
import pytest

from edgetag.cache_index import open_cache
from edgetag.temporary_images import SHARD_IMAGES, ImageWriter, images_on_disk


@pytest.mark.parametrize("count", [1, SHARD_IMAGES, SHARD_IMAGES + 1])
def test_every_square_is_read_as_it_was_given(count: int) -> None:
    squares = np.random.default_rng(0).integers(0, 256, (count, 4, 4, 3), dtype=np.uint8)
    with images_on_disk(squares, 4) as folder:
        cache = open_cache(folder)
        assert len(cache) == count
        np.testing.assert_array_equal(cache[np.arange(count)], squares)
    assert not folder.exists()


def test_a_square_is_found_by_the_row_that_adding_it_gave(tmp_path: Path) -> None:
    writer = ImageWriter(tmp_path, 2)
    rows = [writer.add(np.full((2, 2, 3), value, np.uint8)) for value in (7, 9)]
    writer.finish()
    assert open_cache(tmp_path)[np.array(rows)][:, 0, 0, 0].tolist() == [7, 9]
