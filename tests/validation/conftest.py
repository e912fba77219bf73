"""The run folder that tests of validation start from."""

from pathlib import Path

import pytest
from tiny_run import RunFolder, make_run_folder


@pytest.fixture
def run_folder(tmp_path: Path) -> RunFolder:
    """120 test images in 30 groups, 40 of another style; noisy labels, some unknown."""
    return make_run_folder(tmp_path)
