"""What a command gives up before it runs a model on pictures; see `confinement`.

Rights do not come back, so it is done where `main` has started the command: such a process ends
with it. A program that calls a command goes on afterwards, and keeps what it has.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgetag.tagging.listing import Listing


class Process:
    """This process.

    Attributes:
        ends_with_command: Whether nothing follows after the command.
    """

    ends_with_command = False


def confine_command(listing: "Listing", reads: Iterable[Path], writes: Iterable[Path]) -> None:
    """Leave this process the pictures, what else it reads, and the folders that it writes to.

    Nothing is given up where pictures lie at addresses, which take a network to read.

    Args:
        listing: The pictures.
        reads: Files.
        writes: Folders; those that are not there are made.

    Raises:
        InputError: A folder cannot be made.
    """
    if not listing.has_addresses:
        confine_to((*listing.places, *reads), writes)


def confine_to(reads: Iterable[Path], writes: Iterable[Path]) -> None:
    """Leave this process some files, and the folders that it writes to.

    `reads` and `writes` are as for `confine_command`; so is what is raised.
    """
    if not Process.ends_with_command:
        return
    from edgetag.confinement import confine
    from edgetag.writing import disk_error

    folders = list(writes)
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise disk_error(folder, error) from error
    confine(reads, folders)
