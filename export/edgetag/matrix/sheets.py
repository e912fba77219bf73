"""The matrix as tables: a grid of agreement, a grid of costs, and lists of what did not work."""

from edgetag.matrix.result import Agreement, Cell, MatrixResult, Proof
from edgetag.reporting.tables import NONE, Sheet, escape_markdown, format_ms, to_markdown

CONCLUSIONS = {"proved": "✓ proved", "contradicted": "✗ contradicted", "not proved": "? not proved"}


def matrix_sheets(result: MatrixResult) -> tuple[Sheet, ...]:
    """Return the tables that show a matrix; those that would be empty are left out."""
    sheets = [_agreement(result), _costs(result), _not_scored(result), _proofs(result),
              _targets(result)]  # fmt: skip
    return tuple(sheet for sheet in sheets if sheet.rows)


def to_markdown_page(result: MatrixResult) -> str:
    """Return the tables as a Markdown page."""
    parts = [
        f"## {escape_markdown(sheet.title)}\n\n{to_markdown(sheet)}"
        for sheet in matrix_sheets(result)
    ]
    return "# Runtime matrix\n\n" + "\n".join(parts)


def _here(result: MatrixResult) -> tuple[str, ...]:
    """Return the targets that are available: the others have a line below, and no column."""
    return tuple(target.name for target in result.targets if target.missing is None)


def _agreement(result: MatrixResult) -> Sheet:
    names = _here(result)
    return Sheet(
        title=f"agreement with {result.reference} over {result.images} images of {result.split}: "
        "largest difference of a score, decisions that differ",
        headings=("variant", *names),
        numeric=frozenset(),
        rows=tuple(
            (variant, *(_agreed(result.find(variant, name)) for name in names))
            for variant in result.variants
        ),
    )


def _agreed(cell: Cell | None) -> str:
    if cell is None:
        return NONE
    if cell.agreement is None:
        return f"✗ {cell.state}" if cell.state != "scored" else "✓ scored, no reference"
    return format_agreement(cell.agreement)


def format_agreement(agreement: Agreement) -> str:
    """Write how far scores agree: `identical`, or the largest difference and the flips."""
    if agreement.identical:
        return "identical"
    text = f"{agreement.largest_difference:.1e}"
    if not agreement.decisions:
        return text
    return f"{text}, {agreement.flips} of {agreement.decisions}"


def _costs(result: MatrixResult) -> Sheet:
    told = {cell.target for cell in result.cells if cell.latency_p50_ms or cell.instructions}
    names = tuple(name for name in _here(result) if name in told)
    return Sheet(
        title="cost of one inference: median latency as edgetag bench measured it, ARM "
        "instructions as counted under emulation",
        headings=("variant", *names),
        numeric=frozenset(range(1, len(names) + 1)),
        rows=tuple(
            (variant, *(_cost(result.find(variant, name)) for name in names))
            for variant in result.variants
            if names
        ),
    )


def _cost(cell: Cell | None) -> str:
    if cell is None:
        return NONE
    parts = [f"{count / 1e6:.2f} M ({core})" for core, count in cell.instructions.items()]
    if cell.latency_p50_ms is not None:
        parts.insert(0, f"{format_ms(cell.latency_p50_ms)} ms")
    return ", ".join(parts) or NONE


def _not_scored(result: MatrixResult) -> Sheet:
    return Sheet(
        title="files that a runtime did not score",
        headings=("variant", "runtime", "what", "reason"),
        numeric=frozenset(),
        rows=tuple(
            (cell.variant, cell.target, cell.state, cell.reason or "")
            for cell in result.cells
            if cell.state not in ("scored", "unavailable")
        ),
    )


def _proofs(result: MatrixResult) -> Sheet:
    return Sheet(
        title="lowest runtime version by a file's operators, proved by loading in an old runtime",
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
        title="runtimes",
        headings=("runtime", "version", "reason"),
        numeric=frozenset(),
        rows=tuple(
            (target.name, target.version or "not available", target.missing or "")
            for target in result.targets
        ),
    )
