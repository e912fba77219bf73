"""The matrix as tables: one grid of all there is, and lists of reasons, proofs and runtimes.

They are printed as Markdown, columns aligned, so that what is on the screen can be pasted.
"""

from edgetag.recipe import Variant
from edgetag.tables import NONE, Column, Prose, Rows, Table
from edgetag.tables.formats import counted, format_millions, format_ms
from edgetag.tables.markdown import to_aligned_markdown
from edgetag.tables.text import escape_markdown, shorten
from edgetag.targets.matrix.result import Agreement, Cell, MatrixResult, Proof, SameEngine

CONCLUSIONS = {
    "proved": "✓ proved",
    "not contradicted": "✓ not contradicted",
    "contradicted": "✗ contradicted",
    "not proved": "? not proved",
}
LONGEST_REASON = 48
"""Of a reason within the grid; the list below has all of it."""

LONGEST = 400


def matrix_tables(result: MatrixResult) -> tuple[Table, ...]:
    """Return the tables that show a matrix; those that would be empty are left out."""
    tables = [_grid(result), _reasons(result), _proofs(result), _targets(result)]
    return tuple(table for table in tables if table.rows)


def to_markdown_page(result: MatrixResult) -> str:
    """Return the tables as a Markdown page; the first one with a legend."""
    grid, *others = matrix_tables(result)
    parts = [f"{to_aligned_markdown(grid, LONGEST)}\n{_legend(result)}\n"]
    parts += [
        f"## {escape_markdown(table.title)}\n\n{to_aligned_markdown(table, LONGEST)}"
        for table in others
    ]
    return f"# {escape_markdown(grid.title)}\n\n" + "\n".join(parts)


def _grid(result: MatrixResult) -> Table:
    """Show the targets that are available: the others have a line below, and no column."""
    here = [target.name for target in result.targets if target.missing is None]
    columns = [_column(result, name) for name in here]
    return Rows(result.variants).table("Runtime matrix", Column("variant", str), *columns)


def _column(result: MatrixResult, target: str) -> Column[Variant]:
    return Column(target, lambda variant: _cell(result.find(variant, target), result))


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
        millions = f"{' / '.join(map(format_millions, cell.instructions.values()))} M"
        # The legend names all cores: where one lacks, it must be seen whose these are.
        return f"{millions} on {' / '.join(cell.instructions)}" if cell.not_counted else millions
    return "not counted" if cell.not_counted else ""


def _legend(result: MatrixResult) -> str:
    """Say in a sentence each what the parts of a cell are."""
    modes = {cell.latency.mode for cell in result.cells if cell.latency}
    cores = dict.fromkeys(core for cell in result.cells for core in cell.instructions)
    sentences = [
        f"Scores of {counted(result.images, 'image')} of {escape_markdown(result.split)}.",
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


def _reasons(result: MatrixResult) -> Table:
    missed: list[tuple[Cell, str, str]] = [
        (cell, cell.state, cell.reason or "")
        for cell in result.cells
        if cell.state not in ("scored", "unavailable")
    ]
    missed += [(cell, "not counted", cell.not_counted) for cell in result.cells if cell.not_counted]
    return Rows(missed).table(
        "What a runtime did not do",
        Column("variant", lambda what: what[0].variant),
        Column("runtime", lambda what: what[0].target),
        Column("what", lambda what: what[1]),
        Prose("reason", lambda what: what[2]),
    )


def _proofs(result: MatrixResult) -> Table:
    return Rows(result.proofs).table(
        "Lowest runtime version by a file's operators, held against an old runtime",
        Column("variant", lambda proof: proof.variant),
        Column("needs", lambda proof: proof.min_runtime_version or "not known"),
        Column("tried in", _tried),
        Column("proof", lambda proof: CONCLUSIONS[proof.conclusion]),
        Prose("reason", lambda proof: proof.detail),
    )


def _tried(proof: Proof) -> str:
    return f"{proof.runtime} {proof.runtime_version}" if proof.runtime_version else NONE


def _targets(result: MatrixResult) -> Table:
    return Rows(result.targets).table(
        "Runtimes",
        Column("runtime", lambda target: target.name),
        Column("version", lambda target: target.version or "not available"),
        Prose("reason", lambda target: target.missing or ""),
    )
