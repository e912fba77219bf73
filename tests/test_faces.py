"""A package is used through its face, and importing a face imports nothing heavy."""

import shutil
import sys
from pathlib import Path

import pytest

from edgetag.children import python_environment
from edgetag.dependencies import PACKAGE
from tests.support.paths import ROOT
from tests.support.programs import captured

HEAVY = {"tensorflow", "tf_keras", "ai_edge_litert", "tflite_runtime", "scipy", "sklearn"}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the package, in a source root of its own."""
    package = tmp_path / "edgetag"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    return package


def linted(package: Path) -> tuple[int, str]:
    """Run the rule of faces on a copy, and return the exit code and what was said."""
    done = captured(
        [
            Path(sys.executable).with_name("lint-imports"),
            "--config",
            ROOT / "pyproject.toml",
            "--contract",
            "faces",
            "--no-cache",
        ],
        env=python_environment() | {"PYTHONPATH": str(package.parent), "COLUMNS": "200"},
        cwd=ROOT,
    )
    return done.returncode, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("importer", "line", "said"),
    [
        (
            "rescue/peek.py",
            "from edgetag.training.journal import read_journal",
            "edgetag.rescue.peek imports edgetag.training.journal, "
            "which the face of edgetag.training does not list",
        ),
        (
            "dataset/peek.py",
            "def peek():\n    import edgetag.dataset.formats.wide",
            "which the face of edgetag.dataset.formats does not list",
        ),
    ],
)
def test_an_import_behind_a_face_is_refused(
    copy: Path, importer: str, line: str, said: str
) -> None:
    (copy / importer).write_text(f"{line}\n")
    code, output = linted(copy)
    assert code == 1
    assert said in output


@pytest.mark.slow
def test_a_face_that_lists_too_much_or_too_little_is_refused(copy: Path) -> None:
    face = copy / "rescue" / "__init__.py"
    face.write_text('"""Rescue.\n\n- `gone`: was here.\n- `ranking`: ranks.\n"""\n')
    code, output = linted(copy)
    assert code == 1
    assert "the face of edgetag.rescue lists ranking, which nobody else uses" in output
    assert "the face of edgetag.rescue lists gone, which is no module of it" in output
    assert "edgetag.rescue.tables, which the face of edgetag.rescue does not list" in output


@pytest.mark.slow
def test_importing_every_face_imports_nothing_heavy() -> None:
    packages = [
        ".".join(file.parent.relative_to(PACKAGE.parent).parts)
        for file in PACKAGE.rglob("__init__.py")
    ]
    assert "edgetag.conversion.variants" in packages
    script = f"import sys, {', '.join(packages)}\nprint(*sys.modules)"
    done = captured([sys.executable, "-c", script])
    assert done.returncode == 0, done.stderr
    assert not HEAVY & {name.partition(".")[0] for name in done.stdout.split()}
