"""The run folder that tests of validation start from."""

from pathlib import Path

import pytest

from edgetag.progress import SilentProgress
from edgetag.validation import stage
from tests.support.tiny_run import RunFolder, make_run_folder


@pytest.fixture(scope="session")
def scored_folder(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run folder whose variants have been scored once, for all tests."""
    folder = make_run_folder(tmp_path_factory.mktemp("scored"))
    stage.run(folder.recipe, folder.workspace, SilentProgress(), folder.reference_file())
    return folder


@pytest.fixture
def run_folder(scored_folder: RunFolder, tmp_path: Path) -> RunFolder:
    """120 test images in 30 groups, 40 of another style; noisy labels, some unknown.

    Scores of the variants are kept from `scored_folder`; nothing else is.
    """
    return scored_folder.unjudged(tmp_path / "run")
