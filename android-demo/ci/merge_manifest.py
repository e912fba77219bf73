"""What Gradle's manifest merger does, as far as this app needs it."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

ANDROID = "http://schemas.android.com/apk/res/android"
NAME = f"{{{ANDROID}}}name"
KNOWN = frozenset(("uses-sdk", "uses-permission", "application"))
PACKAGE = "dev.edgetag.demo"


def merge(app: Path, libraries: Sequence[Path], out: Path) -> None:
    """Write one manifest of the app's and its libraries'.

    Permissions of libraries come in. What a library declares inside its application must be in the
    app's too: this merger would lose it.

    Args:
        app: The app's manifest.
        libraries: Theirs.
        out: The merged manifest.

    Raises:
        ValueError: A library declares what this merger does not know.
    """
    ET.register_namespace("android", ANDROID)
    # These files are the app's own, and those of libraries that it links.
    root = ET.parse(app).getroot()  # noqa: S314
    application = root.find("application")
    if application is None:
        raise ValueError(f"{app} has no application")
    known = {_identity(element) for element in application}
    for library in libraries:
        for permission in _permissions(library, known):
            root.insert(0, permission)
    root.set("package", PACKAGE)
    # Gradle's default from API 23 on: libraries are mapped from the APK.
    application.set(f"{{{ANDROID}}}extractNativeLibs", "false")
    out.write_text(ET.tostring(root, encoding="unicode"), encoding="utf-8")


def _identity(element: ET.Element) -> tuple[str, str | None]:
    return element.tag, element.get(NAME)


def _permissions(library: Path, known: set[tuple[str, str | None]]) -> list[ET.Element]:
    root = ET.parse(library).getroot()  # noqa: S314
    others = [element for element in root if element.tag not in KNOWN]
    others += [child for child in root.iterfind("application/*") if _identity(child) not in known]
    if others:
        tag, name = _identity(others[0])
        raise ValueError(f"{library} declares {tag} {name}, which is not merged")
    return root.findall("uses-permission")
