"""The Kotlin module `tagger`, run by Maven on golden arrays that are written here and now."""

import json
import os
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from edgetag.bundling.archive import pack
from tests.android.golden_arrays import time_letterbox, write_arrays
from tests.android.golden_bundles import write_bundles
from tests.android.golden_deep_png import write_deep_png
from tests.android.golden_regions import write_regions
from tests.android.golden_signatures import write_signatures
from tests.android.golden_store import write_store
from tests.android.golden_tables import write_tables
from tests.android.hostile_pictures import write_hostile
from tests.support.golden_exif import write_exif
from tests.support.golden_whole import write_whole
from tests.support.made_bundle import made_files, make_two_variants
from tests.support.paths import ROOT
from tests.support.programs import captured

DEMO = ROOT / "android-demo"
NEEDED = ("mvn", "javac")

pytestmark = pytest.mark.slow


def bundle() -> Path:
    """Return the released demo bundle."""
    found = sorted((ROOT / "models/demo").glob("demo-*.zip"))
    assert len(found) == 1, f"models/demo must have one demo-<version>.zip, and has {len(found)}"
    return found[0]


def require_tools() -> None:
    """Skip where there is no Maven or no JDK, but not in CI, which must install them."""
    missing = [tool for tool in NEEDED if shutil.which(tool) is None]
    if missing and not os.environ.get("CI"):
        pytest.skip(f"{' and '.join(missing)} not found; install Debian's maven and a JDK")
    assert not missing, f"CI must have {' and '.join(missing)}; .ci/system installs them"


def failures(output: str) -> str:
    """Return what Maven said, without its help on how to say more, cut to its end."""
    lines = [
        line for line in output.splitlines() if "[Help" not in line and "re-run Maven" not in line
    ]
    return "\n".join(lines)[-6000:]


def skipped_tests() -> list[str]:
    """Return the tests that found nothing from Python, by what Surefire wrote of this run."""
    reports = sorted((DEMO / "tagger/target/surefire-reports").glob("TEST-*.xml"))
    assert reports, "Surefire wrote no report"
    return [
        f"{case.get('classname')}: {case.get('name')}"
        for report in reports
        for case in ET.parse(report).iterfind("testcase")  # noqa: S314 written a moment ago
        if case.find("skipped") is not None
    ]


@pytest.mark.timeout(900)
def test_tagger_repeats_python_bit_for_bit_and_survives_hostile_input(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    require_tools()
    demo = bundle()
    write_arrays(tmp_path)
    write_deep_png(tmp_path)
    write_exif(tmp_path)
    write_tables(tmp_path)
    write_regions(tmp_path)
    write_hostile(tmp_path)
    write_whole(tmp_path)
    make_two_variants(tmp_path / "both").rename(tmp_path / "two-variants.zip")
    files = made_files(tmp_path / "made")
    write_bundles(tmp_path, files)
    write_signatures(tmp_path, pack(files))
    write_store(tmp_path, files)
    told = tmp_path / "told.txt"
    done = captured(
        [
            "mvn",
            "-q",
            "-B",
            "-f",
            str(DEMO / "pom.xml"),
            "-pl",
            "tagger,litert2-stubs,tagger-litert2",
            "test",
            f"-Dedgetag.golden={tmp_path}",
            f"-Dedgetag.bundle={demo}",
            f"-Dedgetag.models={ROOT / 'tests/models'}",
            f"-Dedgetag.told={told}",
        ],
        stdin=subprocess.DEVNULL,
        timeout=840,
    )
    assert done.returncode == 0, failures(done.stdout + done.stderr)
    assert skipped_tests() == []
    lines = told.read_text(encoding="utf-8").splitlines()
    lines.append(f"Pillow: 4000x3000 to 224 px: median {time_letterbox():.1f} ms")
    for line in lines:
        record_property("measured", line)
    assert any("self-test passed" in line for line in lines)
    answer = json.loads((tmp_path / "answer.json").read_text("utf-8"))
    assert answer["schema"] == "edgetag.phone-scores/1.1"
