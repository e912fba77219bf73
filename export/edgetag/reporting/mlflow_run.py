"""A run's figures and files in MLflow, beside those of other runs.

Where to is MLflow's own setting, `MLFLOW_TRACKING_URI`. A verdict is logged once: given again, its
run in MLflow is brought up to date.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import Any

from edgetag.benchmarking.current import read_current
from edgetag.benchmarking.result import BenchResult
from edgetag.errors import InputError, MissingExtraError, one_line
from edgetag.recipe import Recipe
from edgetag.validation.result import VariantVerdict, Verdict
from edgetag.workspace import Workspace, digest_file

VERDICT_TAG = "edgetag.verdict_sha256"
FILES = ("report/index.html", "report/summary.md", "validate/verdict.json", "bench/bench.json")
RECIPE_FILE = "recipe.json"


def log_run(recipe: Recipe, workspace: Workspace, experiment: str) -> str:
    """Log figures as metrics, settings as parameters, and the report's files as artifacts.

    Args:
        recipe: What was run.
        workspace: Holds verdict and report.
        experiment: MLflow's name for a series of runs; made where it is new.

    Returns:
        The run's number in MLflow.

    Raises:
        InputError: MLflow is not installed, cannot be reached, or refuses; or what keeps its
            artifacts does, or needs a package that is not installed.
    """
    mlflow = _mlflow()
    file = workspace.validate / "verdict.json"
    verdict = Verdict.read(file, "validate")
    bench = read_current(recipe, workspace)
    now = int(time.time() * 1000)
    metrics = [mlflow.entities.Metric(k, v, now, 0) for k, v in _metrics(verdict, bench)]
    parameters = [mlflow.entities.Param(k, str(v)) for k, v in _parameters(recipe)]
    named = {**verdict.versions, **_accelerators(verdict), "edgetag.verdict": verdict.verdict}
    tags = [mlflow.entities.RunTag(k, v) for k, v in named.items()]
    settings, digest = recipe.model_dump_json(indent=2) + "\n", digest_file(file)
    files = [path for name in FILES if (path := workspace.root / name).exists()]
    # From here on only MLflow works: whatever is raised is its own, or that of its stores.
    try:
        client = mlflow.MlflowClient()
        run = _run_of(client, experiment, recipe.name, digest)
        # A client of a server prints where it shows the run, and stdout belongs to the result.
        with redirect_stdout(sys.stderr), _ended(client, run):
            # The client makes as many requests of it as the server's limits ask for.
            client.log_batch(run, metrics, parameters, tags)
            client.log_text(run, settings, RECIPE_FILE)
            for path in files:
                client.log_artifact(run, str(path))
    except ImportError as error:
        raise InputError(
            f"MLflow needs a package for where it is to write, which is not installed: {error}"
        ) from error
    except Exception as error:  # what keeps artifacts (S3, Azure, a folder) has errors of its own
        address = "" if mlflow.is_tracking_uri_set() else "; MLFLOW_TRACKING_URI is not set"
        raise InputError(f"MLflow refuses: {one_line(str(error))}{address}") from error
    return str(run)


@contextmanager
def _ended(client: Any, run: str) -> Iterator[None]:
    """End a run of MLflow's: as finished, or as failed where the block did not come to its end."""
    try:
        yield
    except BaseException:  # Ctrl-C too: nobody else ends it
        # What went wrong is told, not that the server does not take this either.
        with suppress(Exception):
            client.set_terminated(run, "FAILED")
        raise
    client.set_terminated(run)


def _mlflow() -> Any:
    try:
        import mlflow
    except ImportError:
        raise MissingExtraError("mlflow-skinny", "mlflow") from None
    return mlflow


def _run_of(client: Any, experiment: str, name: str, verdict_sha256: str) -> str:
    """Return the run of a verdict, a new one where there is none."""
    there = client.get_experiment_by_name(experiment)
    number = client.create_experiment(experiment) if there is None else there.experiment_id
    wanted = f"tags.`{VERDICT_TAG}` = '{verdict_sha256}'"
    known = client.search_runs([number], filter_string=wanted, max_results=1)
    if known:
        return str(known[0].info.run_id)
    made = client.create_run(number, run_name=name, tags={VERDICT_TAG: verdict_sha256})
    return str(made.info.run_id)


def _accelerators(verdict: Verdict) -> dict[str, str]:
    """Return what ran, by runtime; files that one did not run are in the verdict's artifact."""
    return {
        f"accelerator.{entry.runtime}": entry.accelerator.sentence
        for entry in verdict.variants
        if entry.accelerator
    }


def _metrics(verdict: Verdict, bench: BenchResult | None) -> Iterator[tuple[str, float]]:
    """Yield names and values; MLflow shows names that share what is before `/` together."""
    for entry in verdict.variants:
        for name, value in _figures(entry).items():
            if value is not None:
                yield f"{name}/{entry.variant}.{entry.runtime}.{entry.split}", value
    for measured in bench.results if bench else ():
        where = f"{measured.variant}.{measured.runtime}.threads-{measured.threads}"
        yield f"latency_p50_ms/{where}", measured.latency_ms.p50
        yield f"latency_p90_ms/{where}", measured.latency_ms.p90
        yield f"size_bytes/{where}", float(measured.size_bytes)


def _figures(entry: VariantVerdict) -> dict[str, float | None]:
    low, high = entry.map_drop_interval or (None, None)
    return {
        "map": entry.map,
        "map_drop": entry.map_drop,
        "map_drop_low": low,
        "map_drop_high": high,
        "f1": entry.f1,
        "flip_rate": entry.flip_rate,
        "logit_rmse": entry.logit_rmse,
    }


def _parameters(recipe: Recipe) -> Iterator[tuple[str, object]]:
    """Yield what runs are told apart by; the whole recipe is an artifact."""
    yield "seed", recipe.seed
    for key, value in recipe.network:
        yield f"network.{key}", value
    yield "training.batch_size", recipe.training.batch_size
    yield "training.epochs", sum(phase.epochs for phase in recipe.training.phases)
    yield "export.variants", ", ".join(recipe.export.variants)
