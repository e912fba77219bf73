"""LiteRT.js, fetched once for all tests that run models in a browser."""

import os
from pathlib import Path

import pytest

from edgetag.progress import SilentProgress
from edgetag.runtimes.browser import Browser
from edgetag.runtimes.browser.devtools import find_chromium


@pytest.fixture(scope="session")
def browser_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder with LiteRT.js, fetched by npm."""
    if find_chromium() is None and "CI" not in os.environ:
        pytest.skip("needs Chromium: Debian's package chromium")
    folder = tmp_path_factory.mktemp("browser")
    Browser(folder).set_up(SilentProgress())
    return folder
