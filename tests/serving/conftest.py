"""A server of the demo's bundle, for all tests of a process."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from skimage import data

from edgetag import Tagger
from tests.support.paths import RELEASED
from tests.support.served import Served, served

PATIENT = "deadline_s = 100"
"""Nothing is given up: these tests are not about that, and share their machine."""


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with two pictures, and a cache folder in which it is remembered what was proved."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "root").mkdir()
    Image.fromarray(data.chelsea()).save(folder / "root" / "cat.jpg")
    Image.fromarray(data.astronaut()).save(folder / "root" / "astronaut.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        yield folder


@pytest.fixture(scope="session")
def server(place: Path) -> Iterator[Served]:
    with served(RELEASED, place / "server", "--root", place / "root", settings=PATIENT) as running:
        yield running


@pytest.fixture(scope="session")
def tagger(place: Path) -> Iterator[Tagger]:
    with Tagger(RELEASED) as opened:
        yield opened


@pytest.fixture
def cat(place: Path) -> bytes:
    return (place / "root" / "cat.jpg").read_bytes()
