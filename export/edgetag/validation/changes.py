"""What a report draws of one variant: curves before and after, and the decisions that changed."""

import numpy as np
import numpy.typing as npt
import polars as pl

from edgetag.dataset import Dataset, Rows
from edgetag.sampling import positions
from edgetag.validation.details import Change, Curve, TagCurves, VariantDetails
from edgetag.validation.metrics import Measured
from edgetag.validation.operating import calibration

CHANGES_KEPT = 100
"""Changes that `details.json` holds of each variant; the table has them all."""

CURVE_POINTS = 200
"""Points of a precision-recall curve that are kept."""


def changed_decisions(
    reference: Measured, variant: Measured, dataset: Dataset, rows: Rows
) -> pl.DataFrame:
    """Return every decision on a known label that differs, the surest first.

    Args:
        reference: Before.
        variant: After.
        dataset: Names the images.
        rows: `[images]` of the manifest, as the scores are.

    Returns:
        The columns of `details.Change`.
    """
    split = variant.split
    images, tags = np.nonzero((reference.decisions != variant.decisions) & split.known)
    before = reference.scores[images, tags].astype(np.float64)
    after = variant.scores[images, tags].astype(np.float64)
    held = reference.thresholds[tags].astype(np.float64)
    manifest = dataset.manifest[rows[images]]
    table = pl.DataFrame(
        {
            "tag": [split.vocabulary.names[tag] for tag in tags.tolist()],
            "identity": manifest["identity"],
            "path": manifest["path"],
            "row": rows[images],
            "label": split.labels[images, tags] == 1,
            "before": before,
            "after": after,
            "reference_threshold": held,
            "threshold": variant.thresholds[tags].astype(np.float64),
            "certainty": np.abs(before - held),
        },
        schema_overrides={"tag": pl.String, "identity": pl.String, "path": pl.String},
    )
    return table.sort(["certainty", "identity", "tag"], descending=[True, False, False])


def details(
    name: str, runtime: str, reference: Measured, variant: Measured, changes: pl.DataFrame
) -> VariantDetails:
    """Return what a report draws of a variant on a runtime."""
    return VariantDetails(
        variant=name,
        runtime=runtime,
        curves=tuple(_curves(tag, reference, variant) for tag in variant.split.scored),
        changes=tuple(Change(**row) for row in changes.head(CHANGES_KEPT).to_dicts()),
        n_changes=len(changes),
    )


def _curves(tag: int, reference: Measured, variant: Measured) -> TagCurves:
    split = variant.split
    known = split.known[:, tag]
    truth = split.labels[known, tag] == 1
    before, after = reference.scores[known, tag], variant.scores[known, tag]
    return TagCurves(
        tag=split.vocabulary.names[tag],
        before=_curve(truth, before),
        after=_curve(truth, after),
        calibration_before=calibration(truth, before, split.at.bins),
        calibration_after=calibration(truth, after, split.at.bins),
    )


def _curve(truth: npt.NDArray[np.bool_], scores: npt.NDArray[np.float32]) -> Curve:
    from sklearn.metrics import precision_recall_curve  # slow to import

    precision, recall, _ = precision_recall_curve(truth, scores, drop_intermediate=True)
    # Recall falls along the curve; evenly spaced points of it are enough to draw.
    kept = positions(len(recall), CURVE_POINTS)
    return Curve(
        precision=tuple(np.round(precision[kept], 4).tolist()),
        recall=tuple(np.round(recall[kept], 4).tolist()),
    )
