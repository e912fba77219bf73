"""What is kept of other machines: the latest of each place, and only of files as they are."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgetag.cli.app import app
from edgetag.conversion.exported import exported_path
from edgetag.conversion.result import ExportResult
from edgetag.errors import InputError
from edgetag.fingerprints import fingerprint, settings_digest
from edgetag.one_stage import add_to_stage
from edgetag.pipeline import run_all
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe, load_recipe
from edgetag.stages import stage
from edgetag.targets import store
from edgetag.targets.counting.ratios import read_counts
from edgetag.targets.result import CountFailure, InstructionCount, TargetCheck, TargetsResult
from edgetag.workspace import RunFile, Workspace, digest_file
from edgetag.writing import write_text
from tests.support.made_results import stage_record


@pytest.fixture
def workspace(run_folder: Path) -> Workspace:
    return Workspace(run_folder / "run")


@pytest.fixture
def recipe(run_folder: Path) -> Recipe:
    return load_recipe(run_folder / "recipe.toml")


def place(workspace: Workspace, variant: str, cpu: str | None) -> dict[str, object]:
    path = workspace.export / f"{variant}.tflite"
    return {
        "variant": variant,
        "sha256": digest_file(path),
        "target": "arm64",
        "runtime": "litert",
        "runtime_version": "2.3.0",
        "cpu": cpu,
        "program": "QEMU 7.2",
    }


def check(workspace: Workspace, variant: str, cpu: str, agreement: str) -> TargetCheck:
    return TargetCheck.model_validate(
        {
            **place(workspace, variant, cpu),
            "host": "litert",
            "split": "test",
            "images": 3,
            "tolerance": 0.0,
            "agreement": agreement,
        }
    )


def count(workspace: Workspace, variant: str, cpu: str, instructions: int) -> InstructionCount:
    return InstructionCount.model_validate(
        {**place(workspace, variant, cpu), "instructions": instructions}
    )


def read(workspace: Workspace) -> TargetsResult:
    return TargetsResult.read(store.result_path(workspace), "test")


def test_a_run_is_not_compared_by_counts_of_a_former_file(
    recipe: Recipe, workspace: Workspace
) -> None:
    counted = store.make(recipe, counts=[count(workspace, "int8", "cortex-a76", 5)])
    store.add(recipe, workspace, counted)
    assert read_counts(workspace.root) == counted
    path = exported_path(workspace)
    path.write_text(path.read_text().replace(counted.counts[0].sha256, "e" * 64))
    with pytest.raises(InputError, match=r"int8 was exported anew since.*target count"):
        read_counts(workspace.root)
    assert read_counts(store.result_path(workspace)) == counted


def test_another_processor_is_added_and_the_same_one_replaced(
    recipe: Recipe, workspace: Workspace
) -> None:
    for cpu, agreement in (
        ("cortex-a76", "differs"),
        ("cortex-a53", "identical"),
        ("cortex-a76", "identical"),
    ):
        found = store.make(recipe, [check(workspace, "int8", cpu, agreement)])
        store.add(recipe, workspace, found)
    kept = read(workspace).checks
    assert {(one.cpu, one.agreement) for one in kept} == {
        ("cortex-a76", "identical"),
        ("cortex-a53", "identical"),
    }
    assert len(kept) == 2


def test_a_count_takes_the_place_of_a_failure_to_count(
    recipe: Recipe, workspace: Workspace
) -> None:
    failed = CountFailure.model_validate(
        {**place(workspace, "int8", "cortex-a76"), "reason": "boom"}
    )
    assert store.add(recipe, workspace, store.make(recipe, failures=[failed])).verdict == "fail"
    counted = store.make(recipe, counts=[count(workspace, "int8", "cortex-a76", 5)])
    merged = store.add(recipe, workspace, counted)
    assert (merged.failures, merged.verdict) == ((), "pass")


def test_what_was_found_for_a_file_of_the_past_is_dropped(
    recipe: Recipe, workspace: Workspace
) -> None:
    counts = [count(workspace, name, "cortex-a76", 7) for name in ("fp32", "int8")]
    store.add(recipe, workspace, store.make(recipe, counts=counts))
    path = workspace.export / "export.json"
    exported = ExportResult.read(path, "export")
    changed = exported.variants[1].replace(sha256="ab" * 32)
    ExportResult(variants=(exported.variants[0], changed)).write(path)
    known = store.read_current(recipe, workspace)
    assert known is not None
    assert [one.variant for one in known.counts] == ["fp32"]
    assert known.budgets == ()
    store.add(recipe, workspace, store.make(recipe))
    assert [one.variant for one in read(workspace).counts] == ["fp32"]


def test_a_changed_limit_is_judged_anew(recipe: Recipe, workspace: Workspace) -> None:
    counts = [count(workspace, "int8", "cortex-a76", 100_000)]
    store.add(recipe, workspace, store.make(recipe, counts=counts))
    file = workspace.root.parent / "recipe.toml"
    file.write_text(file.read_text().replace("instructions = 200000", "instructions = 99999"))
    known = store.read_current(load_recipe(file), workspace)
    assert known is not None
    assert known.verdict == "fail"


def test_a_damaged_result_is_one_line(recipe: Recipe, workspace: Workspace) -> None:
    write_text(store.result_path(workspace), "{")
    with pytest.raises(InputError, match=r"targets\.json"):
        store.add(recipe, workspace, store.make(recipe))


def finished(recipe: Recipe, workspace: Workspace) -> None:
    """Leave the stage of targets as a run does."""
    path = store.result_path(workspace)
    record = stage_record(
        fingerprint="f",
        settings=settings_digest(stage("targets"), recipe),
        outputs={workspace.relative(path): digest_file(path)},
    )
    run_file = RunFile(name=recipe.name, recipe={}, seed=1, versions={}, stages={"targets": record})
    run_file.write(workspace.run_file)


@pytest.mark.slow
def test_what_a_verb_adds_leaves_the_stage_up_to_date_and_the_report_out_of_date(
    recipe: Recipe, workspace: Workspace
) -> None:
    store.add(recipe, workspace, store.make(recipe, counts=[count(workspace, "fp32", "a", 1)]))
    finished(recipe, workspace)
    before = workspace.read_run_file()
    more = store.make(recipe, counts=[count(workspace, "int8", "a", 1)])
    add_to_stage("targets", recipe, workspace, lambda: store.add(recipe, workspace, more))
    after = workspace.read_run_file()
    assert before is not None
    assert after is not None
    (digest,) = after.stages["targets"].outputs.values()
    assert digest == digest_file(store.result_path(workspace))
    assert after.stages["targets"].fingerprint == before.stages["targets"].fingerprint
    report = stage("report")
    assert fingerprint(report, recipe, after) != fingerprint(report, recipe, before)


def test_a_result_that_was_tampered_with_stays_out_of_date(
    recipe: Recipe, workspace: Workspace
) -> None:
    store.add(recipe, workspace, store.make(recipe, counts=[count(workspace, "fp32", "a", 1)]))
    finished(recipe, workspace)
    path = store.result_path(workspace)
    path.write_text(path.read_text().replace('"instructions": 1', '"instructions": 2'))
    more = store.make(recipe, counts=[count(workspace, "int8", "a", 1)])
    add_to_stage("targets", recipe, workspace, lambda: store.add(recipe, workspace, more))
    after = workspace.read_run_file()
    assert after is not None
    assert digest_file(path) not in after.stages["targets"].outputs.values()


def test_a_run_whose_machine_is_not_set_up_ends_before_its_first_stage(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGETAG_TARGETS", str(tmp_path / "none"))
    workspace = Workspace(tmp_path / "new")
    with pytest.raises(InputError, match="edgetag target setup arm64"):
        run_all(recipe, workspace, SilentProgress())
    assert not workspace.dataset.exists()


def compare(*arguments: object) -> tuple[int, str]:
    command = ["bench", "compare", *map(str, arguments), "--by", "instructions"]
    done = CliRunner().invoke(app, command)
    if isinstance(done.exception, InputError):
        return 2, str(done.exception)
    return done.exit_code, done.stdout


def test_runs_compare_by_instructions_exactly(recipe: Recipe, workspace: Workspace) -> None:
    first, second = (workspace.root.parent / name for name in ("a.json", "b.json"))
    for path, instructions in ((first, 1_000_000), (second, 1_100_001)):
        counts = [count(workspace, "int8", "cortex-a76", instructions)]
        store.make(recipe, counts=counts).write(path)
    code, text = compare(first, second)
    assert code == 1
    assert "1.1000" in text
    assert "✗ fail" in text
    assert compare(first, second, "--max-ratio", "1.100001")[0] == 0
    assert compare(second, first)[0] == 0
    store.make(recipe, counts=[count(workspace, "fp32", "x", 1)]).write(second)
    assert compare(first, second)[0] == 3, "nothing to compare"
    store.make(recipe).write(second)
    code, text = compare(first, second)
    assert (code, "edgetag target count RECIPE --on arm64" in text) == (2, True)


def test_a_file_that_can_no_longer_be_counted_keeps_no_limit(
    recipe: Recipe, workspace: Workspace
) -> None:
    first, second = (workspace.root.parent / name for name in ("a.json", "b.json"))
    counts = [count(workspace, name, "cortex-a76", 1000) for name in ("fp32", "int8")]
    lost = CountFailure.model_validate(
        {**place(workspace, "int8", "cortex-a76"), "reason": "it crashed (SIGSEGV)"}
    )
    store.make(recipe, counts=counts).write(first)
    store.make(recipe, counts=counts[:1], failures=[lost]).write(second)
    code, text = compare(first, second)
    assert code == 1
    assert "int8 on litert@arm64, cortex-a76: it crashed (SIGSEGV)" in text
    assert compare(second, second)[0] == 0, "it failed before, too"
