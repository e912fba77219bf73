"""Which pictures of a folder calibrate a file, and which choose."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgetag.preprocess import Preprocessing
from edgetag.progress import SilentProgress
from edgetag.quantizing.pictures import draw

CONTRACT = Preprocessing(input_size=32, mean=127.0, std=128.0)
FOLDERS, EACH = 3, 150


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three folders of 150 pictures, the red of a picture its folder's."""
    root = tmp_path_factory.mktemp("pictures")
    for number in range(FOLDERS):
        (root / f"{number}").mkdir()
        for picture in range(EACH):
            color = (100 * number, picture, 0)
            Image.new("RGB", (1, 1), color).save(root / f"{number}" / f"{picture:03}.bmp")
    return root


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 3, 10, 200, 340, 10_000])
def test_pictures_of_every_folder_calibrate_and_choose(folder: Path, count: int) -> None:
    drawn = draw([str(folder)], count, CONTRACT, SilentProgress())
    total = min(count + 100, FOLDERS * EACH)
    assert len(drawn.others) == min(100, total // 3)
    assert len(drawn.calibrating) == min(count, total - len(drawn.others))
    colors = [
        {tuple(each) for each in part[:, 16, 16]} for part in (drawn.calibrating, drawn.others)
    ]
    assert not colors[0] & colors[1]
    by_folder = [
        np.bincount(part[:, 16, 16, 0] // 100, minlength=FOLDERS)
        for part in (drawn.calibrating, drawn.others)
    ]
    for pictures in by_folder:
        assert np.ptp(pictures) <= 2
