"""Tables of compression: zeros by layer, and what quantization-aware training came to."""

from edgetag.compression.result import PruneResult, QuantizeResult
from edgetag.tables import Column, Number, Rows, Table
from edgetag.tables.formats import format_fraction


def prune_tables(result: PruneResult) -> tuple[Table, ...]:
    """Return each layer's zeros against its target."""
    table = Rows(result.layers).table(
        f"Sparsity {result.sparsity:.3f} over all layers ({result.structure})",
        Column("layer", lambda layer: layer.layer),
        Number("weights", lambda layer: layer.weights),
        Number("zeros", lambda layer: format_fraction(layer.sparsity)),
        Number("target", lambda layer: format_fraction(layer.target)),
    )
    return (table,)


def quantize_tables(result: QuantizeResult) -> tuple[Table, ...]:
    """Return each variant's accuracy on the validation split before and after."""
    table = Rows(result.variants).table(
        "Quantization-aware training",
        Column("variant", lambda row: row.variant),
        Number("agreement after warm-up", lambda row: format_fraction(row.agreement_after_warmup)),
        Number("zeros", lambda row: format_fraction(row.sparsity)),
        Number("validation mAP before", lambda row: format_fraction(row.validation_map_before, 4)),
        Number("after", lambda row: format_fraction(row.validation_map, 4)),
    )
    return (table,)
