"""Tables of an export: the files and what to know of them."""

from collections.abc import Iterable

from edgetag.conversion.result import ExportedVariant, ExportResult
from edgetag.tables import MOST_FINDINGS, Code, Column, Number, Prose, Rows, Table
from edgetag.tables.formats import format_bytes, format_percent


def export_tables(result: ExportResult) -> tuple[Table, ...]:
    """Return the files, and the export's warnings where it has any."""
    files = files_table(result.variants)
    if not result.warnings:
        return (files,)
    warnings = Rows(result.warnings).table(
        "Warnings", Prose("warning", str), most_rows=MOST_FINDINGS
    )
    return (files, warnings)


def files_table(files: Iterable[ExportedVariant]) -> Table:
    """Show what each exported file takes, gives and needs."""
    return Rows(files).table(
        "Files",
        Column("variant", lambda file: file.variant),
        Column("input", lambda file: file.input_type),
        Column("output", lambda file: file.output_type),
        Number("size", lambda file: format_bytes(file.size_bytes)),
        Number("gzip", lambda file: format_bytes(file.gzip_bytes)),
        Number("zeros", lambda file: format_percent(file.sparsity)),
        Column("needs TensorFlow Lite", lambda file: file.min_runtime_version or "unknown"),
        Code("SHA-256", lambda file: file.sha256[:12]),
    )
