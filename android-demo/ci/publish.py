"""Publish the library into a Maven repository, a folder: `publish.py FOLDER`, after `build_apk.py`.

For users Gradle does it (`gradle publishToMavenLocal`). This is what CI can do: the same files from
the same build files, but for Gradle's own metadata. Classes are compiled against TensorFlow Lite
or stubs in place of LiteRT, which has the same names; POMs name LiteRT, as Gradle's do.
"""

import argparse
import hashlib
import io
import re
import sys
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

from project import GROUP, PROJECT, build_script, read_dependencies, read_versions

MODULES = ("tagger", "tagger-android", "tagger-litert2")
DESCRIPTION = "Tags pictures with an edgetag bundle as its validation did."
LICENCE = ("Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0.txt")
LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""In every archive, so that equal builds give equal bytes."""

AAR_METADATA = """\
aarFormatVersion=1.0
aarMetadataVersion=1.0
minCompileSdk=1
minCompileSdkExtension=0
minAndroidGradlePluginVersion=1.0.0
coreLibraryDesugaringEnabled=false
"""
"""What the Android plugin writes for a library that asks nothing of those who take it."""


def publish(repository: Path, url: str | None) -> None:
    """Write each module: classes, sources, POM, and a checksum beside each.

    Args:
        repository: A folder; it is made if it is not there.
        url: The project's address, for the POM; there is none in the build files.
    """
    version = read_versions().library
    for module in MODULES:
        folder = repository / GROUP.replace(".", "/") / module / version
        folder.mkdir(parents=True, exist_ok=True)
        packaging = "aar" if "android.library" in build_script(module) else "jar"
        classes = next((PROJECT / module / "target").glob(f"{module}-*.jar")).read_bytes()
        files = {
            f".{packaging}": aar(module, classes) if packaging == "aar" else classes,
            "-sources.jar": sources(module),
            ".pom": pom(module, version, packaging, url),
        }
        for suffix, content in files.items():
            path = folder / f"{module}-{version}{suffix}"
            path.write_bytes(content)
            digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()  # as Maven wants it
            path.with_name(f"{path.name}.sha1").write_text(digest, encoding="ascii")


def pom(module: str, version: str, packaging: str, url: str | None) -> bytes:
    """Return a module's POM, with what its Gradle file names."""
    project = ET.Element("project", xmlns="http://maven.apache.org/POM/4.0.0")
    head = {
        "modelVersion": "4.0.0",
        "groupId": GROUP,
        "artifactId": module,
        "version": version,
        "packaging": packaging,
        "name": module,
        "description": DESCRIPTION,
    }
    _add(project, head | ({"url": url} if url else {}))
    licence = ET.SubElement(ET.SubElement(project, "licenses"), "license")
    _add(licence, {"name": LICENCE[0], "url": LICENCE[1]})
    if url:
        scm = {"connection": f"scm:git:{url}.git", "url": url}
        _add(ET.SubElement(project, "scm"), scm)
    dependencies = ET.SubElement(project, "dependencies")
    for dependency in read_dependencies(module):
        entry = {
            "groupId": dependency.group,
            "artifactId": dependency.artifact,
            "version": dependency.version,
            "scope": dependency.scope,
        }
        _add(ET.SubElement(dependencies, "dependency"), entry)
    ET.indent(project)
    return ET.tostring(project, encoding="utf-8", xml_declaration=True)


def _add(parent: ET.Element, texts: dict[str, str]) -> None:
    for tag, text in texts.items():
        ET.SubElement(parent, tag).text = text


def aar(module: str, classes: bytes) -> bytes:
    """Return an Android library, as the Android plugin packs one without resources."""
    script = build_script(module)
    namespace = re.search(r'namespace = "(.+)"', script)
    if namespace is None:
        raise ValueError(f"{module}/build.gradle.kts has no namespace")
    rules = re.search(r'consumerProguardFiles\("(.+)"\)', script)
    manifest = (
        '<manifest xmlns:android="http://schemas.android.com/apk/res/android"\n'
        f'    package="{namespace[1]}">\n\n'
        f'    <uses-sdk android:minSdkVersion="{read_versions().min_sdk}" />\n\n'
        "</manifest>\n"
    )
    return _archive(
        {
            "AndroidManifest.xml": manifest.encode(),
            "classes.jar": classes,
            "R.txt": b"",
            "META-INF/com/android/build/gradle/aar-metadata.properties": AAR_METADATA.encode(),
        }
        | ({"proguard.txt": (PROJECT / module / rules[1]).read_bytes()} if rules else {})
    )


def sources(module: str) -> bytes:
    """Return a module's sources, packed."""
    root = PROJECT / module / "src/main/kotlin"
    return _archive(
        {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in sorted(root.rglob("*.kt"))
        }
    )


def _archive(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(zipfile.ZipInfo(name, LONG_AGO), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def main() -> int:
    """Publish; say where."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("repository", type=Path, help="the repository's folder")
    parser.add_argument("--url", help="the project's address, for the POM")
    given = parser.parse_args()
    publish(given.repository, given.url)
    print(given.repository)
    return 0


if __name__ == "__main__":
    sys.exit(main())
