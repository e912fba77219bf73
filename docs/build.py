"""Builds the site of the project's documents: `python docs/build.py FOLDER`, or `make docs`.

Pages are laid out as they lie in the repository, so that a link holds there and in the site alike.
What code knows best, the keys of the recipe and the options of the commands, is written into its
page on the way (`reference`).
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from reference import command_reference, recipe_reference

PAGES = ("*.md", "docs/*.md", "models/**/*.md", "android-demo/*.md")
MARK = re.compile(r"<!-- generated: (\w+) -->.*?<!-- end -->", re.DOTALL)
"""Where a generated part goes; what stands there says so to readers of the repository."""

GENERATED = {"recipe": recipe_reference, "commands": command_reference}
SEARCH = "iframe-worker.js"
LINKED = re.compile(r"\]\(([^)\s#]+)|src=\"([^\"]+)\"")


def lay_out(project: Path, to: Path) -> None:
    """Copy every page and what pages link to, and write the generated parts.

    Args:
        project: The repository.
        to: The folder to fill.
    """
    for page in sorted(path for pattern in PAGES for path in project.glob(pattern)):
        text = MARK.sub(lambda mark: GENERATED[mark[1]](), page.read_text(encoding="utf-8"))
        place = to / page.relative_to(project)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
        for found in LINKED.finditer(text):
            _copy_file(project, page.parent / (found[1] or found[2]), to)


def _copy_file(project: Path, linked: Path, to: Path) -> None:
    """Copy a linked file that is no page; the site's own check names what is missing."""
    if linked.suffix == ".md" or not linked.is_file():
        return
    place = to / linked.resolve().relative_to(project.resolve())
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(linked, place)


def build(project: Path, site: Path) -> int:
    """Build the site; a broken link or anchor fails.

    Args:
        project: The repository.
        site: The folder that becomes the site; what it held is deleted.

    Returns:
        The exit code of the site generator.
    """
    with tempfile.TemporaryDirectory(prefix="edgetag-docs-") as folder:
        work = Path(folder)
        lay_out(project, work / "pages")
        shutil.copyfile(project / "docs" / "zensical.toml", work / "zensical.toml")
        shutil.copyfile(project / "docs" / SEARCH, work / "pages" / SEARCH)
        tool = Path(sys.executable).parent / "zensical"
        done = subprocess.run([tool, "build", "--strict"], cwd=work)
        if done.returncode == 0:
            shutil.rmtree(site, ignore_errors=True)
            shutil.copytree(work / "site", site, ignore=shutil.ignore_patterns("404.html"))
            print(f"{site / 'index.html'}: open it in a browser; no server is needed")
        return done.returncode


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python docs/build.py FOLDER")
    sys.exit(build(Path(__file__).resolve().parent.parent, Path(sys.argv[1])))
