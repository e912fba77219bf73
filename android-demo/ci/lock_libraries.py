"""Resolve the app's libraries as Gradle does, and write what it gets to `libraries/pom.xml`.

Maven cannot: AndroidX asks for exact versions of its own parts, which contradict each other where
two libraries are of different age, and of several versions Maven takes the nearest, Gradle the
highest. Run this after a change of the catalogue or of `app/build.gradle.kts`; CI only reads the
file. POMs are brought by Maven.
"""

import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path

from project import GROUP, LOCK, read_bundle, read_dependencies

CACHE = Path.home() / ".m2/repository"
SPACE = "{http://maven.apache.org/POM/4.0.0}"
SCOPES = frozenset(("compile", "runtime"))
LITERT = "com.google.ai.edge.litert"
"""CI does not get it; the pom of `tagger-android` brings TensorFlow Lite in its place."""

BY_MAVEN = "org.jetbrains"
"""What the other poms bring: Kotlin and its libraries."""

Name = tuple[str, str]
"""A library's group and artifact."""


@dataclass(frozen=True)
class Pom:
    """What a library's POM says.

    Attributes:
        packaging: `jar`, `aar`, or `pom` where the library has no file.
        needs: Versions of what it cannot do without.
        wishes: Versions of other libraries, for where these are there.
    """

    packaging: str
    needs: Mapping[Name, str]
    wishes: Mapping[Name, str]


def resolve(roots: Mapping[Name, str]) -> dict[Name, str]:
    """Return all libraries that some need, each in the highest version that any asks for.

    Raises:
        subprocess.CalledProcessError: A library of these versions is not served.
    """
    chosen = dict(roots)
    while True:
        fetch_poms(chosen)
        poms = {name: read_pom(name, version) for name, version in chosen.items()}
        raised = dict.fromkeys(_reach(roots, poms), "0") | dict(roots)
        for name in raised.keys() & poms.keys():
            for other, version in chain(poms[name].wishes.items(), poms[name].needs.items()):
                if other in raised:
                    raised[other] = max(raised[other], version, key=order_of)
        if raised == chosen:
            return chosen
        chosen = raised


def _reach(roots: Iterable[Name], poms: Mapping[Name, Pom]) -> set[Name]:
    reached: set[Name] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += poms[name].needs if name in poms else []
    return reached


def order_of(version: str) -> list[tuple[bool, int, str]]:
    """Return what orders versions: `1.10.0` is after `1.9.0`, and after `1.10.0-rc01`."""
    numbers, _, before = version.partition("-")
    return [*((True, int(part), "") for part in numbers.split(".")), (not before, 0, before)]


def fetch_poms(chosen: Mapping[Name, str]) -> None:
    """Have Maven bring POMs that its cache has not."""
    missing = [(*name, at) for name, at in chosen.items() if not pom_file(name, at).exists()]
    if not missing:
        return
    items = "".join(
        "<dependency>"
        f"<groupId>{group}</groupId><artifactId>{artifact}</artifactId>"
        f"<version>{version}</version><type>pom</type>"
        "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion>"
        "</exclusions></dependency>"
        for group, artifact, version in missing
    )
    with tempfile.TemporaryDirectory() as folder:
        pom = Path(folder) / "pom.xml"
        pom.write_text(
            "<project><modelVersion>4.0.0</modelVersion><groupId>dev.edgetag</groupId>"
            "<artifactId>poms</artifactId><version>1</version><packaging>pom</packaging>"
            f"<dependencies>{items}</dependencies></project>",
            encoding="utf-8",
        )
        # A version that another library raises need not be served: the last round decides.
        subprocess.run(["mvn", "-q", "-B", "-f", pom, "dependency:resolve"], check=False)


def pom_file(name: Name, version: str) -> Path:
    """Return where Maven keeps a POM."""
    group, artifact = name
    return CACHE.joinpath(*group.split("."), artifact, version, f"{artifact}-{version}.pom")


@cache
def read_pom(name: Name, version: str) -> Pom:
    """Read a POM from Maven's cache; one that is not served needs nothing."""
    file = pom_file(name, version)
    if not file.exists():
        return Pom("", {}, {})
    root = ET.parse(file).getroot()  # noqa: S314 from the registry that CI builds with
    return Pom(
        root.findtext(f"{SPACE}packaging", "jar"),
        _versions(root.iterfind(f"{SPACE}dependencies/{SPACE}dependency")),
        _versions(root.iterfind(f"{SPACE}dependencyManagement/{SPACE}*/{SPACE}dependency")),
    )


def _versions(nodes: Iterable[ET.Element]) -> dict[Name, str]:
    versions = {}
    for node in nodes:
        value = {child.tag.removeprefix(SPACE): child.text or "" for child in node}
        is_needed = value.get("scope", "compile") in SCOPES and value.get("optional") != "true"
        exact = value.get("version", "").strip("[]()").split(",")[0]
        if is_needed and exact[:1].isdigit():  # some are variables, or "unspecified"
            versions[value["groupId"], value["artifactId"]] = exact
    return versions


def files_of(chosen: Mapping[Name, str]) -> list[str]:
    """Return the libraries that have classes, as Maven's items.

    Raises:
        KeyError: One is not served in the version that is needed.
    """
    items = []
    for (group, artifact), version in sorted(chosen.items()):
        packaging = read_pom((group, artifact), version).packaging
        if (
            is_for_other_platforms(group, artifact, chosen)
            or packaging == "pom"
            or group.startswith(BY_MAVEN)
        ):
            continue
        if not packaging:
            raise KeyError(f"{group}:{artifact}:{version} is not served; name a later one")
        items.append(
            f"<artifactItem><groupId>{group}</groupId><artifactId>{artifact}</artifactId>"
            f"<version>{version}</version><type>{packaging}</type></artifactItem>"
        )
    return items


def is_for_other_platforms(group: str, artifact: str, chosen: Mapping[Name, str]) -> bool:
    """Tell whether Android's part of a library is there too: this is its door, or a desktop's."""
    plain = artifact.removesuffix("-jvm")
    names = [f"{plain}-android"] if plain != artifact else [f"{plain}-android", f"{plain}-jvm"]
    return any((group, name) in chosen for name in names)


def main() -> int:
    """Resolve what the app needs, and what its tests need besides."""
    app = {
        (library.group, library.artifact): library.version
        for module in ("app", "tagger-android", "tagger")
        for library in read_dependencies(module)
        if library.group != GROUP and not library.group.startswith(LITERT)
    }
    tests = {(library.group, library.artifact): library.version for library in read_bundle("tests")}
    in_app = files_of(resolve(app))
    in_tests = [item for item in files_of(resolve(app | tests)) if item not in in_app]
    text = LOCK.read_text(encoding="utf-8")
    for name, items in (("app", in_app), ("tests", in_tests)):
        begin, end = f"<!-- {name}: -->", f"<!-- end of {name} -->"
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        text = "\n".join([before + begin, *items, end + after])
    LOCK.write_text(text, encoding="utf-8")
    print(f"{LOCK}: {len(in_app)} libraries of the app, {len(in_tests)} more of its tests")
    return 0


if __name__ == "__main__":
    sys.exit(main())
