"""The demo's bundle, proved once for all tests of a process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edgetag import Tagger
from edgetag.bundling.opening import open_bundle
from tests.support.made_bundle import make_two_variants
from tests.support.paths import RELEASED


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's cache folder for these tests, in which what is proved is remembered."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def proved(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where it is remembered."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    return cache / "edgetag" / "proved"


@pytest.fixture(scope="session")
def tagger(cache: Path) -> Iterator[Tagger]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(cache))
        opened = Tagger(RELEASED, workers=4)
    with opened:
        yield opened


@pytest.fixture(scope="session")
def two_variants(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of `int8` and `fp32`."""
    return make_two_variants(tmp_path_factory.mktemp("two"))


@pytest.fixture(scope="session")
def pictures() -> tuple[bytes, ...]:
    """The golden pictures, as files."""
    with open_bundle(RELEASED) as bundle:
        return bundle.pictures
