"""What is published: complete, well described, and of the same bytes wherever it is built."""

import hashlib
import json
import os
import re
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from edgetag.bundling.bill import bill_of_materials
from tests.support.paths import ROOT
from tests.support.programs import captured
from tests.support.release import BESIDE, build, copy_sources

pytestmark = pytest.mark.slow

BASE = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The source archive and the wheel."""
    folder = tmp_path_factory.mktemp("release")
    return build(copy_sources(folder / "source"), folder / "dist")


def test_two_builds_in_other_folders_on_other_days_have_the_same_bytes(
    built: list[Path], tmp_path: Path
) -> None:
    source = copy_sources(tmp_path / "elsewhere" / "a longer name")
    for path in source.rglob("*"):
        os.utime(path, (1e9, 1e9))
        path.chmod(0o700 if path.is_dir() else 0o600)
    again = build(source, tmp_path / "dist")
    assert [path.name for path in again] == [path.name for path in built]
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in built]


def test_the_source_archive_gives_the_same_wheel(built: list[Path], tmp_path: Path) -> None:
    archive, wheel = built[1], built[0]
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    assert {*BESIDE, "export"} <= {path.name for path in source.iterdir()}
    (again,) = build(source, tmp_path / "dist", "--wheel")
    assert again.read_bytes() == wheel.read_bytes()


def test_the_wheel_holds_every_file_of_the_package_and_no_other(built: list[Path]) -> None:
    listed = captured(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "export/edgetag"],
        cwd=ROOT,
        check=True,
    ).stdout.splitlines()
    with zipfile.ZipFile(built[0]) as wheel:
        packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    there = {name.removeprefix("export/") for name in listed if (ROOT / name).exists()}
    assert packed == there


def test_package_indexes_take_its_description(built: list[Path]) -> None:
    command: list[str | Path] = [sys.executable, "-m", "twine", "check", "--strict", *built]
    done = captured(command)
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(built[0]) as wheel:
        (name,) = (n for n in wheel.namelist() if n.endswith(".dist-info/METADATA"))
        metadata = wheel.read(name).decode()
    assert "License-Expression: Apache-2.0" in metadata
    assert "Requires-Python: <3.14,>=3.11" in metadata


def test_a_bill_of_materials_names_every_package_and_its_licence(
    built: list[Path], tmp_path: Path
) -> None:
    done = captured([ROOT / ".ci" / "sbom", built[0], tmp_path])
    assert done.returncode == 0, done.stderr
    (bill,) = tmp_path.glob("edgetag-*.cdx.json")
    components = {each["name"]: each for each in json.loads(bill.read_text())["components"]}
    wanted = {re.split("[=>;]", line)[0].lower() for line in BASE}
    assert {name.lower() for name in components} >= wanted | {"edgetag"}
    assert all(each["version"] for each in components.values())
    assert components["pydantic"]["licenses"] == [
        {"license": {"acknowledgement": "declared", "id": "MIT"}}
    ]


VALIDATE = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
print(JsonStrictValidator(SchemaVersion.V1_6).validate_str(sys.stdin.read()))
"""


def test_the_bill_of_a_bundle_obeys_the_schema_and_names_every_file(tmp_path: Path) -> None:
    bundle = ROOT / "models" / "demo" / "demo-0.2.0.zip"
    bill = bill_of_materials(bundle)
    uv = str(Path(sys.executable).with_name("uv"))
    library = "cyclonedx-python-lib[json-validation]==11.12.0"
    run = [uv, "run", "-q", "--no-project", "--with", library, "python", "-c", VALIDATE]
    done = captured(run, input=bill)
    assert (done.stdout, done.returncode) == ("None\n", 0), done.stderr + done.stdout
    components = {each["name"]: each for each in json.loads(bill)["components"]}
    with zipfile.ZipFile(bundle) as packed:
        assert components.keys() == set(packed.namelist()) - {"manifest.json"}
        for name, component in components.items():
            digest = hashlib.sha256(packed.read(name)).hexdigest()
            assert component["hashes"] == [{"alg": "SHA-256", "content": digest}]
    (model,) = (e for e in components.values() if e["type"] == "machine-learning-model")
    metrics = model["modelCard"]["quantitativeAnalysis"]["performanceMetrics"]
    assert {"recall of face", "false-positive rate of face"} <= {each["type"] for each in metrics}
