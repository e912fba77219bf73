"""The Gradle files, as far as they can be checked without Gradle."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PROJECT = ROOT / "android-demo"
SCRIPTS = sorted(PROJECT.glob("**/*.gradle.kts"))
TABLES = {"versions.": "versions", "bundles.": "bundles", "plugins.": "plugins", "": "libraries"}
METHODS = frozenset(("get", "toInt", "asProvider"))


def accessors() -> set[str]:
    """Return what Gradle makes of the catalogue: `libs.versions.app.min.sdk` and its like."""
    text = (PROJECT / "gradle/libs.versions.toml").read_text(encoding="utf-8")
    catalogue = tomllib.loads(text)
    return {
        f"libs.{prefix}{re.sub('[-_]', '.', name)}"
        for prefix, table in TABLES.items()
        for name in catalogue[table]
    }


@pytest.mark.parametrize("script", SCRIPTS, ids=[str(s.relative_to(PROJECT)) for s in SCRIPTS])
def test_every_name_of_the_catalogue_that_a_script_uses_is_there(script: Path) -> None:
    used = re.findall(r"\blibs(?:\.\w+)+", script.read_text(encoding="utf-8"))
    for name in used:
        parts = [part for part in name.split(".") if part not in METHODS]
        assert ".".join(parts) in accessors(), name


def test_the_scripts_that_a_project_needs_are_there() -> None:
    found = {str(script.relative_to(PROJECT)) for script in SCRIPTS}
    assert found == {
        "settings.gradle.kts",
        "build.gradle.kts",
        "app/build.gradle.kts",
        "tagger/build.gradle.kts",
    }


def test_models_are_stored_and_the_namespace_is_that_of_the_manifest() -> None:
    script = (PROJECT / "app/build.gradle.kts").read_text(encoding="utf-8")
    manifest = (PROJECT / "app/src/main/AndroidManifest.xml").read_text(encoding="utf-8")
    assert 'noCompress += "tflite"' in script
    namespace = re.search(r'namespace = "(.+)"', script)
    assert namespace is not None
    assert f'android:targetPackage="{namespace[1]}"' in manifest


def test_the_placeholder_of_the_manifest_gets_a_value() -> None:
    script = (PROJECT / "app/build.gradle.kts").read_text(encoding="utf-8")
    manifest = (PROJECT / "app/src/main/AndroidManifest.xml").read_text(encoding="utf-8")
    wanted = set(re.findall(r"\$\{(\w+)\}", manifest))
    assert wanted == set(re.findall(r'manifestPlaceholders\["(\w+)"\]', script))
