"""Where a listed path leads, and whether that is inside the data root."""

import os
from pathlib import Path


class Locator:
    """Resolves listed paths against the data root, following links.

    Args:
        root: The folder that paths are relative to.
    """

    def __init__(self, root: Path) -> None:
        self._root = os.path.realpath(root)
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
            parent = os.path.realpath(os.path.join(self._root, folder))  # noqa: PTH118 (hot)
            self._parents[folder] = parent
        file = f"{parent}/{name}"
        if name in ("", ".", "..") or os.path.islink(file):  # noqa: PTH114 (hot)
            file = os.path.realpath(file)
        return file if file.startswith(self._root.rstrip("/") + "/") else None
