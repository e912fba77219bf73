"""Write the library's public API as pages, by Dokka: `write_api.py FOLDER`, after `build_apk.py`.

One folder of HTML for each module, from KDoc; a warning of Dokka, such as of a link that leads
nowhere, fails. `make kotlin-docs` does both.
"""

import argparse
import shutil
import sys
from pathlib import Path

from project import PROJECT, run
from publish import MODULES

GOALS = ("process-classes", "dokka:dokka")


def write_api(folder: Path) -> None:
    """Replace a folder by the pages.

    Raises:
        subprocess.CalledProcessError: Maven failed, or Dokka warned; it has said why.
    """
    modules = ",".join(MODULES)
    pom = PROJECT / "pom.xml"
    run("mvn", "-q", "-B", "-f", pom, "-Papp", "-am", "-pl", modules, *GOALS)
    shutil.rmtree(folder, ignore_errors=True)
    for module in MODULES:
        shutil.copytree(PROJECT / module / "target/dokka", folder / module)


def main() -> int:
    """Write; say where."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where to; what it holds is deleted")
    folder = parser.parse_args().folder
    write_api(folder)
    for module in MODULES:
        print(folder / module / "index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
