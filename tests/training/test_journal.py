"""The logs of a training are of that training alone."""

from pathlib import Path

import pytest

from edgetag.errors import InputError

pytestmark = pytest.mark.tensorflow


def test_logs_of_another_training_go_and_those_of_one_that_goes_on_stay(tmp_path: Path) -> None:
    from edgetag.training.journal import TENSORBOARD, Journal

    logs = tmp_path / TENSORBOARD
    Journal(tmp_path, goes_on=False)
    (first,) = logs.glob("events.*")
    own = logs / "notes.txt"
    own.write_text("of a user")
    Journal(tmp_path, goes_on=True)
    assert first.exists()
    Journal(tmp_path, goes_on=False)
    assert not first.exists()
    assert own.exists()


def test_logs_that_cannot_be_written_are_told_in_one_line(tmp_path: Path) -> None:
    from edgetag.training.journal import TENSORBOARD, Journal

    (tmp_path / TENSORBOARD).write_text("in its place")
    with pytest.raises(InputError, match=f"{TENSORBOARD}: cannot be written: .+"):
        Journal(tmp_path, goes_on=False)
