"""The tests of the Kotlin module `tagger`, run by Maven on golden arrays written here and now."""

import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

from edgetag.bundling.archive import pack
from tests.android.golden_arrays import write_arrays
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

MODULES = "tagger,litert2-stubs,tagger-litert2"


def write_golden(folder: Path) -> None:
    """Write what Python computes, and what is no picture or bundle."""
    write_arrays(folder)
    write_deep_png(folder)
    write_exif(folder)
    write_tables(folder)
    write_regions(folder)
    write_hostile(folder)
    write_whole(folder)
    make_two_variants(folder / "both").rename(folder / "two-variants.zip")
    files = made_files(folder / "made")
    write_bundles(folder, files)
    write_signatures(folder, pack(files))
    write_store(folder, files)


def run_kotlin_tests(project: Path, golden: Path, bundle: Path, told: Path) -> None:
    """Run them on what `write_golden` wrote; fail where one fails or is skipped.

    Args:
        project: The Android project, or a copy of it.
        golden: The folder of golden arrays.
        bundle: The released demo bundle.
        told: A file to which the tests add what they measure.
    """
    done = captured(
        [
            *("mvn", "-q", "-B", "-f", project / "pom.xml", "-pl", MODULES, "test"),
            f"-Dedgetag.golden={golden}",
            f"-Dedgetag.bundle={bundle}",
            f"-Dedgetag.models={ROOT / 'tests/models'}",
            f"-Dedgetag.told={told}",
        ],
        stdin=subprocess.DEVNULL,
        timeout=840,
    )
    assert done.returncode == 0, failures(done.stdout + done.stderr)
    assert skipped_tests(project) == []


def failures(output: str) -> str:
    """Return what Maven said, without its help on how to say more, cut to its end."""
    lines = [
        line for line in output.splitlines() if "[Help" not in line and "re-run Maven" not in line
    ]
    return "\n".join(lines)[-6000:]


def skipped_tests(project: Path) -> list[str]:
    """Return the tests that found nothing from Python, by what Surefire wrote of this run."""
    reports = sorted((project / "tagger/target/surefire-reports").glob("TEST-*.xml"))
    assert reports, "Surefire wrote no report"
    return [
        f"{case.get('classname')}: {case.get('name')}"
        for report in reports
        for case in ET.parse(report).iterfind("testcase")  # noqa: S314 written a moment ago
        if case.find("skipped") is not None
    ]
