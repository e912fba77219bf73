"""What was tried, and how far each lies from the float file."""

from edgetag.quantizing.result import File, QuantizedFile
from edgetag.tables import Column, Number, Prose, Rows, Table
from edgetag.tables.formats import format_bytes, format_count, format_fraction


def quantized_tables(result: QuantizedFile) -> tuple[Table, ...]:
    """Return the candidates by distance, and both files."""
    tried = sorted(result.rmse.items(), key=lambda pair: pair[1])
    tables = [
        Rows(tried).table(
            f"Distance from the float file over {result.other_images} pictures, {result.compared}",
            Column("ranges, then corrections", lambda pair: pair[0]),
            Number("RMSE", lambda pair: format_fraction(pair[1])),
            Column("", lambda pair: "kept" if pair[0] == result.chosen else ""),
        ),
        Rows([result.source, result.made]).table(
            "Files",
            Column("file", lambda file: file.name),
            Number("size", lambda file: format_bytes(file.size_bytes)),
            Number("operators in float", _in_float),
            Column("needs TensorFlow Lite", lambda file: file.min_runtime_version or "unknown"),
        ),
    ]
    if result.not_tried:
        tables.append(
            Rows(list(result.not_tried.items())).table(
                "Not tried",
                Column("ranges", lambda pair: pair[0]),
                Prose("why", lambda pair: pair[1]),
            )
        )
    return tuple(tables)


def floating_lines(result: QuantizedFile) -> list[str]:
    """Say which layers stayed in float, and whether that was enough for the limit, if any."""
    kept = result.kept_in_float
    lines = [f"in float: {', '.join(kept)}"] if kept else []
    if not result.is_within:
        lines.append(f"farther than --max-rmse {result.max_rmse:g}, whatever stays in float")
    return lines


def _in_float(file: File) -> str:
    return f"{format_count(file.float_operators)} of {format_count(sum(file.operators.values()))}"
