"""Commands and scripts of every document are run as a reader would, on a tiny finished run."""

from pathlib import Path

import pytest

from edgetag.errors import ExitCode
from tests.docs.blocks import Block, all_blocks, commands
from tests.docs.prepared import Prepared, prepare, shell
from tests.docs.shape import unlike
from tests.support.trained_run import TrainedRun

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow, pytest.mark.timeout(1800)]

BLOCKS = [block for block in all_blocks() if block.not_run is None]
JUDGED = {ExitCode.ACCEPTED, ExitCode.BUDGET_BROKEN, ExitCode.UNDECIDED}
"""How a command may end that judges pictures by the hundred and times by the dozen."""


@pytest.fixture(scope="module")
def finished(trained_run: TrainedRun, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepare(trained_run, tmp_path_factory.mktemp("documents"))


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.language in ("console", "sh")], ids=str)
def test_commands_run_and_print_what_is_shown(
    finished: Prepared, tmp_path: Path, block: Block
) -> None:
    folder = finished.copy(tmp_path / "work")
    for command, shown in commands(block):
        done = folder.run(command)
        allowed = JUDGED if command.startswith("edgetag") else {ExitCode.ACCEPTED}
        assert done.code in allowed, f"{block}: $ {command}\nends with {done.code}\n{done.printed}"
        lacking = "\n".join(unlike(shown, done.printed))
        assert not lacking, (
            f"{block}: $ {command}\nprints nothing like\n{lacking}\nbut\n{done.printed}\n"
            "Run it and show what it prints; `…` stands for lines that are left out."
        )


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.language == "python"], ids=str)
def test_scripts_run(finished: Prepared, tmp_path: Path, block: Block) -> None:
    folder = finished.copy(tmp_path / "work").folder
    (tmp_path / "script.py").write_text(block.text)
    done = shell(f"python {tmp_path / 'script.py'}", folder)
    assert done.code == 0, f"{block}:\n{done.printed}"
    assert done.printed
