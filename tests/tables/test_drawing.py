"""Tables on terminals of any width: no word is cut, nothing is left out, pipes never wrap."""

import os
import pty
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from edgetag.tables import MOST_FINDINGS, Cell, Column, Number, Prose, Rows
from edgetag.tables.fitting import fitted
from edgetag.tables.lists import left_table
from tests.support.drawn_tables import REMEDY, TABLE, drawn, words
from tests.support.paths import ROOT


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_no_word_is_cut_and_no_line_is_wider_than_the_terminal(width: int) -> None:
    lines = drawn(TABLE, width)
    assert words(TABLE) <= {word for line in lines for word in line.split()}
    assert max(map(cell_len, lines)) <= width


def test_a_remedy_wraps_between_words_beside_its_part() -> None:
    lines = drawn(TABLE, 80)
    (first,) = (line for line in lines if "litert@arm64" in line)
    assert "not set up; run:" in first
    assert any("edgetag target" in line for line in lines)


def test_a_table_that_cannot_fit_becomes_a_list_of_its_rows() -> None:
    lines = [line.rstrip() for line in drawn(TABLE, 40)]
    start = lines.index("litert@arm64")
    assert lines[start + 1] == "  state ? missing"
    assert lines[start + 2] == "  drop, points 1.67 [0.46, 2.65]"
    assert "  state ✓ ok" in lines[lines.index("猫|犬") + 1]


def test_intervals_go_below_their_numbers_where_that_makes_a_table_fit() -> None:
    drop = Number[str]("drop", lambda _: Cell("−0.29", "[−1.39, 0.98]"))
    table = Rows(["int8"]).table("t", Column("name", str), drop, drop, drop)
    lines = [" ".join(line.split()) for line in drawn(table, 60)]
    assert "int8 −0.29 −0.29 −0.29" in lines
    assert "[−1.39, 0.98] [−1.39, 0.98] [−1.39, 0.98]" in lines


@pytest.mark.parametrize("width", [40, 500])
def test_no_name_steers_the_terminal_or_breaks_its_row(width: int) -> None:
    table = Rows(["a\nb\x1b[2J.png"]).table(
        "t", Column("path", str), Prose("reason", lambda _: "\u202ereason")
    )
    shown = "\n".join(drawn(table, width, terminal=False))
    assert "a b\ufffd[2J.png" in shown
    assert not any(sign in shown for sign in "\x1b\u202e")


SCRIPT = """
from edgetag.cli.terminal import print_tables
from tests.support.drawn_tables import TABLE
print_tables([TABLE])
"""
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def printed(stdout: int) -> str:
    """Print the table as a command does; return what a pipe got."""
    environment = {
        **os.environ,
        "COLUMNS": "60",
        "TERM": "xterm",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], stdout=stdout, text=True, check=True, env=environment
    )
    return done.stdout


def test_a_pipe_gets_each_row_on_one_line_whatever_the_terminals_width() -> None:
    title, *rows = printed(subprocess.PIPE).splitlines()
    assert title == TABLE.title
    (row,) = (line for line in rows if "litert@arm64" in line)
    assert REMEDY in row


def test_a_terminal_gets_lines_of_its_own_width() -> None:
    leader, follower = pty.openpty()
    printed(follower)
    os.close(follower)
    shown = ANSI.sub("", os.read(leader, 1 << 20).decode()).splitlines()
    os.close(leader)
    assert 40 < max(map(cell_len, shown)) <= 60
    assert words(TABLE) <= {word for line in shown for word in line.split()}


def test_a_pipe_gets_every_picture_that_was_left() -> None:
    table = left_table("Left", [(f"{number}.png", "unreadable") for number in range(30)])
    assert sum("unreadable" in line for line in drawn(table, 80, terminal=False)) == 30
    title, *shown = drawn(table, 80)
    assert sum("unreadable" in line for line in shown) == MOST_FINDINGS
    assert title == "Left (20 of 30 shown; a pipe and --json get all)"


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=9)
CELL = st.lists(TEXT, max_size=5).map(" ".join)


@pytest.mark.slow
@given(
    table=st.integers(1, 5).flatmap(
        lambda n: st.lists(st.lists(CELL, min_size=n, max_size=n), min_size=1, max_size=5)
    ),
    width=st.integers(1, 120),
    gap=st.integers(1, 2),
)
def test_widths_fit_and_hold_every_word(table: list[list[str]], width: int, gap: int) -> None:
    headings, *rows = table
    whole = frozenset({0})
    widths = fitted(headings, rows, whole, width, gap)
    if widths is None:
        return
    assert sum(widths) + gap * (len(widths) - 1) <= width
    for row in table:
        for cell, columns in zip(row, widths, strict=True):
            assert all(cell_len(word) <= columns for word in cell.split())
    assert all(cell_len(row[0]) <= widths[0] for row in rows)
