"""One folder per class: an image's tag is the name of the top folder it lies in.

One that lies in several folders has the tags of all of them.
"""

import os
from pathlib import Path, PurePosixPath

from edgetag.dataset.formats.given import PLACEHOLDER, Draft, Given
from edgetag.dataset.listing import Entry, Listing, TagReader
from edgetag.dataset.location import refuse_unreadable, walk
from edgetag.errors import InputError
from edgetag.preprocess import IMAGE_SUFFIXES
from edgetag.recipe import DataSection


def recognises(given: Given) -> bool:
    """Tell whether some folder in the source holds an image."""
    source = given.source
    return source.is_dir() and any(
        file.suffix.lower() in IMAGE_SUFFIXES
        and file.parent != source
        and not file.name.startswith(".")
        for file in _files(source)
    )


def draft(given: Given, tags: tuple[str, ...]) -> Draft | None:
    """Name a tag after each folder."""
    if not recognises(given):
        return None
    source = given.source
    asked = DataSection(source=source, format="folders", tags=(PLACEHOLDER,))
    named = tuple(tag.name for tag in read(Given(asked, None)).unknown_tags)
    return Draft(DataSection(source=source, format="folders", tags=tags or named))


def read(given: Given) -> Listing:
    """Return the entries of class folders, unknown classes, and how many files were passed over.

    Files are listed in the order of their paths, so that the order does not depend on the file
    system. Passed over are hidden files, those that are no images by their name, and those that
    lie in no class folder; hidden folders are not looked into.

    Raises:
        InputError: There is no class folder with an image.
    """
    source, root, section = given.source, given.root, given.section
    if not source.is_dir():
        raise InputError(f"{source}: not a folder, but data.format is 'folders'")
    tags = TagReader(section.vocabulary(), 0 if section.absent_tags == "negative" else None)
    entries, ignored = [], 0
    for file in sorted(_files(source)):
        inside = file.relative_to(source)
        hidden = file.name.startswith(".")
        if hidden or file.suffix.lower() not in IMAGE_SUFFIXES or len(inside.parts) < 2:
            ignored += 1
            continue
        where = str(file)
        path = PurePosixPath(os.path.relpath(file, root)).as_posix()
        entries.append(Entry(path, tags.labels({inside.parts[0]}, where), where))
    if not entries:
        raise InputError(
            f"{source}: no images in class folders; make one folder per tag and put images "
            f"({', '.join(sorted(IMAGE_SUFFIXES))}) into it"
        )
    return Listing(
        source,
        "folders",
        root,
        tuple(entries),
        tags.unknown(),
        ignored_files=ignored,
        adds_up=True,
    )


def _files(source: Path) -> list[Path]:
    paths = []
    for folder, folders, files in walk(source):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        paths += [folder / name for name in files]
        for name in folders:
            # Not walked, but listed: a link out of the root is to be refused, not passed over.
            link = folder / name
            if link.is_symlink():
                paths += [link / name for name in _files_in(link)]
    return paths


def _files_in(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as children:
            return [child.name for child in children if child.is_file()]
    except OSError as error:
        refuse_unreadable(error)
