"""The libraries that the app links: archives that Maven has brought, unpacked."""

import shutil
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

RULES = ("META-INF/com.android.tools/r8/", "META-INF/proguard/")
"""Where a jar has rules for shrinking; an AAR has the file `proguard.txt`."""


@dataclass(frozen=True)
class Library:
    """A jar or an AAR, unpacked.

    Attributes:
        folder: With an AAR's parts as they are called there; of a jar `classes.jar` alone.
    """

    folder: Path

    @property
    def jars(self) -> list[Path]:
        """Jars with its classes."""
        return [*self.folder.glob("classes.jar"), *sorted(self.folder.glob("libs/*.jar"))]

    @property
    def manifest(self) -> Path | None:
        """Its manifest; None of a jar."""
        return _if_there(self.folder / "AndroidManifest.xml")

    @property
    def resources(self) -> Path | None:
        """Folder of its resources; None where it has none."""
        return _if_there(self.folder / "res")

    @property
    def rules(self) -> Path | None:
        """Rules for shrinking of an AAR; None where it has none."""
        return _if_there(self.folder / "proguard.txt")

    @property
    def package(self) -> str:
        """Package of its class R, by its manifest; empty of a jar."""
        if self.manifest is None:
            return ""
        return ET.parse(self.manifest).getroot().get("package", "")  # noqa: S314 of a library in use

    def native(self, abi: str) -> list[Path]:
        """Return its native libraries for one kind of processor."""
        return sorted((self.folder / "jni" / abi).glob("*.so"))


def _if_there(path: Path) -> Path | None:
    return path if path.exists() else None


def unpack(archives: Iterable[Path], folder: Path) -> list[Library]:
    """Unpack jars and AARs, each into a folder of its name, which is made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    libraries = []
    for archive in archives:
        target = folder / archive.stem
        target.mkdir(parents=True)
        if archive.suffix == ".aar":
            with zipfile.ZipFile(archive) as aar:
                aar.extractall(target)
        else:
            shutil.copyfile(archive, target / "classes.jar")
        libraries.append(Library(target))
    return libraries


def join_classes(libraries: Sequence[Library], out: Path) -> Path:
    """Write one jar with what all libraries have in theirs, since Maven takes no AARs."""
    written = set()
    with zipfile.ZipFile(out, "w") as joined:
        for jar in (jar for library in libraries for jar in library.jars):
            with zipfile.ZipFile(jar) as source:
                for name in source.namelist():
                    if not name.endswith("/") and name not in written:
                        written.add(name)
                        joined.writestr(name, source.read(name))
    return out
