"""Worker processes, as a script that uses edgetag meets them."""

import subprocess
import sys
from pathlib import Path

import pytest

from edgetag.children import python_environment
from tests.support.programs import captured

SCRIPT = """
from edgetag.dataset.workers import run_all
from edgetag.errors import InputError


def work():
    try:
        print(sorted(run_all(abs, enumerate([(-1,), (-2,)]), 2)))
    except InputError as error:
        print(error)


"""


@pytest.mark.parametrize(
    ("guard", "told"),
    [
        ('if __name__ == "__main__":\n    ', "[(0, 1), (1, 2)]"),
        ("", "script.py works without asking for __name__ == '__main__'"),
    ],
)
def test_a_script_that_its_own_workers_would_repeat_is_told_so(
    tmp_path: Path, guard: str, told: str
) -> None:
    script = tmp_path / "script.py"
    script.write_text(f"{SCRIPT}{guard}work()\n", encoding="utf-8")
    done = captured([sys.executable, script])
    assert told in done.stdout, done.stdout + done.stderr


SENDING = """
from edgetag.dataset.workers import run_all
if __name__ == "__main__":
    for _ in range(10):
        for _ in run_all(bytes, enumerate([(2**24,)] * 100), 2):
            break
"""


@pytest.mark.slow
def test_workers_are_ended_while_they_send_and_nothing_waits_for_the_rest(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SENDING, encoding="utf-8")
    subprocess.run([sys.executable, script], check=True, timeout=100, env=python_environment())
