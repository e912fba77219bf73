"""The files of folders of pictures without labels."""

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from edgetag.dataset.listing import Entry, Listing, linked_in, seen_in
from edgetag.dataset.plan import Sources, located
from edgetag.dataset.unlabelled import UNLABELLED
from edgetag.errors import InputError
from edgetag.preprocess import IMAGE_SUFFIXES
from edgetag.recipe import DataSection, SplitSection


def undivided(section: DataSection, **changes: float) -> DataSection:
    """Return how pictures without labels are read: as those of the data, in one split."""
    return section.replace(split=SplitSection(), **changes)


def open_unlabelled(folder: Path, tags: int) -> Sources:
    """List the pictures of a folder and of those below it, in the order of their paths.

    Hidden files and folders are passed over, and what is no picture by its name.

    Args:
        folder: The recipe's `teacher.pictures`.
        tags: How many there are; all are unknown.

    Raises:
        InputError: There is no picture.
    """
    if not folder.is_dir():
        raise InputError(f"teacher.pictures: {folder}: not a folder")
    if not (files := list(_pictures_in(folder))):
        raise InputError(f"teacher.pictures: {folder}: {_NO_PICTURE}")
    return _sources(files, folder, folder, tags, linked_in(folder))


def open_named(named: Sequence[Path], tags: int) -> Sources:
    """List files, and the pictures of folders likewise, with their whole paths as names.

    Links that lead out of the folder that was named are passed over too.

    Args:
        named: Files and folders.
        tags: How many there are; all are unknown.

    Raises:
        InputError: There is no such file or folder, or no picture.
    """
    files: dict[Path, None] = {}
    linked = 0
    for place in named:
        if not place.exists():
            raise InputError(f"{place}: there is no such file or folder; name pictures")
        whole = place.resolve()
        if whole.is_dir():
            within = (file for file in _pictures_in(whole) if file.resolve().is_relative_to(whole))
            files.update(dict.fromkeys(within))
            linked += linked_in(whole)
        else:
            files[whole] = None
    if not files:
        raise InputError(f"{', '.join(map(str, named))}: {_NO_PICTURE}")
    return _sources(list(files), named[0], Path("/"), tags, linked)


_NO_PICTURE = f"no picture in it ({', '.join(sorted(IMAGE_SUFFIXES))})"


def _pictures_in(folder: Path) -> Iterator[Path]:
    return (file for file in seen_in(folder) if file.suffix.lower() in IMAGE_SUFFIXES)


def _sources(files: Sequence[Path], source: Path, root: Path, tags: int, linked: int) -> Sources:
    unknown = (None,) * tags
    entries = tuple(
        Entry(
            PurePosixPath(file.relative_to(root)).as_posix(), unknown, str(file), split=UNLABELLED
        )
        for file in files
    )
    return located(Listing(source, "folders", root, entries, linked_folders=linked))
