"""The Gradle files, as far as they can be checked without Gradle."""

import re
import textwrap
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


def test_the_readme_names_every_entry_of_the_catalogue_that_the_copied_module_needs() -> None:
    given = tomllib.loads(blocks_of_the_readme("toml"))
    for table, entries in given.items():
        assert entries.items() <= catalogue()[table].items(), table
    module = (PROJECT / "tagger/build.gradle.kts").read_text(encoding="utf-8")
    assert names_in(module) | names_in(blocks_of_the_readme("kotlin")) <= accessors_of(given)
    versions = {
        value["version"]["ref"]
        for table in ("libraries", "plugins")
        for value in given[table].values()
    }
    assert versions == given["versions"].keys()


def test_the_readme_has_the_root_name_each_plugin_of_the_copied_module() -> None:
    module = (PROJECT / "tagger/build.gradle.kts").read_text(encoding="utf-8")
    recipe = blocks_of_the_readme("kotlin")
    for plugin in re.findall(r"alias\(libs\.plugins\.[\w.]+\)", module):
        assert f"{plugin} apply false" in recipe
    assert 'include(":tagger")' in recipe


def test_the_readme_links_the_libraries_that_the_app_links() -> None:
    versions, libraries = catalogue()["versions"], catalogue()["libraries"]
    linked = set()
    for name in catalogue()["bundles"]["litert"]:
        library = libraries[name]
        linked.add(f"{library['module']}:{versions[library['version']['ref']]}")
    assert set(re.findall(r'implementation\("(.+)"\)', blocks_of_the_readme("kotlin"))) == linked


def test_a_module_that_others_copy_does_not_stop_at_their_compiler_s_warnings() -> None:
    module = (PROJECT / "tagger/build.gradle.kts").read_text(encoding="utf-8")
    assert "allWarningsAsErrors" not in module
