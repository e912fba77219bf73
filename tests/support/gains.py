"""What a training brought, as `make loop` and `make stages` tell it."""

import numpy as np

from edgetag.tables.formats import format_points
from edgetag.validation.comparison import compare
from edgetag.validation.metrics import Measured


def mean_ap(measured: Measured) -> float:
    """Over the scored tags."""
    return float(measured.average_precisions[measured.split.scored].mean())


def mean_fpr(measured: Measured) -> float:
    """False-positive rate at the recall that the recipe names, the mean over tags."""
    return float(np.mean([each.fpr_at_recall for each in measured.operating]))


def gain(before: Measured, after: Measured) -> str:
    """Return by how many points mAP rose, with its interval."""
    change = compare(before, after, after).mean_ap
    assert change is not None
    low, high = change.drop_interval or (0.0, 0.0)
    return format_points(-change.drop, (-high, -low))
