"""Draws a table for the report's page: elements that its style sheet knows, every text escaped."""

import re
from typing import Any

from markupsafe import Markup

from edgetag.tables.formats import format_count
from edgetag.tables.model import Cell, Column, Table

_LARGE = re.compile(r"\d{4,}")


def to_html(table: Table) -> Markup:
    """Return a table that scrolls by itself; its title is for who does not see it."""
    shown = table.at("page")
    head = Markup("").join(map(_heading, shown.columns))
    rows = [
        Markup("").join(
            _cell(cell, column, first=at == 0)
            for at, (cell, column) in enumerate(zip(row, shown.columns, strict=True))
        )
        for row in shown.rows
    ]
    return Markup(
        '<div class="scroll" role="region" tabindex="0" aria-label="{title}">\n<table>\n'
        '<caption class="unseen">{title}</caption>\n<thead><tr>{head}</tr></thead>\n'
        "<tbody>\n{rows}</tbody>\n</table>\n</div>\n"
    ).format(
        title=table.title,
        head=head,
        rows=Markup("").join(Markup("<tr>{}</tr>\n").format(row) for row in rows),
    )


def _heading(column: Column[Any]) -> Markup:
    kind = Markup(' class="number"') if column.kind == "number" else ""
    return Markup('<th scope="col"{}>{}{}</th>').format(kind, column.heading, _small(column.below))


def _cell(cell: Cell, column: Column[Any], *, first: bool) -> Markup:
    kind = Markup(' class="{}"').format(column.kind) if column.kind else ""
    tag, scope = ("th", Markup(' scope="row"')) if first else ("td", "")
    return Markup("<{tag}{scope}{kind}>{bar}{text}{badges}{below}</{tag}>").format(
        tag=tag,
        scope=scope,
        kind=kind,
        bar=_bar(cell.share),
        text=_text(cell, "" if first and column.kind == "code" else column.kind),
        badges=Markup("").join(
            Markup(' <span class="badge">{}</span>').format(badge) for badge in cell.badges
        ),
        below=_small(" ".join(part for part in (cell.interval, cell.note) if part)),
    )


def _text(cell: Cell, kind: str) -> Markup:
    if cell.mark:
        return Markup('<span class="mark {}"><span aria-hidden="true">{}</span> {}</span>').format(
            cell.mark.replace(" ", "-"), cell.sign, cell.text
        )
    if kind == "code":
        return Markup("<code>{}</code>").format(cell.text)
    grouped = kind == "number" and _LARGE.fullmatch(cell.text)
    return Markup("<bdi>{}</bdi>").format(format_count(int(cell.text)) if grouped else cell.text)


def _bar(share: float | None) -> Markup:
    if share is None:
        return Markup("")
    return Markup('<span class="bar" style="--share:{:.3f}"></span>').format(share)


def _small(text: str) -> Markup:
    """Return a smaller second line; nothing for no text."""
    return Markup("<small>{}</small>").format(text) if text else Markup("")
