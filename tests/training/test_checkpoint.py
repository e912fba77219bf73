"""Checkpoints keep everything and are never half read."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgetag.training.checkpoint import Checkpoint, parse, save
from edgetag.training.result import EpochRecord


def record(phase: int, epoch: int, validation_map: float) -> EpochRecord:
    return EpochRecord(
        phase=phase,
        epoch=epoch,
        loss=0.5,
        validation_map=validation_map,
        images_per_s=10.0,
        learning_rate=1e-3,
    )


def checkpoint(best_epoch: int) -> Checkpoint:
    arrays = [np.arange(n, dtype=np.float32) for n in range(12)]
    return Checkpoint(
        fingerprint="f",
        records=(record(0, 0, 0.3), record(1, 1, 0.7), record(1, 2, 0.6)),
        phase_done=False,
        best_epoch=best_epoch,
        weights=tuple(arrays),
        best=tuple(array + 1 for array in arrays),
        optimizer=(np.array(7, np.int64), *arrays),
    )


def test_a_checkpoint_survives_a_round_trip(tmp_path: Path) -> None:
    written = checkpoint(best_epoch=1)
    save(written, tmp_path / "checkpoint.npz")
    read = parse((tmp_path / "checkpoint.npz").read_bytes())
    assert (read.records, read.phase, read.phase_epochs) == (written.records, 1, 2)
    assert (read.fingerprint, read.phase_done, read.best_epoch) == ("f", False, 1)
    for part in ("weights", "best", "optimizer"):
        for a, b in zip(getattr(read, part), getattr(written, part), strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)


def test_weights_that_are_the_best_are_stored_once(tmp_path: Path) -> None:
    written = checkpoint(best_epoch=2)
    save(replace(written, best=written.weights), tmp_path / "checkpoint.npz")
    read = parse((tmp_path / "checkpoint.npz").read_bytes())
    for a, b in zip(read.best, written.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    with np.load(tmp_path / "checkpoint.npz") as file:
        assert not any(name.startswith("best") for name in file.files)


@pytest.mark.parametrize("keep", [0, 1, 100, -1])
def test_a_truncated_checkpoint_is_refused(tmp_path: Path, keep: int) -> None:
    save(checkpoint(1), tmp_path / "checkpoint.npz")
    with pytest.raises(ValueError, match=r"."):
        parse((tmp_path / "checkpoint.npz").read_bytes()[:keep])


@pytest.mark.parametrize(("best_epoch", "expected"), [(0, 2), (1, 1), (2, 0)])
def test_epochs_without_gain_count_from_the_best_or_the_phase(
    best_epoch: int, expected: int
) -> None:
    assert checkpoint(best_epoch).epochs_without_gain == expected
