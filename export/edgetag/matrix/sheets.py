"""The matrix as tables: one grid of all there is, and lists of reasons, proofs and runtimes.

They are printed as Markdown, columns aligned, so that what is on the screen can be pasted.
"""

from edgetag.matrix.result import Agreement, Cell, MatrixResult, Proof, SameEngine
from edgetag.reporting.tables import NONE, Sheet, escape_markdown, format_ms, printable, shorten

CONCLUSIONS = {
    "proved": "✓ proved",
    "not contradicted": "✓ not contradicted",
    "contradicted": "✗ contradicted",
    "not proved": "? not proved",
}
LONGEST_REASON = 48
"""Of a reason within the grid; the list below has all of it."""

LONGEST = 400
NO_WIDTH = "\N{ZERO WIDTH SPACE}"


def matrix_sheets(result: MatrixResult) -> tuple[Sheet, ...]:
    """Return the tables that show a matrix; those that would be empty are left out."""
    sheets = [_grid(result), _reasons(result), _proofs(result), _targets(result)]
    return tuple(sheet for sheet in sheets if sheet.rows)


def to_markdown_page(result: MatrixResult) -> str:
    """Return the tables as a Markdown page; the first one with a legend."""
    grid, *others = matrix_sheets(result)
    parts = [f"{aligned(grid)}\n{_legend(result)}\n"]
    parts += [f"## {escape_markdown(sheet.title)}\n\n{aligned(sheet)}" for sheet in others]
    return f"# {escape_markdown(grid.title)}\n\n" + "\n".join(parts)


def aligned(sheet: Sheet) -> str:
    """Return a Markdown table whose columns are also straight where it is not rendered."""
    cells = [
        [escape_markdown(shorten(printable(cell), LONGEST)) for cell in row]
        for row in (sheet.headings, *sheet.rows)
    ]
    widths = [max(3, *(_width(row[column]) for row in cells)) for column in range(len(cells[0]))]
    rule = ["-" * width for width in widths]
    return "".join(
        "| " + " | ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)
        ) + " |\n"
        for row in (cells[0], rule, *cells[1:])
    )  # fmt: skip


def _width(text: str) -> int:
    return len(text) - text.count(NO_WIDTH)


def _here(result: MatrixResult) -> tuple[str, ...]:
    """Return the targets that are available: the others have a line below, and no column."""
    return tuple(target.name for target in result.targets if target.missing is None)


def _grid(result: MatrixResult) -> Sheet:
    names = _here(result)
    return Sheet(
        title="Runtime matrix",
        headings=("variant", *names),
        numeric=frozenset(),
        rows=tuple(
            (variant, *(_cell(result.find(variant, name), result) for name in names))
            for variant in result.variants
        ),
    )


def _cell(cell: Cell | None, result: MatrixResult) -> str:
    if cell is None:
        return NONE
    parts = [_told(cell, result.reference), _cost(cell)]
    return "; ".join(part for part in parts if part)


def _told(cell: Cell, reference: str) -> str:
    if cell.state != "scored":
        return f"✗ {cell.state}: {shorten(cell.reason or '', LONGEST_REASON)}"
    same = cell.same_engine
    if same is not None and same.host == reference:
        return format_same(same)  # says all that the comparison with the reference would
    if cell.target == reference:
        return "" if cell.latency else "✓"
    text = format_agreement(cell.agreement) if cell.agreement else "✓, no reference"
    return text if same is None else f"{text}; {format_same(same)}"


def format_agreement(agreement: Agreement) -> str:
    """Write how far scores agree: `identical`, or the largest difference and the flips."""
    if agreement.identical:
        return "identical"
    text = f"{agreement.largest_difference:.1e}"
    if not agreement.decisions:
        return text
    return f"{text}, {agreement.flips} of {agreement.decisions}"


def format_same(same: SameEngine) -> str:
    """Write whether a file does elsewhere what the same engine does here."""
    if same.agreement == "identical":
        return "✓ as here"
    if same.agreement in ("not compared", "fails there"):
        return "? not compared" if same.agreement == "not compared" else "✗ only there"
    mark = "✓" if same.acceptable else "✗"
    return f"{mark} {same.largest_difference:.1e} from here"


def _cost(cell: Cell) -> str:
    if cell.latency is not None:
        unstable = "" if cell.latency.stable else " unstable"
        return f"{format_ms(cell.latency.p50_ms)} ms{unstable}"
    if cell.instructions:
        return f"{' / '.join(f'{n / 1e6:.2f}' for n in cell.instructions.values())} M"
    return "not counted" if cell.not_counted else ""


def _legend(result: MatrixResult) -> str:
    """Say in a sentence each what the parts of a cell are."""
    modes = {cell.latency.mode for cell in result.cells if cell.latency}
    cores = dict.fromkeys(core for cell in result.cells for core in cell.instructions)
    sentences = [
        f"Scores of {result.images} images of {escape_markdown(result.split)}.",
        f"A number is the largest difference of a score from {result.reference} here; “3 of 160” "
        "are decisions that differ.",
        "“As here” compares with the same engine here: integers must be identical.",
    ]
    if modes:
        quick = "in quick mode" if "quick" in modes else "in full mode"
        sentences.append(f"Milliseconds are medians of edgetag bench {quick}, one thread.")
    else:
        sentences.append("There is no benchmark of these files: run edgetag bench.")
    if cores:
        sentences.append(
            f"M are millions of ARM instructions of one inference on {' / '.join(cores)}, counted "
            "under emulation, which says nothing about time."
        )
    return " ".join(sentences)


def _reasons(result: MatrixResult) -> Sheet:
    rows: list[tuple[str, ...]] = [
        (cell.variant, cell.target, cell.state, cell.reason or "")
        for cell in result.cells
        if cell.state not in ("scored", "unavailable")
    ]
    rows += [
        (cell.variant, cell.target, "not counted", cell.not_counted)
        for cell in result.cells
        if cell.not_counted
    ]
    headings = ("variant", "runtime", "what", "reason")
    return Sheet("What a runtime did not do", headings, frozenset(), tuple(rows))


def _proofs(result: MatrixResult) -> Sheet:
    return Sheet(
        title="Lowest runtime version by a file's operators, held against an old runtime",
        headings=("variant", "needs", "tried in", "proof", "reason"),
        numeric=frozenset(),
        rows=tuple(
            (
                proof.variant,
                proof.min_runtime_version or "not known",
                _tried(proof),
                CONCLUSIONS[proof.conclusion],
                proof.detail,
            )
            for proof in result.proofs
        ),
    )


def _tried(proof: Proof) -> str:
    return f"{proof.runtime} {proof.runtime_version}" if proof.runtime_version else NONE


def _targets(result: MatrixResult) -> Sheet:
    return Sheet(
        title="Runtimes",
        headings=("runtime", "version", "reason"),
        numeric=frozenset(),
        rows=tuple(
            (target.name, target.version or "not available", target.missing or "")
            for target in result.targets
        ),
    )
