"""The page of findings: each tag's pictures by kind, with what the data says of them."""

from collections.abc import Sequence

from edgetag.mining.result import KINDS, Finding, MineResult
from edgetag.mining.tables import LABELS, tag_table
from edgetag.reporting.page.sheet import Sheet, SheetPicture, SheetSection, render_sheet
from edgetag.tables.formats import format_count

INTRODUCTION = """Pictures that deserve a look, as the network sees them. A suspect label is one \
that models which never saw the picture contradict. Where the network has heat maps, a second \
picture shows where it sees the tag. findings.csv beside this page has the rows."""


def sheet(result: MineResult, pictures: Sequence[tuple[str, ...]]) -> str:
    """Return the page as one HTML document.

    Args:
        result: The findings,
        pictures: and for each the addresses of pictures that stand side by side.
    """
    sections = []
    for kind in KINDS:
        for about in result.tags:
            shown = tuple(
                SheetPicture(finding.path, _caption(finding), urls[0], urls[1:])
                for finding, urls in zip(result.findings, pictures, strict=True)
                if (finding.kind, finding.tag) == (kind, about.tag)
            )
            if shown:
                title = f"{about.tag}: {kind}, {format_count(len(shown))} shown"
                sections.append(SheetSection(title, shown))
    return render_sheet(
        Sheet(
            "edgetag mine",
            "What deserves a look",
            INTRODUCTION,
            tuple(sections),
            table=tag_table(result),
            table_heading="Labels by tag",
        )
    )


def _caption(finding: Finding) -> str:
    label = LABELS[finding.label]
    return f"{finding.rank}. label {label}; {finding.why} ({finding.split})"
