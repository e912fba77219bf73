"""The restricted reader of torch's legacy files."""

import os
import pickle
import random
from pathlib import Path

import pytest

from edgetag.errors import InputError
from edgetag.networks.torch_file import MAGIC, read_state_dict


class _RunsCode:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("pwned",)


def test_a_pickle_that_would_run_code_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "evil.pth"
    parts: tuple[object, ...] = (MAGIC, 1001, {}, _RunsCode(), [])
    file.write_bytes(b"".join(pickle.dumps(part, protocol=2) for part in parts))
    with pytest.raises(InputError, match="not allowed here"):
        read_state_dict(file)
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    "data", [b"", b"\x80\x02", b"PK\x03\x04" + bytes(100), random.Random(0).randbytes(64)]
)
def test_other_bytes_get_one_clear_message(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "weights.pth"
    file.write_bytes(data)
    with pytest.raises(InputError, match=r"weights\.pth: not a state dict"):
        read_state_dict(file)
