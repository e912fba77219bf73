"""Tags of which the float model itself knows nothing: against it no file loses anything there."""

from collections.abc import Iterator

import numpy as np

from edgetag.tables.formats import format_fraction
from edgetag.validation.metrics import Measured


def no_better_than_chance(reference: Measured) -> Iterator[str]:
    """Yield a sentence about the tags that the reference may as well guess, if there are any.

    Scores by chance have an average precision of about the share of pictures that have the tag.

    Args:
        reference: The float model over the split that decides.
    """
    split = reference.split
    lowest = np.nanquantile(reference.ap_samples, (1 - split.confidence) / 2, axis=0)
    parts = []
    for column, tag in enumerate(split.scored):
        share = split.positives[tag] / (split.positives[tag] + split.negatives[tag])
        if lowest[column] <= share:
            precision = format_fraction(reference.average_precisions[tag])
            name = split.vocabulary.names[tag]
            parts.append(f"{name} ({precision}, and {format_fraction(share)} have it)")
    if parts:
        yield (
            "the float model may be no better than chance, by average precision, at "
            f"{', '.join(parts)}; against it no file loses anything there. Train it better, or "
            "judge it by more pictures; min_map in budgets limits mAP itself"
        )
