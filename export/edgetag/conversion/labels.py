"""Labels of a model made elsewhere: read from a file or from the zip behind a model, and matched.

A zip is read in memory and by the one name that is asked for: nothing is ever unpacked, so no
path in it can lead anywhere.
"""

import io
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from edgetag.errors import InputError, printable
from edgetag.tables.text import first_few, shorten
from edgetag.tags import Vocabulary
from edgetag.userfiles import read_file

MOST_LABEL_BYTES = 1 << 20
"""A file of labels: ten thousand tags take far less."""

MOST_ZIP_BYTES = 4 << 20
"""The zip must lie within so many bytes at the model's end."""

MEMBER = b"PK\x03\x04"
"""What a file in a zip begins with,"""

MEMBER_BYTES = 30
"""and how long that header is before the name (APPNOTE.TXT 4.3.7)."""

SHOWN = 10
"""Names that an error lists before it only counts."""

COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def read_label_file(path: Path) -> tuple[str, ...]:
    """Return the labels in a text file, one a line.

    Raises:
        InputError: It is missing, too large or no text.
    """
    try:
        data = read_file(path, "file of labels", MOST_LABEL_BYTES)
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file of labels") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    return parse_labels(data, path)


def labels_behind(model: bytes, name: str, where: object) -> tuple[str, ...] | None:
    """Return the labels in the zip at a model file's end.

    Returns:
        None where there is no zip, or none of its files has the name: tools that rewrite a model
        often drop what follows it.

    Raises:
        InputError: The zip is damaged or cut off, or what it holds is too large or no text.
    """
    tail = io.BytesIO(model[-MOST_ZIP_BYTES:])
    if not zipfile.is_zipfile(tail):
        if _begins_zip(tail.getvalue(), name):
            raise InputError(
                f"{where}: cut off: the zip of labels at its end has no end; copy or download the "
                "file again, or give the labels with --labels FILE"
            )
        return None
    try:
        with zipfile.ZipFile(tail) as archive:
            members = [member for member in archive.infolist() if member.filename == name]
            if not members:
                return None
            if len(members) > 1:
                raise ValueError(f"{shown(name)} is in it {len(members)} times")
            member = members[0]
            if member.flag_bits & 1:
                raise ValueError(f"{shown(name)} is encrypted")
            if member.compress_type not in COMPRESSIONS:
                raise ValueError(f"{shown(name)} is compressed in an unusual way")
            with archive.open(member) as file:
                data = file.read(MOST_LABEL_BYTES + 1)
    except Exception as error:  # damaged zips raise nearly anything
        raise InputError(
            f"{where}: the zip of labels at its end is damaged ({shown(str(error))}); give them "
            "with --labels FILE"
        ) from None
    return parse_labels(data, f"{where}: {shown(name)}")


def _begins_zip(tail: bytes, name: str) -> bool:
    """Tell whether a zip that holds a file of this name, and is no whole zip, ends a model.

    What is cut off within the first header, before the name is whole, counts too.
    """
    wanted = name.encode()
    place = tail.rfind(MEMBER)
    while place >= 0:
        start = place + MEMBER_BYTES
        end = start + len(wanted)
        named = tail[start:end]
        if named == wanted or (end > len(tail) and wanted.startswith(named)):
            return True
        place = tail.rfind(MEMBER, 0, place)
    return False


def parse_labels(data: bytes, where: object) -> tuple[str, ...]:
    """Return labels from text, one a line; empty lines at the end do not count.

    Raises:
        InputError: It is too large, no UTF-8, or empty.
    """
    if len(data) > MOST_LABEL_BYTES:
        raise InputError(f"{where}: over {MOST_LABEL_BYTES} bytes, which no list of labels needs")
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise InputError(f"{where}: not a text of labels in UTF-8") from None
    labels = [line.strip() for line in lines]
    while labels and not labels[-1]:
        labels.pop()
    if not labels:
        raise InputError(f"{where}: it lists no labels; write one tag a line")
    return tuple(labels)


def match_labels(
    labels: Sequence[str], vocabulary: Vocabulary, where: object, source: str
) -> tuple[int, ...]:
    """Return the position among the labels of each tag.

    `where` names the model in errors, `source` where the labels come from.

    Raises:
        InputError: The labels are not the tags; what is missing, besides or twice is listed.
    """
    names, known = set(vocabulary.names), set(labels)
    lacking = [name for name in vocabulary.names if name not in known]
    extra = [label for label in dict.fromkeys(labels) if label not in names]
    twice = [label for label, count in Counter(labels).items() if count > 1]
    parts = [
        f"{what} {listed(wrong)}"
        for what, wrong in (("it lacks", lacking), ("it has besides", extra), ("twice", twice))
        if wrong
    ]
    if parts:
        raise InputError(
            f"{where}: its labels, {source}, are not the recipe's tags: {'; '.join(parts)}. "
            "A model is compared only over the same tags; if they are only named otherwise, give "
            "the recipe's names in the order of its scores with --labels FILE"
        )
    position = {label: column for column, label in enumerate(labels)}
    return tuple(position[name] for name in vocabulary.names)


def listed(names: Sequence[str]) -> str:
    """Return names for a message, the first few of many."""
    return first_few([shown(name) for name in names], SHOWN)


def shown(text: str, most: int = 60) -> str:
    """Return text from a foreign file so that it can be printed: short and on one line."""
    return shorten(printable(text), most)
