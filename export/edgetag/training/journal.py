"""What training leaves on disk while it runs: checkpoint, history, TensorBoard logs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgetag.errors import InputError, one_line
from edgetag.tf import tf
from edgetag.training import checkpoint as checkpoints
from edgetag.training.checkpoint import Checkpoint
from edgetag.training.result import EpochRecord
from edgetag.writing import disk_error, write_text

HISTORY = "history.jsonl"
TENSORBOARD = "tensorboard"


class Journal:
    """Writes the state after each epoch.

    The checkpoint is written first and everything else follows from it, so a killed run is
    continued from it and its history never tells of epochs that will be run again.

    Args:
        folder: The run's `train` folder.
        goes_on: Whether it is the training there that goes on; else TensorBoard would draw the
            epochs of both as one curve, so the logs of the other are deleted.

    Raises:
        InputError: The logs cannot be written.
    """

    def __init__(self, folder: Path, *, goes_on: bool) -> None:
        self._folder = folder
        with self._told():
            for logs in [] if goes_on else (folder / TENSORBOARD).glob("events.*"):
                logs.unlink()
            self._logs = tf.summary.create_file_writer(str(folder / TENSORBOARD))

    def store(self, state: Checkpoint) -> None:
        """Write checkpoint, history and logs of an epoch.

        Raises:
            InputError: They cannot be written.
        """
        checkpoints.save(state, self._folder / checkpoints.FILE)
        self.write_history(state.records)
        record = state.records[-1]
        with self._told():
            with self._logs.as_default(step=record.epoch):
                for name in ("loss", "validation_map", "images_per_s", "learning_rate"):
                    tf.summary.scalar(name, getattr(record, name))
            self._logs.flush()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say in one line where TensorFlow's writer fails, as on a full disk."""
        place = self._folder / TENSORBOARD
        try:
            yield
        except OSError as error:
            raise disk_error(place, error) from error
        except tf.errors.OpError as error:
            raise InputError(f"{place}: cannot be written: {one_line(error.message)}") from error

    def write_history(self, records: tuple[EpochRecord, ...]) -> None:
        """Write `history.jsonl`, one line an epoch."""
        lines = "".join(record.model_dump_json() + "\n" for record in records)
        write_text(self._folder / HISTORY, lines)
