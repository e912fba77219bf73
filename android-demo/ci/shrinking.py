"""The app's code and its libraries', shrunk by R8 and made into dex files by D8."""

import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from libraries import RULES, Library
from project import java, run

NO_OPTIMIZATION = "-dontoptimize\n"
"""CI only shrinks, which takes a minute of a core; the Android plugin optimizes besides.

Optimizing took 26 to 31 s more, D8 included. The app's test then fails on the JVM: optimized code
calls parts of Kotlin that are private to their package, and Robolectric loads app and Kotlin apart.
"""


def rules_of(jars: Iterable[Path], libraries: Sequence[Library], work: Path) -> list[Path]:
    """Return the rules that libraries bring, those in jars written into a folder."""
    found = [rules for library in libraries if (rules := library.rules)]
    for place, jar in enumerate(jars):
        with zipfile.ZipFile(jar) as file:
            names = [
                name for name in file.namelist() if name.startswith(RULES) and name.endswith(".pro")
            ]
            if names:
                text = "\n".join(file.read(name).decode() for name in names)
                found.append(_written(work / f"rules-{place:03}.pro", text))
    return found


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def shrink(
    r8: Path, framework: Path, jdk: Path, jars: Sequence[Path], rules: Sequence[Path], out: Path
) -> None:
    """Write a jar with the classes and members that the app can reach.

    It is made of class files, so that tests run on a JVM what phones get as dex.
    """
    without = _written(out.with_suffix(".pro"), NO_OPTIMIZATION)
    run(
        *java(r8),
        "com.android.tools.r8.R8",
        *("--release", "--classfile", "--map-diagnostics", "info", "none"),
        *("--map-diagnostics", "warning", "none"),
        *("--lib", framework, "--lib", jdk),
        *(part for path in (*rules, without) for part in ("--pg-conf", path)),
        *("--output", out),
        *jars,
    )


def make_dex(r8: Path, framework: Path, jdk: Path, min_sdk: str, jar: Path, folder: Path) -> None:
    """Write `classes.dex`, and `classes2.dex` … where one does not suffice, into a folder."""
    folder.mkdir()
    run(
        *java(r8),
        "com.android.tools.r8.D8",
        *("--release", "--min-api", min_sdk),
        *("--lib", framework, "--lib", jdk),
        *("--output", folder),
        jar,
    )
