"""The runtime matrix: what loads, what agrees, and whether old runtimes say what the files say."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from edgetag.benchmarking.result import BenchResult
from edgetag.cli.app import app
from edgetag.conversion.flatfile import all_operators, pack_model, parse_model
from edgetag.conversion.op_versions import required_runtime
from edgetag.conversion.result import ExportResult
from edgetag.errors import ExitCode, InputError
from edgetag.machine import Acceleration, this_machine
from edgetag.progress import SilentProgress
from edgetag.runtimes import FailureKind, LoadFailure, ScoreRun, engines
from edgetag.sampling import spread
from edgetag.targets.agreement import tolerance
from edgetag.targets.matrix.cells import FileThresholds, agreement_of, same_engine
from edgetag.targets.matrix.proof import prove, read_needs
from edgetag.targets.matrix.result import Cell, MatrixResult, Proof, Target
from edgetag.targets.matrix.stage import benchmark_here, run
from edgetag.targets.matrix.tables import format_agreement, matrix_tables, to_markdown_page
from edgetag.workspace import Workspace
from edgetag.writing import write_text
from tests.support.bad_loops import crashing_model, endless_model
from tests.support.made_results import measured
from tests.support.old_runtime import needs_tflite_runtime
from tests.support.paths import MODELS
from tests.support.tiny_run import RECIPE, TAGS, TEST, RunFolder, make_run_folder

OLD = engines.get("tflite-runtime")
RAN = Acceleration(requested="cpu", used="cpu")
SCORED = ScoreRun(np.zeros((1, 3), dtype=np.float32), 1.0, 1.0)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """A run whose machine has no WebAssembly runtime."""
    monkeypatch.setenv("EDGETAG_TARGETS", str(tmp_path / "no-cache"))
    made = make_run_folder(tmp_path)
    write_text(tmp_path / "recipe.toml", RECIPE)
    return made


def claim(folder: RunFolder, variant: str, version: str) -> None:
    """Let export.json say that a file needs a version."""
    path = folder.workspace.export / "export.json"
    result = ExportResult.read(path, "export")
    changed = tuple(
        file.replace(min_runtime_version=version) if file.variant == variant else file
        for file in result.variants
    )
    result.replace(variants=changed).write(path)


def newer_model() -> bytes:
    """Return the tiny float model with its convolutions in a version that 2.14 lacks."""
    model = parse_model((MODELS / "tiny_fp32.tflite").read_bytes(), "tiny")
    for code in model.operatorCodes:
        code.version = 8 if code.builtinCode == 3 else code.version  # CONV_2D
    return pack_model(model)


def test_agreement_counts_bits_and_decisions() -> None:
    reference = np.array([[0.2, 0.5], [0.7, 0.9]], dtype=np.float32)
    same = agreement_of(reference.copy(), reference, [0.5, 0.5])
    assert (same.identical, same.largest_difference, same.decisions, same.flips) == (True, 0, 4, 0)
    other = np.array([[0.2, 0.4], [0.7, 0.95]], dtype=np.float32)
    found = agreement_of(other, reference, [0.5, 0.5])
    assert not found.identical
    assert found.largest_difference == pytest.approx(0.1)
    assert (found.decisions, found.flips) == (4, 1)
    undecided = agreement_of(other, reference, None)
    assert (undecided.decisions, undecided.flips) == (0, 0)
    assert format_agreement(same) == "identical"
    assert format_agreement(found) == "1.0e-01, 1 of 4"
    assert format_agreement(undecided) == "1.0e-01"


NO_OPERATOR = LoadFailure(
    FailureKind.NOT_LOADABLE, "Didn't find op for builtin opcode 'CONV_2D' version '8'."
)
CRASH = LoadFailure(FailureKind.CRASHED, "boom")


@needs_tflite_runtime
@pytest.mark.parametrize(
    ("newer", "outcome", "reference", "conclusion", "loads"),
    [
        (False, SCORED, SCORED, "not contradicted", True),
        (False, LoadFailure(FailureKind.WRONG_OUTPUT, "logits"), SCORED, "not contradicted", True),
        (False, NO_OPERATOR, SCORED, "contradicted", False),
        (False, CRASH, SCORED, "contradicted", False),
        (False, CRASH, CRASH, "not proved", False),
        (False, LoadFailure(FailureKind.TIMED_OUT, "slow"), SCORED, "not proved", None),
        (False, LoadFailure(FailureKind.UNAVAILABLE, "gone"), SCORED, "not proved", None),
        (True, SCORED, SCORED, "contradicted", True),
        (True, NO_OPERATOR, SCORED, "proved", False),
        (True, CRASH, SCORED, "not proved", False),
    ],
)
def test_a_proof_holds_what_operators_need_against_what_loads(
    newer: bool,
    outcome: ScoreRun | LoadFailure,
    reference: ScoreRun | LoadFailure,
    conclusion: str,
    loads: bool | None,
    folder: RunFolder,
) -> None:
    if newer:
        folder.replace_model("fp32", newer_model())
        claim(folder, "fp32", "2.15.0")
    file = ExportResult.read(folder.workspace.export / "export.json", "export").variants[0]
    proof = prove(file, folder.workspace.root / file.file, OLD, outcome, reference)
    assert (proof.conclusion, proof.loads) == (conclusion, loads)
    assert proof.detail
    if isinstance(outcome, LoadFailure) and loads is not True:
        assert outcome.reason in proof.detail


@needs_tflite_runtime
def test_a_version_that_the_files_own_operators_belie_is_contradicted(folder: RunFolder) -> None:
    claim(folder, "fp32", "1.5.0")
    file = ExportResult.read(folder.workspace.export / "export.json", "export").variants[0]
    proof = prove(file, folder.workspace.root / file.file, OLD, SCORED, SCORED)
    assert proof.conclusion == "contradicted"
    assert proof.detail == "export.json says 1.5.0, its operators say 1.14.0"


@needs_tflite_runtime
def test_an_operator_of_unknown_age_leaves_nothing_proved(
    folder: RunFolder, tmp_path: Path
) -> None:
    (tmp_path / "endless.tflite").write_bytes(endless_model())  # has a WHILE
    needs, unknown = read_needs(tmp_path / "endless.tflite")
    assert unknown == ("WHILE version 1",)
    claim(folder, "fp32", needs)
    file = ExportResult.read(folder.workspace.export / "export.json", "export").variants[0]
    proof = prove(file, tmp_path / "endless.tflite", OLD, SCORED, SCORED)
    assert proof.conclusion == "not proved"
    assert "WHILE version 1" in proof.detail
    assert read_needs(tmp_path / "none.tflite") == ("", ())


def test_thresholds_are_the_verdicts_only_for_the_file_it_judged(folder: RunFolder) -> None:
    file = ExportResult.read(folder.workspace.export / "export.json", "export").variants[0]
    trained = [folder.thresholds[tag] for tag in TAGS]
    assert FileThresholds(folder.workspace, TAGS).of(file) == trained
    assert FileThresholds(folder.workspace, (*TAGS, "new")).of(file) is None
    (folder.workspace.train / "thresholds.json").unlink()
    assert FileThresholds(folder.workspace, TAGS).of(file) is None


@needs_tflite_runtime
@pytest.mark.slow
def test_the_matrix_has_a_cell_for_every_file_and_runtime(folder: RunFolder) -> None:
    exported = ExportResult.read(folder.workspace.export / "export.json", "export").variants
    right = measured("int8", "litert", 1.5).replace(stable=False, sha256=exported[1].sha256)
    stale = right.replace(runtime="tflite-runtime", sha256=exported[0].sha256)
    bench = BenchResult(
        machine=this_machine(), budget_runtime="litert", budget_threads=1, results=(right, stale)
    )
    bench.write(folder.workspace.bench / "bench.json")
    asked = ("tflite-runtime", "wasm", "litert")
    result = run(folder.recipe, folder.workspace, SilentProgress(), asked, 24)
    assert (result.split, result.images, result.reference) == ("test", 24, "litert")
    assert [(cell.variant, cell.target) for cell in result.cells] == [
        (variant, target) for variant in ("fp32", "int8") for target in asked
    ]
    for variant in ("fp32", "int8"):
        reference, old = result.find(variant, "litert"), result.find(variant, "tflite-runtime")
        assert reference is not None
        assert reference.agreement is not None
        assert reference.agreement.identical
        assert reference.agreement.decisions == 24 * 3
        assert old is not None
        assert old.agreement is not None
        assert old.agreement.largest_difference < 0.05
        wasm = result.find(variant, "wasm")
        assert wasm is not None
        assert wasm.state == "unavailable"
        assert reference.accelerator == old.accelerator == RAN
        assert wasm.accelerator == RAN.replace(used=None, reason=wasm.reason)
    targets = {target.name: target for target in result.targets}
    assert targets["litert"].version == engines.get("litert").version()
    assert targets["wasm"].version is None
    assert "edgetag target setup wasm" in (targets["wasm"].missing or "")
    int8 = result.find("int8", "litert")
    assert int8 is not None
    assert int8.latency is not None
    assert (int8.latency.p50_ms, int8.latency.stable, int8.latency.mode) == (1.5, False, "quick")
    assert int8.same_engine is None
    other = result.find("int8", "tflite-runtime")
    assert other is not None
    assert other.latency is None  # measured on another file of this size
    assert [proof.conclusion for proof in result.proofs] == ["not contradicted"] * 2
    assert [proof.accelerator for proof in result.proofs] == [RAN] * 2
    assert result.exit_code is ExitCode.ACCEPTED
    left = folder.workspace.root / "matrix"
    assert MatrixResult.read(left / "matrix.json", "matrix") == result
    page = (left / "matrix.md").read_text(encoding="utf-8")
    assert "1.50 ms unstable" in page
    assert "medians of edgetag bench in quick mode" in page
    assert len([block for block in page.split("\n\n") if block.startswith("|")]) == 3


@needs_tflite_runtime
@pytest.mark.slow
def test_a_newer_file_is_refused_by_the_old_runtime_as_its_operators_say(folder: RunFolder) -> None:
    content = newer_model()
    assert required_runtime(parse_model(content, "newer")) == "2.15.0"
    folder.replace_model("fp32", content)
    claim(folder, "fp32", "2.15.0")
    result = run(folder.recipe, folder.workspace, SilentProgress(), ("litert",), 4)
    proof = result.proofs[0]
    assert (proof.conclusion, proof.loads) == ("proved", False)
    assert "CONV_2D" in proof.detail
    cell = result.find("fp32", "litert")
    assert cell is not None
    assert cell.state == "scored"
    assert [cell.target for cell in result.cells] == ["litert", "litert"]


@needs_tflite_runtime
@pytest.mark.slow
@pytest.mark.parametrize("newer", [False, True])
def test_a_contradiction_ends_the_command_with_1(newer: bool, folder: RunFolder) -> None:
    if newer:  # it is refused, though export.json says 1.14.0
        folder.replace_model("fp32", newer_model())
    else:  # it loads, though export.json says 2.17.0
        claim(folder, "fp32", "2.17.0")
    recipe, out = folder.workspace.root.parent / "recipe.toml", folder.workspace.root
    command = ["matrix", str(recipe), "--out", str(out), "--on", "litert", "--images", "2"]
    done = CliRunner().invoke(app, [*command, "--json"])
    assert done.exit_code == 1, done.output
    proofs = {proof["variant"]: proof for proof in json.loads(done.stdout)["proofs"]}
    assert proofs["fp32"]["conclusion"] == "contradicted"
    assert proofs["fp32"]["loads"] is not newer
    assert proofs["int8"]["conclusion"] == "not contradicted"
    if newer:
        return
    shown = CliRunner().invoke(app, command)
    assert shown.exit_code == 1
    assert "✗ contradicted" in shown.stdout
    assert "export.json says 2.17.0, its operators say 1.14.0" in shown.stdout
    assert (out / "matrix" / "matrix.md").read_text(encoding="utf-8") in shown.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "state", "reason"),
    [
        (endless_model(), "timed out", "no answer for 6 s while running it"),
        (crashing_model(), "crashed", "it crashed (SIGSEGV) while loading it"),
    ],
    ids=["endless", "crashing"],
)
def test_a_model_that_no_runtime_bears_leaves_the_other_cells(
    content: bytes, state: str, reason: str, folder: RunFolder
) -> None:
    folder.replace_model("int8", content)
    targets = folder.recipe.targets.replace(time_limit_s=6.0)
    impatient = folder.recipe.replace(targets=targets)
    result = run(impatient, folder.workspace, SilentProgress(), ("litert",), 4)
    bad, other = result.find("int8", "litert"), result.find("fp32", "litert")
    assert bad is not None
    assert (bad.state, bad.reason) == (state, reason)
    assert other is not None
    assert other.agreement is not None
    assert other.agreement.identical
    titles = [table.title for table in matrix_tables(result)]
    assert "What a runtime did not do" in titles


def scores(*values: float) -> ScoreRun:
    return ScoreRun(np.array([values], dtype=np.float32).T, 1.0, 1.0)


def cell(folder: RunFolder, variant: int, there: ScoreRun | LoadFailure, **more: object) -> Cell:
    """Return the cell of a file on LiteRT elsewhere; here it scored 0.5."""
    file = ExportResult.read(folder.workspace.export / "export.json", "export").variants[variant]
    if variant == 0:
        file = file.replace(float_tensors=9)
    failed = there if isinstance(there, LoadFailure) else None
    return Cell(
        variant=file.variant,
        target="litert@arm64",
        state=failed.kind.value if failed else "scored",
        reason=failed.reason if failed else None,
        same_engine=same_engine("litert", tolerance(file, "litert"), scores(0.5), there),
        **more,
    )


def matrix_of(*cells: Cell, targets: tuple[str, ...] = ("litert@arm64",)) -> MatrixResult:
    proofs = [
        Proof(
            variant=variant,
            min_runtime_version="1.14.0",
            runtime="tflite-runtime",
            runtime_version="2.14.0",
            loads=True,
            conclusion="not contradicted",
            detail="fine",
        )
        for variant in dict.fromkeys(cell.variant for cell in cells)
    ]
    return MatrixResult(
        machine=this_machine(),
        reference="litert",
        split="test",
        images=1,
        targets=tuple(Target(name=name, version="2", missing=None) for name in targets),
        cells=cells,
        proofs=tuple(proofs),
    )


FP32, INT8 = 0, 1


@pytest.mark.parametrize(
    ("variant", "there", "code", "shown"),
    [
        (INT8, scores(0.5), ExitCode.ACCEPTED, "✓ as here"),
        (INT8, scores(0.5 + 1 / 256), ExitCode.BUDGET_BROKEN, "✗ 3.9e-03 from here"),
        (FP32, scores(0.5 + 1e-6), ExitCode.ACCEPTED, "✓ 1.0e-06 from here"),
        (FP32, scores(0.6), ExitCode.BUDGET_BROKEN, "✗ 1.0e-01 from here"),
        (INT8, CRASH, ExitCode.BUDGET_BROKEN, "✗ crashed: boom"),
    ],
)
def test_an_engine_that_disagrees_with_itself_fails_the_command(
    variant: int, there: ScoreRun | LoadFailure, code: ExitCode, shown: str, folder: RunFolder
) -> None:
    result = matrix_of(cell(folder, variant, there))
    assert result.exit_code is code
    assert shown in to_markdown_page(result)


def test_a_file_that_runs_nowhere_is_no_disagreement(folder: RunFolder) -> None:
    assert same_engine("litert", 0.0, CRASH, CRASH).acceptable


def test_instructions_of_each_core_stand_in_the_cell_and_reasons_below(folder: RunFolder) -> None:
    counted = cell(
        folder, INT8, scores(0.5), instructions={"cortex-a76": 12_130_000, "cortex-a53": 33_130_000}
    )
    lost = cell(folder, FP32, scores(0.5), not_counted="a second thread was at work")
    page = to_markdown_page(matrix_of(counted, lost))
    assert "✓ as here; 12.13 / 33.13 M" in page
    assert "instructions of one inference on cortex-a76 / cortex-a53" in page
    assert "✓ as here; not counted" in page
    assert "| not counted | a second thread was at work" in page
    on_one = lost.replace(instructions={"cortex-a53": 33_130_000})
    assert "✓ as here; 33.13 M on cortex-a53" in to_markdown_page(matrix_of(counted, on_one))


def test_columns_are_straight_and_nothing_steers_the_terminal(folder: RunFolder) -> None:
    reason = "it says <b> \x1b[2J | and\u202e more"
    page = to_markdown_page(
        matrix_of(cell(folder, INT8, LoadFailure(FailureKind.NOT_LOADABLE, reason)))
    )
    assert "\\<b\\>" in page
    assert "<b>" not in page
    assert all(character.isprintable() or character in "\n\u200b" for character in page)
    tables = [
        [line for line in part.splitlines() if line.startswith("|")] for part in page.split("\n\n")
    ]
    for table in filter(None, tables):
        assert len({len(line.replace("\u200b", "")) for line in table}) == 1
        assert len({line.replace("\\|", "").count("|") for line in table}) == 1


@pytest.mark.slow
def test_a_file_for_other_tags_is_a_wrong_output(folder: RunFolder) -> None:
    from tests.support.models_elsewhere import model_elsewhere

    folder.replace_model("int8", pack_model(model_elsewhere()))
    result = run(folder.recipe, folder.workspace, SilentProgress(), ("litert",), 4)
    cell = result.find("int8", "litert")
    assert cell is not None
    assert (cell.state, cell.reason) == ("wrong output", "it gives 5 scores, but there are 3 tags")


def test_without_exported_files_it_names_the_verb(folder: RunFolder) -> None:
    (folder.workspace.export / "export.json").unlink()
    with pytest.raises(InputError, match=r"export\.json: missing; run: edgetag export"):
        run(folder.recipe, folder.workspace, SilentProgress())


def test_a_runtime_that_there_is_not_is_refused(folder: RunFolder) -> None:
    with pytest.raises(InputError, match="'phone' is not one of"):
        run(folder.recipe, folder.workspace, SilentProgress(), ("litert", "a|<b>@phone"))


def test_a_changed_file_is_refused(folder: RunFolder) -> None:
    (folder.workspace.export / "int8.tflite").write_bytes(b"other")
    with pytest.raises(InputError, match="has changed since it was made"):
        run(folder.recipe, folder.workspace, SilentProgress())


def test_the_operators_of_the_newer_model_are_those_of_the_tiny_one() -> None:
    names = [operator.name for operator in all_operators(parse_model(newer_model(), "newer"))]
    assert names.count("CONV_2D") == 2


def test_the_matrix_takes_images_of_the_deciding_split_only(folder: RunFolder) -> None:
    from edgetag.dataset import open_dataset

    rows = open_dataset(folder.workspace).rows(folder.recipe.validation.splits[0])
    assert len(spread(rows, 10_000)) == TEST


def test_no_latency_of_another_machine_stands_in_the_matrix(tmp_path: Path) -> None:
    workspace, here = Workspace(tmp_path), this_machine()
    bench = BenchResult(machine=here, budget_runtime="litert", budget_threads=1, results=())
    for machine, known in [(here, bench), (here.replace(cores=here.cores + 1), None)]:
        bench.replace(machine=machine).write(workspace.bench / "bench.json")
        assert benchmark_here(workspace, SilentProgress()) == known
