"""The demo's bundle, proved once for all tests of a process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edgetag import Tagger
from edgetag.bundling.opening import open_bundle
from tests.support.paths import ROOT

BUNDLE = next((ROOT / "models" / "demo").glob("demo-*.zip"))


@pytest.fixture(scope="session")
def proved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache folder of our own, in which what is proved is remembered."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder / "edgetag" / "proved"


@pytest.fixture(scope="session")
def tagger(proved: Path) -> Iterator[Tagger]:
    with Tagger(BUNDLE, workers=4) as opened:
        yield opened


@pytest.fixture(scope="session")
def pictures() -> tuple[bytes, ...]:
    """The golden pictures, as files."""
    with open_bundle(BUNDLE) as bundle:
        return bundle.pictures
