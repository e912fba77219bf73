"""The matrix on a really emulated ARM64: scores as here, instructions counted or taken over."""

import shutil

import pytest

from edgetag.conversion.result import ExportedVariant, ExportResult
from edgetag.errors import ExitCode
from edgetag.progress import SilentProgress
from edgetag.runtimes.emulation import Target, find
from edgetag.runtimes.emulation.building import set_up
from edgetag.runtimes.emulation.engine import Emulated
from edgetag.runtimes.emulation.machines import default_cache
from edgetag.targets import store
from edgetag.targets.asked import facts_of
from edgetag.targets.matrix.result import Cell, MatrixResult
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


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run whose float file says that it is one."""
    made = make_run_folder(tmp_path_factory.mktemp("matrix"))
    path = made.workspace.export / "export.json"
    result = ExportResult.read(path, "export")
    fp32, int8 = result.variants
    result.replace(variants=(fp32.replace(float_tensors=9), int8)).write(path)
    return made


@pytest.fixture(scope="module")
def matrix(arm64: Target, folder: RunFolder) -> MatrixResult:
    """The matrix of a run that three counts of before lie in; one is of the very file."""
    counted_before(folder, arm64, "int8", "cortex-a76")
    counted_before(folder, arm64, "int8", "cortex-a53", program="QEMU 1.0")
    counted_before(folder, arm64, "fp32", "cortex-a76")
    path = folder.workspace.targets / "targets.json"
    write_text(path, path.read_text().replace(exported(folder, "fp32").sha256, "0" * 64))
    return run(folder.recipe, folder.workspace, SilentProgress(), ("litert", "litert@arm64"), 4)


def exported(folder: RunFolder, variant: str) -> ExportedVariant:
    files = ExportResult.read(folder.workspace.export / "export.json", "export").variants
    return {file.variant: file for file in files}[variant]


def counted_before(
    folder: RunFolder, target: Target, variant: str, cpu: str, **changes: str
) -> None:
    """Leave a count that nobody would arrive at, as `edgetag target count` would."""
    engine = Emulated(target, "litert", target.cpu(cpu))
    facts = {**facts_of(exported(folder, variant), engine), "instructions": MADE_UP}
    count = InstructionCount.model_validate({**facts, **changes})
    store.add(folder.recipe, folder.workspace, store.make(folder.recipe, counts=(count,)))


def cell_of(matrix: MatrixResult, variant: str) -> Cell:
    cell = matrix.find(variant, "litert@arm64")
    assert cell is not None
    return cell


def test_files_do_on_arm64_what_they_do_here_and_are_counted(
    matrix: MatrixResult, folder: RunFolder
) -> None:
    for variant in ("fp32", "int8"):
        cell = cell_of(matrix, variant)
        assert cell.state == "scored"
        assert set(cell.instructions) == CORES
        assert min(cell.instructions.values()) > 1000
        assert cell.latency is None
        assert cell.same_engine is not None
        assert cell.same_engine.host == "litert"
        assert cell.same_engine.acceptable
    int8 = cell_of(matrix, "int8")
    assert int8.agreement is not None
    assert int8.agreement.identical
    assert matrix.exit_code is ExitCode.ACCEPTED
    assert "✓ as here; " in (folder.workspace.root / "matrix" / "matrix.md").read_text()


def test_a_count_of_the_very_file_is_taken_over_and_others_are_made(matrix: MatrixResult) -> None:
    int8 = cell_of(matrix, "int8").instructions
    assert int8["cortex-a76"] == MADE_UP
    assert 1000 < int8["cortex-a53"] < MADE_UP


def test_a_count_of_another_file_is_not_taken_over(matrix: MatrixResult) -> None:
    assert max(cell_of(matrix, "fp32").instructions.values()) < MADE_UP
