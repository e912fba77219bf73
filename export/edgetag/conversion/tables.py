"""Tables of an export: the files and what to know of them."""

from collections.abc import Iterable

from edgetag.conversion.result import ExportedVariant, ExportResult, OnnxModel, ServingModel
from edgetag.tables import MOST_FINDINGS, Code, Column, Number, Prose, Rows, Table
from edgetag.tables.formats import format_bytes, format_fraction, format_percent


def export_tables(result: ExportResult) -> tuple[Table, ...]:
    """Return the files, what a server is given, and warnings, where there are any."""
    tables = [files_table(result.variants)]
    if result.serving:
        tables.append(_serving_table(result.serving))
    if result.onnx:
        tables.append(_onnx_table(result.onnx))
    if result.warnings:
        tables.append(
            Rows(result.warnings).table("Warnings", Prose("warning", str), most_rows=MOST_FINDINGS)
        )
    return tuple(tables)


def _serving_table(serving: ServingModel) -> Table:
    """Show what a server is given."""
    return Rows([serving]).table(
        "For TensorFlow Serving",
        Column("folder", lambda model: model.folder),
        Column("signatures", lambda model: ", ".join(model.signatures)),
        Number("size", lambda model: format_bytes(model.size_bytes)),
    )


def _onnx_table(onnx: OnnxModel) -> Table:
    """Show what engines of desktops are given."""
    return Rows([onnx]).table(
        "The float model for desktops",
        Column("file", lambda model: model.file),
        Column("weights", lambda model: model.weights),
        Number("size", lambda model: format_bytes(model.size_bytes)),
        Number("gzip", lambda model: format_bytes(model.gzip_bytes)),
        Number("opset", lambda model: model.opset),
        Number(
            "from TensorFlow",
            lambda model: f"{model.max_difference:.1e}",
            note=f"largest difference of a score, {onnx.checked_images} images",
        ),
        Code("SHA-256", lambda model: model.sha256[:12]),
    )


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
        Number("logit RMSE", _distances, note="before → after calibration", optional=True),
        Column("needs TensorFlow Lite", lambda file: file.min_runtime_version or "unknown"),
        Code("SHA-256", lambda file: file.sha256[:12]),
    )


def _distances(file: ExportedVariant) -> str | None:
    if file.calibration is None:
        return None
    tried = file.calibration.logit_rmse
    before = next(iter(tried.values()))
    return f"{format_fraction(before)} → {format_fraction(tried[file.calibration.chosen])}"
