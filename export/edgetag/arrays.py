"""Arrays on disk: written whole or not at all, and read without ever unpickling."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from edgetag.errors import InputError
from edgetag.userfiles import require_file
from edgetag.writing import atomic_write

MOST_ARRAY_BYTES = 64 << 30
"""Most bytes of a file of arrays: scores of ten million images and a thousand tags have less."""


def write_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write an uncompressed `.npz` atomically; read it with `read_arrays`.

    As `numpy.savez` does, which forgets to close its archive on a full disk.
    """
    with atomic_write(path) as file, zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                save_array(entry, np.asanyarray(array))


def write_array(path: Path, array: npt.NDArray[Any]) -> None:
    """Write a `.npy` atomically."""
    with atomic_write(path) as file:
        save_array(file, array)


def save_array(file: IO[bytes], array: npt.NDArray[Any]) -> None:
    """Write a `.npy` into an open file.

    To a real file numpy writes by C, and on a full disk tells how much was written but not why.

    Raises:
        OSError: With the system's reason.
    """
    np.lib.format.write_array(  # type: ignore[no-untyped-call]
        _Written(file), array, allow_pickle=False
    )


class _Written:
    """Nothing but `write` of a file."""

    def __init__(self, file: IO[bytes]) -> None:
        self.write = file.write


def read_arrays(
    path: Path, remedy: str = "run the stage that makes it"
) -> dict[str, npt.NDArray[Any]]:
    """Read an `.npz` without ever unpickling.

    Args:
        path: The file.
        remedy: What helps, for the error's text.

    Raises:
        InputError: The file is missing, damaged or holds Python objects.
    """
    try:
        require_file(path, "file of arrays", MOST_ARRAY_BYTES)
        # Opened here: numpy leaves the file open when the archive is damaged.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"{path}: missing; {remedy}") from None
    except Exception as error:  # zipfile, zlib and numpy raise many kinds on damaged files
        raise InputError(f"{path}: not a readable .npz file: {error}; {remedy}") from None
