"""Without MLflow its option says what to install."""

import importlib.util
from pathlib import Path

import pytest

from edgetag.errors import MissingExtraError
from edgetag.reporting.mlflow_run import log_run
from edgetag.workspace import Workspace
from tests.support.made_bundle import recipe_in


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("mlflow") is not None, reason="MLflow is installed")
def test_without_mlflow_the_extra_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingExtraError, match=r"pip install 'edgetag\[mlflow\]'"):
        log_run(recipe_in(tmp_path), Workspace(tmp_path / "run"), "nightly")
