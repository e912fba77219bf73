"""Text that comes from files, recipes and other programs, made safe for where it is shown."""

import html
import re
from collections.abc import Sequence

from edgetag.tables.formats import counted, format_count

LONGEST_NAME = 120
"""Longer texts are cut in Markdown, where a page has a largest size."""

_SPECIAL = re.compile(
    r"[\\`*<>|#~&]"
    r"|(?<![^\W_])_|_(?![^\W_])"  # an underscore within a word is only itself
    r"|\[(?![−\d.]+,\s[−\d.]+\])"  # and so is the bracket of an interval
)
_MENTION = re.compile(r"@(?=\w)")


def escape_markdown(text: str) -> str:
    """Return text that Markdown shows as it is, on one line, and that mentions nobody."""
    one_line = " ".join(text.split())
    # GitHub notifies whom a comment mentions, even behind a backslash; a character without width
    # after the @ prevents it.
    return _MENTION.sub("@\N{ZERO WIDTH SPACE}", _SPECIAL.sub(r"\\\g<0>", one_line))


def escape_html(text: str) -> str:
    """Return text for an HTML block within Markdown, where backslashes mean nothing."""
    one_line = html.escape(" ".join(text.split()))
    return _MENTION.sub("@\N{ZERO WIDTH SPACE}", one_line)


def shorten(text: str, longest: int = LONGEST_NAME) -> str:
    """Return a text of at most `longest` characters; one that is cut ends in …."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def first_few(texts: Sequence[str], most: int, of: int | None = None, between: str = ", ") -> str:
    """List texts in a sentence, the first few of many: `cat, dog and 3 more`.

    Args:
        texts: In order.
        most: How many are listed.
        of: How many there are, where not all are given.
        between: What separates them.
    """
    rest = (len(texts) if of is None else of) - most
    return between.join(texts[:most]) + (f" and {format_count(rest)} more" if rest > 0 else "")


def not_looked_into(linked_folders: int) -> str:
    """Return that links to folders were not followed, and what to do; empty where there are none.

    Args:
        linked_folders: How many there are in the folders that were named.
    """
    if not linked_folders:
        return ""
    return f"not looked into: {counted(linked_folders, 'linked folder')}; name what they lead to"


def printable(text: str) -> str:
    """Return text on one line that cannot steer a terminal."""
    return "".join(
        sign if sign.isprintable() else " " if sign.isspace() else "\N{REPLACEMENT CHARACTER}"
        for sign in text
    )
