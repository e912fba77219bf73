"""`edgetag report --mlflow`: into a real MLflow, from an environment of a user who logs there."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from edgetag.validation.result import Verdict
from tests.support.base_install import CLEAN, install
from tests.support.programs import captured
from tests.support.trained_run import TrainedRun

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

DATABASE = ("mlflow-skinny==3.17.2", "sqlalchemy", "alembic")
"""What a client needs whose server is a database file."""

READ = """
import json, mlflow, sys
client = mlflow.MlflowClient()
experiment = client.get_experiment_by_name(sys.argv[1])
print(json.dumps([
    {"name": run.info.run_name, "status": run.info.status, "metrics": run.data.metrics,
     "params": run.data.params, "tags": run.data.tags,
     "files": [file.path for file in client.list_artifacts(run.info.run_id)]
              if run.info.status == "FINISHED" else []}
    for run in client.search_runs([experiment.experiment_id])
]))
"""


def test_figures_and_files_are_logged_once_for_each_verdict(
    trained_run: TrainedRun, tmp_path: Path
) -> None:
    folder = trained_run.copy(tmp_path / "copy")
    environment = install("3.11", tmp_path)
    python = environment / "bin" / "python"
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "pip", "install", "-q", "--python", python, *DATABASE], check=True)
    settings = {
        **CLEAN,
        "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/mlflow.db",
        "PYTHONWARNINGS": "ignore",
    }

    def report(experiment: str = "nightly", **more: str) -> "subprocess.CompletedProcess[str]":
        command = [str(environment / "bin" / "edgetag"), "report", "recipe.toml", "--mlflow"]
        return captured([*command, experiment], cwd=folder, env={**settings, **more})

    def runs(experiment: str) -> list[dict[str, Any]]:
        read = captured([python, "-c", READ, experiment], cwd=tmp_path, env=settings)
        assert read.returncode == 0, read.stderr
        logged: list[dict[str, Any]] = json.loads(read.stdout)
        return logged

    for _ in range(2):
        done = report()
        assert "MLflow: run " in done.stderr, done.stderr
    (run,) = runs("nightly")
    verdict = Verdict.read(folder / "runs" / "demo" / "validate" / "verdict.json", "validate")
    entry = next(each for each in verdict.variants if each.variant == "int8" and each.decides)
    where = f"int8.{entry.runtime}.{entry.split}"
    assert (run["name"], run["status"]) == ("demo", "FINISHED")
    assert run["metrics"][f"map/{where}"] == entry.map
    assert entry.map_drop_interval is not None
    assert run["metrics"][f"map_drop_high/{where}"] == entry.map_drop_interval[1]
    assert run["params"]["network.input_size"] == "64"
    assert run["tags"]["edgetag.verdict"] == verdict.verdict
    assert run["tags"][f"accelerator.{entry.runtime}"] == "cpu"
    assert set(run["files"]) == {
        "bench.json",
        "index.html",
        "recipe.json",
        "summary.md",
        "verdict.json",
    }

    assert run["metrics"][f"latency_p50_ms/int8.{entry.runtime}.threads-1"] > 0

    made = captured(
        [python, "-c", "import mlflow; mlflow.create_experiment('cloud', 's3://bucket/there')"],
        cwd=tmp_path,
        env=settings,
    )
    assert made.returncode == 0, made.stderr
    lacking = report("cloud")
    assert lacking.returncode == 2
    assert "is not installed: No module named 'boto3'" in lacking.stderr.splitlines()[-1]
    assert [run["status"] for run in runs("cloud")] == ["FAILED"]

    refused = report(MLFLOW_TRACKING_URI="gopher://nowhere")
    assert refused.returncode == 2
    assert refused.stderr.splitlines()[-1].startswith("error: MLflow refuses: ")
