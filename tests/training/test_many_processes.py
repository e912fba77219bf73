"""Training that is killed, and training by two workers: real processes, really killed."""

import json
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgetag.arrays import read_arrays
from edgetag.training.result import TrainResult
from edgetag.workspace import Workspace
from tests.support.small_run import ALL, HEAD, Lines, build_data, small_recipe

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow]

Spawn = Callable[..., "subprocess.Popen[str]"]
LIMIT_S = 200.0


def epochs_told(workspace: Workspace) -> int:
    path = workspace.train / "history.jsonl"
    return len(path.read_text().splitlines()) if path.exists() else 0


def result_of(workspace: Workspace) -> TrainResult:
    path = workspace.train / "train.json"
    return TrainResult.from_json(path.read_text(), path)


def test_a_killed_training_ends_with_the_bytes_of_one_that_was_not(
    tmp_path: Path, spawn: Spawn
) -> None:
    killed, whole = build_data(tmp_path / "killed"), build_data(tmp_path / "whole")
    options = {"deterministic": True, "dropout": 0.5, "phases": (HEAD, ALL)}
    process = spawn(options, killed.root)
    deadline = time.monotonic() + LIMIT_S
    while epochs_told(killed) < 2 and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert 2 <= epochs_told(killed) < 4
    assert not (killed.train / "train.json").exists()

    output, _ = spawn(options, killed.root, whole.root).communicate(timeout=LIMIT_S)
    assert "training goes on after epoch" in output, output
    for name in ("model.npz", "thresholds.json"):
        assert (killed.train / name).read_bytes() == (whole.train / name).read_bytes(), name
    told = [[(e.loss, e.validation_map) for e in result_of(w).epochs] for w in (killed, whole)]
    assert told[0] == told[1]
    assert epochs_told(killed) == len(told[0]) == 4


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("localhost", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def test_two_workers_reach_the_metric_of_one_and_attack_pictures_as_it_does(
    tmp_path: Path, spawn: Spawn
) -> None:
    from edgetag.training import stage

    # Batch norms in inference mode, so that only the arithmetic's order may differ; then all
    # layers, where each worker normalizes by its own half of a batch.
    slow = {**ALL, "epochs": 1, "learning_rate": 1e-4, "optimizer": "sgd"}
    attack = {"share": 1.0, "epsilon": 4}  # by FGSM: where PGD begins depends on a batch's size
    phases = ({**HEAD, "epochs": 2}, slow)
    options: dict[str, Any] = {"dropout": 0.0, "phases": phases, "adversarial": attack}
    alone, first, second = (build_data(tmp_path / name) for name in ("alone", "first", "second"))
    cluster = {"worker": [f"localhost:{port}" for port in free_ports(2)]}
    workers = []
    for index, workspace in enumerate((first, second)):
        config = {"cluster": cluster, "task": {"type": "worker", "index": index}}
        workers.append(spawn(options, workspace.root, TF_CONFIG=json.dumps(config)))
    stage.run(small_recipe(**options), alone, Lines())
    for worker in workers:
        output, _ = worker.communicate(timeout=LIMIT_S)
        assert worker.returncode == 0, output

    one, two = result_of(alone).epochs, result_of(first).epochs
    for expected, found in zip(one[:2], two[:2], strict=True):
        assert found.loss == pytest.approx(expected.loss, rel=1e-3)
        assert found.validation_map == pytest.approx(expected.validation_map, abs=1e-3)
    assert two[2].validation_map == pytest.approx(one[2].validation_map, abs=0.05)
    assert not second.train.exists()  # only the chief writes
    kept = [read_arrays(w.train / "model.npz") for w in (alone, first)]
    for a, b in zip(kept[0].values(), kept[1].values(), strict=True):
        np.testing.assert_allclose(a, b, atol=5e-3)
