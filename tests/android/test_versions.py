"""The Gradle build of users and the Maven build of CI use the same libraries."""

import re
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.support.paths import ROOT

DEMO = ROOT / "android-demo"
NAMESPACE = {"m": "http://maven.apache.org/POM/4.0.0"}
POMS = sorted(DEMO.glob("**/pom.xml"))


def catalogue() -> dict[str, str]:
    """Return the versions that the catalogue names."""
    versions = tomllib.loads((DEMO / "gradle/libs.versions.toml").read_text("utf-8"))["versions"]
    return {name: version for name, version in versions.items() if isinstance(version, str)}


def properties() -> dict[str, str]:
    """Return the versions that the parent pom names: `<name.version>`."""
    found = ET.parse(DEMO / "pom.xml").find("m:properties", NAMESPACE)  # noqa: S314 our own file
    assert found is not None
    named = {child.tag.split("}")[1]: child.text or "" for child in found}
    return {
        key.removesuffix(".version"): text
        for key, text in named.items()
        if key.endswith(".version")
    }


def pinned_by_the_parent() -> set[str]:
    """Return the artifacts whose versions the parent pom manages."""
    tree = ET.parse(DEMO / "pom.xml")  # noqa: S314 our own file
    managed = (
        "dependencyManagement/m:dependencies/m:dependency",
        "build/m:pluginManagement/m:plugins/m:plugin",
    )
    nodes = [node for kind in managed for node in tree.iterfind(f"m:{kind}", NAMESPACE)]
    return {node.findtext("m:artifactId", "", NAMESPACE) for node in nodes}


def test_maven_versions_are_the_catalogue_s() -> None:
    in_catalogue, in_maven = catalogue(), properties()
    assert in_maven.keys() <= in_catalogue.keys()
    assert {name: in_catalogue[name] for name in in_maven} == in_maven


def test_every_library_of_the_catalogue_has_a_version_of_it() -> None:
    libraries = tomllib.loads((DEMO / "gradle/libs.versions.toml").read_text("utf-8"))["libraries"]
    for name, library in libraries.items():
        assert "module" in library, name
        assert library["version"]["ref"] in catalogue(), name


@pytest.mark.parametrize("pom", POMS, ids=[str(pom.relative_to(DEMO)) for pom in POMS])
def test_every_dependency_and_plugin_is_pinned(pom: Path) -> None:
    tree = ET.parse(pom)  # noqa: S314 our own file
    for version in tree.iterfind(".//m:version", NAMESPACE):
        assert version.text
        assert re.fullmatch(r"\$\{[a-z0-9.-]+\.version}|[0-9][0-9A-Za-z._-]*", version.text), (
            version.text
        )
        assert "SNAPSHOT" not in version.text
    pinned = pinned_by_the_parent()
    for kind in (".//m:dependency", ".//m:plugin"):
        for node in tree.iterfind(kind, NAMESPACE):
            artifact = node.findtext("m:artifactId", None, NAMESPACE)
            has_version = node.find("m:version", NAMESPACE) is not None
            assert has_version or artifact in pinned, artifact
