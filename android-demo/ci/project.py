"""What the Gradle files say about the app, for the build that cannot run Gradle."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Versions:
    """Values of `gradle/libs.versions.toml`, as text.

    Attributes:
        min_sdk: Oldest API level.
        target_sdk: API level that the app is made for.
        code: Of the app.
        name: Of the app, for people.
    """

    min_sdk: str
    target_sdk: str
    code: str
    name: str


def read_versions() -> Versions:
    """Read the catalogue."""
    text = (PROJECT / "gradle" / "libs.versions.toml").read_text(encoding="utf-8")
    found = tomllib.loads(text)["versions"]
    return Versions(
        found["app-min-sdk"],
        found["app-target-sdk"],
        found["app-version-code"],
        found["app-version-name"],
    )
