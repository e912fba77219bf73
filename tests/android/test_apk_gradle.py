"""The Gradle files, as far as they can be checked without Gradle."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.support.paths import ROOT

PROJECT = ROOT / "android-demo"
SCRIPTS = sorted(PROJECT.glob("**/*.gradle.kts"))
TABLES = {"versions.": "versions", "bundles.": "bundles", "plugins.": "plugins", "": "libraries"}
METHODS = frozenset(("get", "toInt", "asProvider"))


def catalogue() -> dict[str, dict[str, Any]]:
    return tomllib.loads((PROJECT / "gradle/libs.versions.toml").read_text(encoding="utf-8"))


def accessors() -> set[str]:
    """Return what Gradle makes of the catalogue: `libs.versions.app.min.sdk` and its like."""
    return {
        f"libs.{prefix}{re.sub('[-_]', '.', name)}"
        for prefix, table in TABLES.items()
        for name in catalogue().get(table, {})
    }


def names_in(text: str) -> set[str]:
    """Return the catalogue's names that a script uses."""
    used = re.findall(r"\blibs(?:\.\w+)+", text)
    return {".".join(p for p in name.split(".") if p not in METHODS) for name in used}


@pytest.mark.parametrize("script", SCRIPTS, ids=[str(s.relative_to(PROJECT)) for s in SCRIPTS])
def test_every_name_of_the_catalogue_that_a_script_uses_is_there(script: Path) -> None:
    assert names_in(script.read_text(encoding="utf-8")) <= accessors()


def test_the_scripts_that_a_project_needs_are_there() -> None:
    found = {str(script.relative_to(PROJECT)) for script in SCRIPTS}
    assert found == {
        "settings.gradle.kts",
        "build.gradle.kts",
        "app/build.gradle.kts",
        "tagger/build.gradle.kts",
        "tagger-android/build.gradle.kts",
        "tagger-litert2/build.gradle.kts",
    }


def test_the_namespace_is_that_of_the_manifest() -> None:
    script = (PROJECT / "app/build.gradle.kts").read_text(encoding="utf-8")
    manifest = (PROJECT / "app/src/main/AndroidManifest.xml").read_text(encoding="utf-8")
    namespace = re.search(r'namespace = "(.+)"', script)
    assert namespace is not None
    assert f'android:targetPackage="{namespace[1]}"' in manifest


def test_the_manifest_needs_no_value_of_a_script() -> None:
    manifest = (PROJECT / "app/src/main/AndroidManifest.xml").read_text(encoding="utf-8")
    assert "${" not in manifest
