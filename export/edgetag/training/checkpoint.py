"""Everything that training needs to go on after an epoch, in one file that is replaced at once."""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgetag.arrays import write_arrays
from edgetag.training.result import EpochRecord

FILE = "checkpoint.npz"

Arrays = tuple[npt.NDArray[Any], ...]


@dataclass(frozen=True)
class Checkpoint:
    """The state after an epoch.

    Attributes:
        fingerprint: Of everything that decides the training; another one makes this useless.
        records: Every epoch so far, the last one included.
        phase_done: Whether the last epoch ended its phase.
        best_epoch: Position in `records` of the best validation mAP.
        weights: The model's, after the last epoch, in its order.
        best: The model's, after the best epoch.
        optimizer: The optimizer's variables; empty where the phase is done.
    """

    fingerprint: str
    records: tuple[EpochRecord, ...]
    phase_done: bool
    best_epoch: int
    weights: Arrays
    best: Arrays
    optimizer: Arrays

    @property
    def phase(self) -> int:
        """The phase of the last epoch."""
        return self.records[-1].phase

    @property
    def phase_epochs(self) -> int:
        """Epochs done in that phase."""
        return sum(record.phase == self.phase for record in self.records)

    @property
    def epochs_without_gain(self) -> int:
        """Epochs of that phase since the best one, or since the phase began."""
        return min(self.phase_epochs, len(self.records) - 1 - self.best_epoch)


def save(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint in place of an earlier one, atomically."""
    meta = {
        "fingerprint": checkpoint.fingerprint,
        "records": [record.model_dump() for record in checkpoint.records],
        "phase_done": checkpoint.phase_done,
        "best_epoch": checkpoint.best_epoch,
    }
    arrays = {"meta": np.array(json.dumps(meta))}
    arrays |= _named("weights", checkpoint.weights)
    if checkpoint.best_epoch != len(checkpoint.records) - 1:
        arrays |= _named("best", checkpoint.best)
    arrays |= _named("optimizer", checkpoint.optimizer)
    write_arrays(path, arrays)


def parse(data: bytes) -> Checkpoint:
    """Read the bytes of a checkpoint.

    Raises:
        ValueError: They are not what `save` writes.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            meta = json.loads(str(file["meta"]))
            parts = {
                part: tuple(file[name] for name in sorted(file.files) if name.startswith(part))
                for part in ("weights:", "best:", "optimizer:")
            }
        return Checkpoint(
            fingerprint=meta["fingerprint"],
            records=tuple(EpochRecord.model_validate(record) for record in meta["records"]),
            phase_done=meta["phase_done"],
            best_epoch=meta["best_epoch"],
            weights=parts["weights:"],
            best=parts["best:"] or parts["weights:"],
            optimizer=parts["optimizer:"],
        )
    except Exception as error:  # zipfile, zlib and numpy raise many kinds on damaged files
        raise ValueError(f"{type(error).__name__}: {error}") from error


def _named(part: str, arrays: Sequence[npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    return {f"{part}:{position:05d}": array for position, array in enumerate(arrays)}
