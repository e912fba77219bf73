"""Worker processes, as a script that uses edgetag meets them."""

import sys
from pathlib import Path

import pytest

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
