"""A folder that appears whole or not at all, and replaces only one that was exported before."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from edgetag.ci.result import MARKER, CiFolder
from edgetag.errors import InputError
from edgetag.scratch import scratch_folder
from edgetag.workspace import digest_file, write_text

RUNS = "runs"
"""What the job's commands leave in the folder; it goes when the folder is replaced."""


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """Yield an empty folder beside `folder`, which takes its place when the block ends well.

    Beside it, `NAME/../run` is free for what is needed meanwhile. What a killed export left goes
    when the next one begins beside it.

    Raises:
        InputError: `folder` holds something that was not exported, or cannot be made.
    """
    check_replaceable(folder)
    with ExitStack() as stack:
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            aside = stack.enter_context(scratch_folder(folder.parent))
        except OSError as error:
            raise InputError(f"{folder}: cannot be made: {error.strerror}") from None
        made = aside / "new"
        made.mkdir(mode=0o755)
        yield made
        if folder.exists():
            folder.rename(aside / "old")
        made.rename(folder)


def check_replaceable(folder: Path) -> None:
    """Refuse to replace anything that was not exported, or was changed since.

    Raises:
        InputError: Names what is in the way.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise InputError(f"{folder}: not a folder; give the name of a new one")
    if not folder.exists() or not any(folder.iterdir()):
        return
    marker = folder / MARKER
    if not marker.is_file():
        raise InputError(
            f"{folder}: not empty, and not made by edgetag ci export; give the name of a new folder"
        )
    known = CiFolder.read(marker, "ci export").files
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name == MARKER or name.split("/")[0] == RUNS or (path.is_dir() and _ours(name, known)):
            continue
        if name not in known:
            raise InputError(f"{path}: edgetag did not put this here; move it out of {folder}")
        if path.is_symlink() or not path.is_file() or digest_file(path) != known[name]:
            raise InputError(
                f"{path}: changed since it was exported; delete {folder} if it may be replaced"
            )


def _ours(name: str, known: dict[str, str]) -> bool:
    return any(file.startswith(f"{name}/") for file in known)


def seal(folder: Path, recipe: str, variant: str) -> dict[str, int]:
    """Write down what a folder holds.

    Returns:
        File → bytes, sorted.
    """
    files = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    digests = {name: digest_file(path) for name, path in files.items()}
    marker = CiFolder(recipe=recipe, variant=variant, files=digests)
    write_text(folder / MARKER, marker.to_json())
    return {name: path.stat().st_size for name, path in files.items()}
