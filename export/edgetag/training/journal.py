"""What training leaves on disk while it runs: checkpoint, history, TensorBoard logs."""

from pathlib import Path

from edgetag.tf import tf
from edgetag.training import checkpoint as checkpoints
from edgetag.training.checkpoint import Checkpoint
from edgetag.training.result import EpochRecord
from edgetag.writing import write_text

HISTORY = "history.jsonl"
TENSORBOARD = "tensorboard"


class Journal:
    """Writes the state after each epoch.

    The checkpoint is written first and everything else follows from it, so a killed run is
    continued from it and its history never tells of epochs that will be run again.

    Args:
        folder: The run's `train` folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._logs = tf.summary.create_file_writer(str(folder / TENSORBOARD))

    def store(self, state: Checkpoint) -> None:
        """Write checkpoint, history and logs of an epoch."""
        checkpoints.save(state, self._folder / checkpoints.FILE)
        self.write_history(state.records)
        record = state.records[-1]
        with self._logs.as_default(step=record.epoch):
            for name in ("loss", "validation_map", "images_per_s", "learning_rate"):
                tf.summary.scalar(name, getattr(record, name))
        self._logs.flush()

    def write_history(self, records: tuple[EpochRecord, ...]) -> None:
        """Write `history.jsonl`, one line an epoch."""
        lines = "".join(record.model_dump_json() + "\n" for record in records)
        write_text(self._folder / HISTORY, lines)
