"""What the Gradle files say about the app and its library, for the build that cannot run Gradle."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1]
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


def read_dependencies(module: str) -> list[Dependency]:
    """Read what a module hands on to those who take it; what its tests need is left out.

    Raises:
        KeyError: The module's build file names what the catalogue has not.
    """
    catalogue = _catalogue()
    libraries = {name.replace("-", "."): entry for name, entry in catalogue["libraries"].items()}
    script = (PROJECT / module / "build.gradle.kts").read_text(encoding="utf-8")
    dependencies = []
    for configuration, project, name in _DEPENDENCY.findall(script):
        if configuration not in SCOPES:
            continue
        scope = SCOPES[configuration]
        if project:
            version = catalogue["versions"]["edgetag"]
            dependencies.append(Dependency(GROUP, project, version, scope))
            continue
        bundle = name.removeprefix("bundles.")
        members = catalogue["bundles"][bundle] if bundle != name else [name]
        for member in members:
            library = libraries[member.replace("-", ".")]
            group, artifact = library["module"].split(":")
            version = catalogue["versions"][library["version"]["ref"]]
            dependencies.append(Dependency(group, artifact, version, scope))
    return dependencies


def _catalogue() -> dict[str, Any]:
    text = (PROJECT / "gradle" / "libs.versions.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
