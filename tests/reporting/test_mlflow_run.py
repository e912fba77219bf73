"""What MLflow's option says without MLflow, and where what MLflow prints goes."""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from edgetag.errors import MissingExtraError
from edgetag.reporting.mlflow_run import log_run
from edgetag.workspace import Workspace
from tests.support.made_bundle import recipe_in
from tests.support.made_results import all_entries, make_verdict


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("mlflow") is not None, reason="MLflow is installed")
def test_without_mlflow_the_extra_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingExtraError, match=r"pip install 'edgetag\[mlflow\]'"):
        log_run(recipe_in(tmp_path), Workspace(tmp_path / "run"), "nightly")


class Printing:
    """A client that does nothing, but prints at a run's end as MLflow 3.17.2 does of a server."""

    def __getattr__(self, name: str) -> Callable[..., object]:
        return lambda *_, **__: SimpleNamespace(
            experiment_id="1", info=SimpleNamespace(run_id="c5fa")
        )

    def search_runs(self, *_: object, **__: object) -> list[object]:
        return []

    def set_terminated(self, run: str) -> None:
        print(f"🏃 View run demo at: http://127.0.0.1:8300/#/experiments/1/runs/{run}")


@pytest.mark.slow
def test_what_mlflow_prints_is_no_part_of_the_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds = dict.fromkeys(("Metric", "Param", "RunTag"), lambda *parts: parts)
    entities = SimpleNamespace(**kinds)
    monkeypatch.setitem(
        sys.modules, "mlflow", SimpleNamespace(entities=entities, MlflowClient=Printing)
    )
    workspace = Workspace(tmp_path / "run")
    workspace.validate.mkdir(parents=True)
    make_verdict(all_entries(0.001)).write(workspace.validate / "verdict.json")
    assert log_run(recipe_in(tmp_path), workspace, "nightly") == "c5fa"
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "View run demo" in printed.err
