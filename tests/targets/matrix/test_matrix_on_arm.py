"""The matrix on a really emulated ARM64: scores as here, instructions counted or taken over."""

import shutil
from pathlib import Path

import pytest

from edgetag.conversion.result import ExportResult
from edgetag.errors import ExitCode
from edgetag.progress import SilentProgress
from edgetag.runtimes.emulation import Target, find
from edgetag.runtimes.emulation.building import set_up
from edgetag.runtimes.emulation.engine import Emulated
from edgetag.runtimes.emulation.machines import default_cache
from edgetag.targets import store
from edgetag.targets.asked import facts_of
from edgetag.targets.matrix.result import MatrixResult
from edgetag.targets.matrix.stage import run
from edgetag.targets.result import InstructionCount
from edgetag.writing import write_text
from tests.support.tiny_run import RunFolder, make_run_folder

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which("apt-get") and shutil.which("dpkg-deb")),
        reason="setting an emulated machine up needs apt-get and dpkg-deb",
    ),
]
MADE_UP = 987_654_321
CORES = {"cortex-a76", "cortex-a53"}


@pytest.fixture(scope="module")
def arm64() -> Target:
    target = find("arm64")
    set_up(target, default_cache(), SilentProgress())
    return target


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """A run whose float file says that it is one."""
    made = make_run_folder(tmp_path)
    path = made.workspace.export / "export.json"
    exported = ExportResult.read(path, "export")
    fp32, int8 = exported.variants
    files = (fp32.replace(float_tensors=9), int8)
    exported.replace(variants=files).write(path)
    return made


def counted_before(folder: RunFolder, target: Target, cpu: str, **changes: str) -> None:
    """Leave a count of int8 that nobody would arrive at, as `edgetag target count` would."""
    file = ExportResult.read(folder.workspace.export / "export.json", "export").variants[1]
    engine = Emulated(target, "litert", target.cpu(cpu))
    told = {**facts_of(file, engine), "instructions": MADE_UP}
    count = InstructionCount.model_validate({**told, **changes})
    store.add(folder.recipe, folder.workspace, store.make(folder.recipe, counts=(count,)))


def on_arm64(folder: RunFolder) -> MatrixResult:
    return run(folder.recipe, folder.workspace, SilentProgress(), ("litert", "litert@arm64"), 4)


def test_files_do_on_arm64_what_they_do_here_and_are_counted(
    arm64: Target, folder: RunFolder
) -> None:
    result = on_arm64(folder)
    for variant in ("fp32", "int8"):
        cell = result.find(variant, "litert@arm64")
        assert cell is not None
        assert cell.state == "scored"
        assert set(cell.instructions) == CORES
        assert min(cell.instructions.values()) > 1000
        assert cell.latency is None
        assert cell.same_engine is not None
        assert cell.same_engine.host == "litert"
        assert cell.same_engine.acceptable
    int8 = result.find("int8", "litert@arm64")
    assert int8 is not None
    assert int8.agreement is not None
    assert int8.agreement.identical
    assert result.exit_code is ExitCode.ACCEPTED
    assert "✓ as here; " in (folder.workspace.root / "matrix" / "matrix.md").read_text()


def test_a_count_of_the_very_file_is_taken_over_and_others_are_made(
    arm64: Target, folder: RunFolder
) -> None:
    counted_before(folder, arm64, "cortex-a76")
    counted_before(folder, arm64, "cortex-a53", program="QEMU 1.0")
    cell = on_arm64(folder).find("int8", "litert@arm64")
    assert cell is not None
    assert cell.instructions["cortex-a76"] == MADE_UP
    assert 1000 < cell.instructions["cortex-a53"] < MADE_UP


def test_a_count_of_another_file_is_not_taken_over(arm64: Target, folder: RunFolder) -> None:
    counted_before(folder, arm64, "cortex-a76")
    path = folder.workspace.targets / "targets.json"
    file = ExportResult.read(folder.workspace.export / "export.json", "export").variants[1]
    write_text(path, path.read_text().replace(file.sha256, "0" * 64))
    cell = on_arm64(folder).find("int8", "litert@arm64")
    assert cell is not None
    assert set(cell.instructions) == CORES
    assert max(cell.instructions.values()) < MADE_UP
