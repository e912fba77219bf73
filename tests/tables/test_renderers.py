"""A table that is given once reads the same on a terminal, in Markdown and on the page."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console

from edgetag.tables import Cell, Code, Column, Decision, Number, Rows, Table, decided, to_rich
from edgetag.tables.html import to_html
from edgetag.tables.markdown import to_aligned_markdown, to_markdown
from edgetag.tables.text import printable
from tests.support.parsed_page import Page


def read_terminal(table: Table) -> list[list[str]]:
    """Return the cells of what a pipe gets: columns are apart by two blanks at least."""
    console = Console(width=100_000, file=io.StringIO(), record=True)
    console.print(to_rich(table))
    title, heading, _, *rows = console.export_text().splitlines()
    assert title == table.title
    return [
        [cell.strip() for cell in row.split("  ") if cell.strip()]
        for row in (heading, *rows)
        if row.strip()
    ]


def read_markdown(text: str) -> list[list[str]]:
    """Return the cells of the only table, as GitHub shows them."""
    page = Page(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))
    assert {one.tag for one in page.elements} <= {"table", "thead", "tbody", "tr", "th", "td"}
    return rows_of(page)


def rows_of(page: Page) -> list[list[str]]:
    rows: list[list[str]] = []
    for one in page.elements:
        if one.tag == "tr":
            rows.append([])
        elif one.tag in ("th", "td"):
            rows[-1].append(" ".join(one.text.split()))
    return rows


TABLE = Rows([("fp32", 0.0, "pass"), ("int8", 1.7, "fail")]).table(
    "Variants",
    Column("variant", lambda row: Cell(row[0], note="2.3.0", badges=("ships",))),
    Number("drop", lambda row: Cell(f"{row[1]:.2f}", "[0.70, 2.70]"), note="points"),
    Number("latency", lambda _: 12345, unit="ms", note="2 threads"),
    Number("runs", lambda _: 60, only="page"),
    Number("batch", lambda _: None, only="text"),
    Number("never measured", lambda _: None, optional=True),
    Code("SHA-256", lambda _: "abc"),
    Decision("verdict", lambda row: decided(row[2], note="why")),
)
TEXT = [
    ["variant", "drop, points", "latency ms, 2 threads", "batch", "SHA-256", "verdict"],
    ["fp32", "0.00 [0.70, 2.70]", "12345", "–", "abc", "✓ pass"],
    ["int8", "1.70 [0.70, 2.70]", "12345", "–", "abc", "✗ fail"],
]


def test_a_table_given_once_reads_the_same_on_a_terminal_and_in_markdown() -> None:
    assert read_terminal(TABLE) == TEXT
    assert read_markdown(to_markdown(TABLE)) == TEXT
    assert read_markdown(to_aligned_markdown(TABLE)) == TEXT


def test_the_page_has_the_same_cells_with_notes_and_the_decision_before_the_numbers() -> None:
    assert rows_of(Page(str(to_html(TABLE)))) == [
        ["variant", "verdict", "drop points", "latency ms, 2 threads", "runs", "SHA-256"],
        ["fp32 ships 2.3.0", "✓ pass why", "0.00 [0.70, 2.70]", "12 345", "60", "abc"],
        ["int8 ships 2.3.0", "✗ fail why", "1.70 [0.70, 2.70]", "12 345", "60", "abc"],
    ]


def test_numbers_are_flush_right_in_markdown_and_on_the_page() -> None:
    assert to_markdown(TABLE).splitlines()[1] == "| --- | ---: | ---: | ---: | --- | --- |"
    page = Page(str(to_html(TABLE)))
    assert len(page.all("th", "number")) == 3
    assert len(page.all("td", "number")) == 6


def test_a_table_that_is_cut_says_so_in_its_title() -> None:
    assert TABLE.first(1).title == "Variants (1 of 2 shown)"
    assert len(TABLE.first(1).rows) == 1
    assert TABLE.first(2) == TABLE


HOSTILE = st.text(
    st.one_of(
        st.sampled_from("|`*_<>#~&[]()!\\\"'@-\n\t\r\x1b\u202e\u2028{}%✓✗"),
        st.characters(codec="utf-8"),
    ),
    min_size=1,
    max_size=60,
)
BREAKOUTS = st.sampled_from(
    [
        "<script>x()</script>",
        "</table><img src=x>",
        "| a | b |",
        "![x](http://y)",
        "[red]x[/red]",
        "\x1b[2J\x1b]0;title\x07",
        "{{ 7 * 7 }}",
        "{title}",
        "&lt;b&gt;",
        '" onload="x',
        "**a** @all",
    ]
)


@pytest.mark.slow
@given(name=st.one_of(HOSTILE, BREAKOUTS), badge=BREAKOUTS)
def test_hostile_text_is_only_text_in_all_three(name: str, badge: str) -> None:
    table = Rows([name]).table(
        f"title {name}",
        Column(f"heading {badge}", lambda text: Cell(f"x{text}x", note=badge, badges=(badge,))),
        Code("code", lambda text: f"x{text}x"),
        Decision("verdict", lambda text: Cell(f"x{text}x", f"[{text}]", "fail")),
    )
    wanted = " ".join(printable(f"x{name}x").split())
    page = Page(str(to_html(table)))
    assert page.open == []
    assert {one.tag for one in page.elements} <= {
        "div",
        "table",
        "caption",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "span",
        "small",
        "bdi",
        "code",
    }
    assert all(not key.startswith("on") for one in page.elements for key in one.attributes)
    assert len(rows_of(page)) == 2
    heading, row = read_markdown(to_markdown(table))
    assert (len(heading), len(row)) == (3, 3)
    assert row[1].replace("\u200b", "") == wanted.replace("\u200b", "")
    console = Console(width=100_000, file=io.StringIO(), record=True, force_terminal=False)
    console.print(to_rich(table))
    shown = console.export_text()
    assert len([line for line in shown.splitlines() if line.strip()]) == 4
    assert not any(sign in shown for sign in "\x1b\x07\r\u202e")
    assert wanted in " ".join(shown.split())
