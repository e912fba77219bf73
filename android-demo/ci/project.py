"""What the Gradle files say, and how a step is run, for the build that cannot run Gradle."""

import re
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1]
LOCK = PROJECT / "libraries/pom.xml"
"""The libraries that the app needs, as Gradle resolves them: `lock_libraries.py` writes it."""

GROUP = "dev.edgetag"
SCOPES = {"api": "compile", "implementation": "runtime"}
"""As Gradle's `maven-publish` maps them."""

_DEPENDENCY = re.compile(r"^    (\w+)\((?:project\(\":(.+)\"\)|libs\.([\w.]+))\)$", re.MULTILINE)


@dataclass(frozen=True)
class Versions:
    """Values of `gradle/libs.versions.toml`, as text.

    Attributes:
        min_sdk: Oldest API level.
        target_sdk: API level that the app is made for.
        code: Of the app.
        name: Of the app, for people.
        library: Of the library.
    """

    min_sdk: str
    target_sdk: str
    code: str
    name: str
    library: str


@dataclass(frozen=True)
class Dependency:
    """What a published module needs: its coordinates, and Maven's word for who sees it."""

    group: str
    artifact: str
    version: str
    scope: str


def read_versions() -> Versions:
    """Read the catalogue's versions."""
    versions = _catalogue()["versions"]
    return Versions(
        versions["app-min-sdk"],
        versions["app-target-sdk"],
        versions["app-version-code"],
        versions["app-version-name"],
        versions["edgetag"],
    )


def build_script(module: str) -> str:
    """Return a module's Gradle file."""
    return (PROJECT / module / "build.gradle.kts").read_text(encoding="utf-8")


def read_dependencies(module: str) -> list[Dependency]:
    """Read what a module hands on to those who take it; what its tests need is left out.

    Raises:
        KeyError: The module's build file names what the catalogue has not.
    """
    dependencies = []
    for configuration, project, name in _DEPENDENCY.findall(build_script(module)):
        if configuration not in SCOPES:
            continue
        scope = SCOPES[configuration]
        if project:
            version = _catalogue()["versions"]["edgetag"]
            dependencies.append(Dependency(GROUP, project, version, scope))
        elif name.startswith("bundles."):
            dependencies += read_bundle(name.removeprefix("bundles."), scope)
        else:
            dependencies.append(_library(name, scope))
    return dependencies


def read_bundle(bundle: str, scope: str = "compile") -> list[Dependency]:
    """Read the members of one of the catalogue's bundles.

    Raises:
        KeyError: The catalogue has no such bundle.
    """
    return [_library(member, scope) for member in _catalogue()["bundles"][bundle]]


def _library(name: str, scope: str) -> Dependency:
    catalogue = _catalogue()
    libraries = {key.replace("-", "."): entry for key, entry in catalogue["libraries"].items()}
    library = libraries[name.replace("-", ".")]
    group, artifact = library["module"].split(":")
    return Dependency(group, artifact, catalogue["versions"][library["version"]["ref"]], scope)


def run(*command: str | Path) -> None:
    """Run a step; what it prints is shown.

    Raises:
        subprocess.CalledProcessError: It failed; it has said why.
    """
    subprocess.run([str(part) for part in command], check=True)


def java(classes: str | Path) -> list[str]:
    """Return what starts a JVM with these classes for a step of some seconds."""
    # It ends before better machine code has paid.
    return ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx2g", "-cp", str(classes)]


def _catalogue() -> dict[str, Any]:
    text = (PROJECT / "gradle" / "libs.versions.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
