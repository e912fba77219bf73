"""Scores of the validation split are kept for one file of weights over one set of pictures."""

from pathlib import Path

import numpy as np

from edgetag.dataset import open_dataset
from edgetag.training.kept_scores import keep_scores, kept_scores, scores_file
from edgetag.writing import write_bytes
from tests.support.small_run import build_data


def test_scores_are_those_of_their_weights_and_pictures_or_none(tmp_path: Path) -> None:
    workspace = build_data(tmp_path / "run")
    dataset = open_dataset(workspace)
    weights = tmp_path / "model.npz"
    weights.write_bytes(b"some weights")
    assert kept_scores(weights, workspace, dataset) is None

    scores = np.random.default_rng(1).random((5, 3), dtype=np.float32)
    keep_scores(weights, workspace, dataset, scores)
    kept = kept_scores(weights, workspace, dataset)
    assert kept is not None
    assert np.array_equal(kept, scores)
    assert kept.dtype == np.float32

    weights.write_bytes(b"other weights")
    assert kept_scores(weights, workspace, dataset) is None
    weights.write_bytes(b"some weights")
    workspace.manifest.write_bytes(workspace.manifest.read_bytes() + b"another row")
    assert kept_scores(weights, workspace, dataset) is None


def test_scores_of_several_networks_in_a_folder_are_kept_apart_from_these(tmp_path: Path) -> None:
    workspace = build_data(tmp_path / "run")
    dataset = open_dataset(workspace)
    networks = [workspace.narrow / f"{name}.npz" for name in ("narrow50", "narrow75")]
    for weights in networks:
        write_bytes(weights, weights.name.encode())
    for value, weights in enumerate(networks):
        keep_scores(weights, workspace, dataset, np.full((5, 3), value, dtype=np.float32))
    for value, weights in enumerate(networks):
        kept = kept_scores(weights, workspace, dataset)
        assert kept is not None
        assert (kept == value).all()
    # Which files a stage has left is known by this; what a later one keeps must not change them.
    assert sorted(workspace.narrow.glob("*.npz")) == networks


def test_damaged_scores_are_as_good_as_none(tmp_path: Path) -> None:
    workspace = build_data(tmp_path / "run")
    dataset = open_dataset(workspace)
    weights = tmp_path / "model.npz"
    weights.write_bytes(b"some weights")
    keep_scores(weights, workspace, dataset, np.zeros((5, 3), dtype=np.float32))
    file = scores_file(weights)
    file.write_bytes(file.read_bytes()[:-20])
    assert kept_scores(weights, workspace, dataset) is None
