"""A column of tables with people's answers among their labels: what stood there before.

By it, answers that a source has already are told from those that agree with it.
"""

import json
from collections.abc import Mapping

from edgetag.dataset.location import is_unicode
from edgetag.errors import InputError

BEFORE_ANSWERS = "before_answers"
"""The column's name."""


def before_answers_text(before: Mapping[str, int | None]) -> str:
    """Return tag → label as a cell: JSON, or nothing where nobody answered."""
    return json.dumps(before, ensure_ascii=False) if before else ""


def read_before_answers(cell: object, where: str) -> tuple[tuple[str, int | None], ...]:
    """Return tags and labels of a cell.

    Args:
        cell: As `before_answers_text` writes it.
        where: File and line or row.

    Raises:
        InputError: It is none.
    """
    if cell is None or cell == "":
        return ()
    try:
        before = json.loads(cell) if isinstance(cell, str) else cell
    except (ValueError, RecursionError):
        before = None
    if not isinstance(before, dict) or any(
        label not in (0, 1, None) or not is_unicode(tag) for tag, label in before.items()
    ):
        raise InputError(
            f"{where}: column {BEFORE_ANSWERS!r} is {cell!r:.80}; leave it as edgetag review "
            "export wrote it, or take the column out of the table"
        )
    return tuple(before.items())
