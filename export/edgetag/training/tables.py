"""Tables of a training: its epochs, and how fast its pictures come."""

from edgetag.tables import Column, Number, Rows, Table
from edgetag.tables.formats import format_fraction
from edgetag.training.result import PipelineRate, TrainResult


def train_tables(result: TrainResult) -> tuple[Table, ...]:
    """Return the epochs, the best one marked."""
    table = Rows(result.epochs).table(
        f"Training on {', '.join(result.devices)}",
        Number("epoch", lambda epoch: epoch.epoch),
        Number("phase", lambda epoch: epoch.phase),
        Number("loss", lambda epoch: format_fraction(epoch.loss, 4)),
        Number("validation mAP", lambda epoch: format_fraction(epoch.validation_map, 4)),
        Number("images/s", lambda epoch: format_fraction(epoch.images_per_s, 0)),
        Column("", lambda epoch: "best" if epoch.epoch == result.best_epoch else ""),
    )
    return (table,)


def pipeline_tables(result: PipelineRate) -> tuple[Table, ...]:
    """Return how many images a second the pipeline, the training step, and both together take."""
    table = Rows(result.rates).table(
        f"Images a second: {result.network}, {result.input_size} px, batch {result.batch_size}, "
        f"{', '.join(result.devices)}",
        Column("trains", lambda rate: rate.trains),
        Number("pipeline", lambda rate: format_fraction(rate.pipeline, 0)),
        Number("step", lambda rate: format_fraction(rate.step, 0)),
        Number("together", lambda rate: format_fraction(rate.together, 0)),
        Number("pipeline ÷ step", lambda rate: format_fraction(rate.pipeline / rate.step, 2)),
        Number("together ÷ step", lambda rate: format_fraction(rate.ratio, 2)),
    )
    return (table,)
