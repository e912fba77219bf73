"""Where a listed path leads, whether that is inside the data root, and what is in a folder."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from edgetag.errors import InputError


def foreign(path: str) -> str | None:
    """Return why a path that leads to no file never can, or None where that is not plain.

    Nothing here expands, decodes or turns around what other programs do: a listed path is a path.
    """
    if path.startswith("/"):
        return "is absolute, and would name nothing on another machine"
    if path.startswith("~"):
        return "starts with ~, which stands for no folder here"
    if "://" in path:
        return "is an address, not a path"
    if "\\" in path:
        return "has backslashes; folders are separated by /"
    return None


def is_file_name(text: str) -> bool:
    """Tell whether a text can be a file's path: valid Unicode without control characters."""
    return is_unicode(text) and all(ord(character) >= 32 for character in text)


def shown(text: str) -> str:
    """Return a text as tables and JSON can hold it: escaped where it is no valid text."""
    return text if is_file_name(text) else ascii(text)[1:-1]


def is_unicode(text: str) -> bool:
    """Tell whether a text has no halves of surrogate pairs, which JSON and file names can leave."""
    return not any(0xD800 <= ord(character) < 0xE000 for character in text)


def walk(folder: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """Yield each folder in a folder with the names of folders and files in it.

    Names of folders that are taken out of their list are not looked into; linked ones never are.

    Raises:
        InputError: One may not be read; `os.walk` and `Path.rglob` pass over it and what it holds.
    """
    for place, folders, files in os.walk(folder, onerror=refuse_unreadable):
        yield Path(place), folders, files


def refuse_unreadable(error: OSError) -> NoReturn:
    """Refuse a folder that cannot be read.

    Raises:
        InputError: Always.
    """
    raise InputError(f"{error.filename}: cannot be read: {error.strerror}; allow reading it")


class Locator:
    """Resolves listed paths against the data root, following links.

    Args:
        root: The folder that paths are relative to.
    """

    def __init__(self, root: Path) -> None:
        self.root = os.path.realpath(root)
        self._parents: dict[str, str] = {}

    def locate(self, path: str) -> str | None:
        """Return the file a path leads to, or None if that is outside the root.

        Absolute paths count as outside, since they would name nothing on another machine.
        """
        if path.startswith("/"):
            return None
        folder, name = os.path.split(path)
        parent = self._parents.get(folder)
        if parent is None:
            parent = os.path.realpath(os.path.join(self.root, folder))  # noqa: PTH118 (hot)
            self._parents[folder] = parent
        file = f"{parent}/{name}"
        if name in ("", ".", "..") or os.path.islink(file):  # noqa: PTH114 (hot)
            file = os.path.realpath(file)
        return file if file.startswith(self.root.rstrip("/") + "/") else None
