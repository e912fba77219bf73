"""Pictures to tag, and a batch of them that was stopped before it was done."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edgetag import Tagger
from edgetag.progress import SilentProgress
from edgetag.tagging.batch import tag_pictures
from edgetag.tagging.listing import list_pictures


def draw(folder: Path, count: int, size: int = 32) -> list[Path]:
    """Draw pictures of noise over a colour, no two alike."""
    folder.mkdir(parents=True, exist_ok=True)
    random_ = np.random.default_rng(count)
    files = []
    for number in range(count):
        pixels = random_.integers(0, 256, (1, 1, 3)) // 2 + random_.integers(
            0, 128, (size, size, 3)
        )
        files.append(folder / f"{number:05}.png")
        Image.fromarray(pixels.astype(np.uint8)).save(files[-1])
    return files


def stopped_after(tagger: Tagger, pictures: Path, out: Path, count: int) -> None:
    """Tag the first pictures, and then fail as if the command had been stopped."""
    finished = {file.read_bytes() for file in sorted(pictures.iterdir())[:count]}
    real = Tagger.tag

    def failing(self: Tagger, picture: Any, *, maps: bool = False) -> Any:
        if picture not in finished:
            raise KeyboardInterrupt
        return real(self, picture, maps=maps)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Tagger, "tag", failing)
        with pytest.raises(KeyboardInterrupt):
            tag_pictures(tagger, list_pictures([str(pictures)]).pictures, out, SilentProgress())
