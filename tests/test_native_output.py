"""What native code prints is held back, and shown where it may tell why something failed."""

import os
import sys
from pathlib import Path

import pytest

from edgetag.native_output import INFORMATION, VERBOSE_VARIABLE, quiet_stderr
from tests.support.paths import RELEASED
from tests.support.programs import captured

PRINTED = b"INFO: a delegate\nERROR: a node\nINFO: another\n"


def printed(capfd: pytest.CaptureFixture[str]) -> str:
    return capfd.readouterr().err


def test_all_is_held_or_lines_that_begin_so(capfd: pytest.CaptureFixture[str]) -> None:
    with quiet_stderr():
        os.write(2, PRINTED)
    assert printed(capfd) == ""
    with quiet_stderr(INFORMATION):
        os.write(2, PRINTED)
    assert printed(capfd) == "ERROR: a node\n"


@pytest.mark.parametrize("lines", [b"", INFORMATION])
def test_all_is_shown_where_the_block_fails(
    capfd: pytest.CaptureFixture[str], lines: bytes
) -> None:
    with pytest.raises(OSError, match="Bad file"), quiet_stderr(lines):
        os.close(os.write(2, PRINTED) + 10_000)  # no such file is open
    assert printed(capfd) == PRINTED.decode()
    os.write(2, b"later\n")
    assert printed(capfd) == "later\n"


def test_all_is_shown_where_it_is_asked_for(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VERBOSE_VARIABLE, "1")
    with quiet_stderr():
        os.write(2, PRINTED)
    assert printed(capfd) == PRINTED.decode()


def test_what_is_no_note_is_shown_at_the_end_behind_what_python_says() -> None:
    text = (
        "import os, sys; from edgetag.native_output import hold_notes_to_the_end as hold; hold();"
        f"os.write(2, {PRINTED!r}); print('said', file=sys.stderr); os.write(2, b'INFO: ended')"
    )
    done = captured([sys.executable, "-P", "-c", text], env=dict(os.environ))
    assert (done.returncode, done.stderr) == (0, "said\nERROR: a node\n")


@pytest.mark.slow
@pytest.mark.parametrize("runtime", ["litert", "litert-compiled"])
def test_tag_says_nothing_of_the_runtime(tmp_path: Path, runtime: str) -> None:
    from PIL import Image

    Image.new("RGB", (32, 32)).save(tmp_path / "a.png")
    command = [sys.executable, "-P", "-m", "edgetag.cli.main", "tag", str(RELEASED), "a.png"]
    done = captured(
        [*command, "-o", "t.csv", "--runtime", runtime],
        cwd=tmp_path,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")},
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
