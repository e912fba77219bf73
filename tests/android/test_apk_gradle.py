"""The Gradle files, as far as they can be checked without Gradle."""

import re
import textwrap
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.support.paths import ROOT

PROJECT = ROOT / "android-demo"
LIBRARY = ("tagger/build.gradle.kts", "tagger-android/build.gradle.kts")
SCRIPTS = sorted(PROJECT.glob("**/*.gradle.kts"))
TABLES = {"versions.": "versions", "bundles.": "bundles", "plugins.": "plugins", "": "libraries"}
METHODS = frozenset(("get", "toInt", "asProvider"))


def catalogue() -> dict[str, dict[str, Any]]:
    return tomllib.loads((PROJECT / "gradle/libs.versions.toml").read_text(encoding="utf-8"))


def accessors() -> set[str]:
    """Return what Gradle makes of the catalogue: `libs.versions.app.min.sdk` and its like."""
    return accessors_of(catalogue())


def accessors_of(catalogue: dict[str, dict[str, Any]]) -> set[str]:
    return {
        f"libs.{prefix}{re.sub('[-_]', '.', name)}"
        for prefix, table in TABLES.items()
        for name in catalogue.get(table, {})
    }


def names_in(text: str) -> set[str]:
    """Return the catalogue's names that a script uses."""
    used = re.findall(r"\blibs(?:\.\w+)+", text)
    return {".".join(p for p in name.split(".") if p not in METHODS) for name in used}


def blocks_of_the_readme(language: str) -> str:
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    return "\n".join(textwrap.dedent(block) for block in blocks)


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


def test_the_readme_names_every_entry_of_the_catalogue_that_the_copied_modules_need() -> None:
    given = tomllib.loads(blocks_of_the_readme("toml"))
    for table, entries in given.items():
        assert entries.items() <= catalogue()[table].items(), table
    used = names_in(library_scripts()) | names_in(blocks_of_the_readme("kotlin"))
    assert used <= accessors_of(given)


def library_scripts() -> str:
    return "".join((PROJECT / name).read_text(encoding="utf-8") for name in LIBRARY)


def test_the_readme_has_the_root_name_each_plugin_of_the_copied_modules() -> None:
    recipe = blocks_of_the_readme("kotlin")
    for plugin in re.findall(r"alias\(libs\.plugins\.[\w.]+\)", library_scripts()):
        assert f"{plugin} apply false" in recipe
    assert 'include(":tagger", ":tagger-android")' in recipe


def test_modules_that_others_copy_do_not_stop_at_their_compiler_s_warnings() -> None:
    assert "allWarningsAsErrors" not in library_scripts()


def test_the_library_s_api_is_explicit_for_gradle_as_for_maven() -> None:
    for name, mode in zip(LIBRARY, ("explicitApi()", "-Xexplicit-api=strict"), strict=True):
        assert mode in (PROJECT / name).read_text(encoding="utf-8"), name
        pom = (PROJECT / name).with_name("pom.xml").read_text(encoding="utf-8")
        assert "<arg>-Xexplicit-api=strict</arg>" in pom, name


def test_the_library_s_namespace_is_its_package() -> None:
    script = (PROJECT / LIBRARY[1]).read_text(encoding="utf-8")
    namespace = re.search(r'namespace = "(.+)"', script)
    assert namespace is not None
    folder = PROJECT / "tagger-android/src/main/kotlin" / namespace[1].replace(".", "/")
    assert list(folder.glob("*.kt"))


def test_plain_kotlin_knows_nothing_of_android() -> None:
    for source in (PROJECT / "tagger/src").rglob("*.kt"):
        text = source.read_text(encoding="utf-8")
        assert not re.search(r"^import (android|androidx)\.", text, re.MULTILINE), source.name
