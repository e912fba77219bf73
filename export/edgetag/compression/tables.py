"""Tables of compression: zeros by layer, widths, and what trainings came to."""

from edgetag.compression.result import (
    NarrowedNetwork,
    NarrowResult,
    PrunedNetwork,
    PruneResult,
    QuantizeResult,
)
from edgetag.compression.weights import OWN
from edgetag.judging.wording import write_value
from edgetag.recipe import CHANNEL_LIMITS
from edgetag.tables import Cell, Column, Number, Rows, Table
from edgetag.tables.formats import NONE, format_count, format_fraction, format_percent


def prune_tables(result: PruneResult) -> tuple[Table, ...]:
    """Return each layer's zeros against its target, of every network."""
    return tuple(_pruned_table(network) for network in result.networks)


def _pruned_table(network: PrunedNetwork) -> Table:
    of = "Sparsity" if network.network == OWN else f"{network.network}: sparsity"
    return Rows(network.layers).table(
        f"{of} {network.sparsity:.3f} over all layers ({network.structure})",
        Column("layer", lambda layer: layer.layer),
        Number("weights", lambda layer: layer.weights),
        Number("zeros", lambda layer: format_fraction(layer.sparsity)),
        Number("target", lambda layer: format_fraction(layer.target)),
    )


def narrow_tables(result: NarrowResult) -> tuple[Table, ...]:
    """Return each narrower network's size, and its accuracy on the validation split."""
    table = Rows(result.networks).table(
        "Narrower networks",
        Column("network", lambda row: row.network),
        Number("channels", _widths, note="within blocks"),
        *[Column("budget", _budget)] * any(row.budget for row in result.networks),
        Number("weights", lambda row: _share(row.parameters, row.parameters_before)),
        Number("validation mAP before", lambda row: format_fraction(row.validation_map_before, 4)),
        Number("untrained", lambda row: format_fraction(row.validation_map_untrained, 4)),
        Number("after", lambda row: format_fraction(row.validation_map, 4)),
    )
    return (table,)


def _widths(row: NarrowedNetwork) -> Cell:
    return _share(sum(row.widths.values()), sum(row.channels.values()))


def _budget(row: NarrowedNetwork) -> Cell:
    kept = []
    for each in row.budget:
        limit = CHANNEL_LIMITS[each.limit]
        value, most = (write_value(limit.unit, number) for number in (each.value, each.most))
        kept.append(f"{limit.words} {value} of {most}")
    return Cell("; ".join(kept) or NONE)


def _share(number: int, of: int) -> Cell:
    return Cell(format_count(number), note=f"{format_percent(number / of)} of {format_count(of)}")


def quantize_tables(result: QuantizeResult) -> tuple[Table, ...]:
    """Return each variant's accuracy on the validation split before and after."""
    table = Rows(result.variants).table(
        "Quantization-aware training",
        Column("variant", lambda row: row.variant),
        Number("zeros", lambda row: format_fraction(row.sparsity)),
        Number(
            "logit RMSE after warm-up", lambda row: format_fraction(row.logit_rmse_after_warmup)
        ),
        Number("after training", lambda row: format_fraction(row.logit_rmse)),
        Number("validation mAP before", lambda row: format_fraction(row.validation_map_before, 4)),
        Number("after", lambda row: format_fraction(row.validation_map, 4)),
    )
    return (table,)
