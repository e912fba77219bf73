"""Who writes files when several machines train."""

import json

import pytest

from edgetag.errors import InputError
from edgetag.training.cluster import Cluster, read_cluster

WORKERS = {"worker": ["a:1", "b:1"]}


@pytest.mark.parametrize(
    ("cluster", "kind", "index", "expected"),
    [
        (WORKERS, "worker", 0, Cluster(2, True)),
        (WORKERS, "worker", 1, Cluster(2, False)),
        ({"chief": ["c:1"]} | WORKERS, "chief", 0, Cluster(3, True)),
        ({"chief": ["c:1"]} | WORKERS, "worker", 0, Cluster(3, False)),
    ],
)
def test_exactly_one_worker_is_the_chief(
    monkeypatch: pytest.MonkeyPatch,
    cluster: dict[str, list[str]],
    kind: str,
    index: int,
    expected: Cluster,
) -> None:
    config = {"cluster": cluster, "task": {"type": kind, "index": index}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    assert read_cluster() == expected


def test_a_process_without_a_cluster_is_its_own_chief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert read_cluster() == Cluster(1, True)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        '{"cluster": {"worker": ["a:1"]}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "ps", "index": 0}}',
        '{"cluster": {"worker": 3}, "task": {"type": "worker", "index": 0}}',
    ],
)
def test_a_broken_cluster_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(InputError, match="TF_CONFIG"):
        read_cluster()
