"""What a report draws beside the verdict: curves and changed decisions."""

from typing import ClassVar

from edgetag.records import Record, Result


class Curve(Record):
    """Precision and recall of one tag over falling thresholds, thinned to a few hundred points."""

    precision: tuple[float, ...]
    recall: tuple[float, ...]


class CalibrationBin(Record):
    """Images of equal score: how many, their mean score, and the share that has the tag."""

    images: int
    mean_score: float
    positive_share: float


class TagCurves(Record):
    """One scored tag before (reference) and after (variant)."""

    tag: str
    before: Curve
    after: Curve
    calibration_before: tuple[CalibrationBin, ...]
    calibration_after: tuple[CalibrationBin, ...]


class Change(Record):
    """A decision that differs from the reference's.

    Attributes:
        tag: The tag decided on.
        identity: Names the image, see `dataset.view.Dataset`.
        path: Path of the image, relative to the data root.
        row: Row of the manifest and the image cache.
        label: Whether the image has the tag.
        before: The reference's score.
        after: The variant's.
        reference_threshold: What `before` is held against.
        threshold: What `after` is held against.
        certainty: Distance of `before` from its threshold: how sure the model was.
    """

    tag: str
    identity: str
    path: str
    row: int
    label: bool
    before: float
    after: float
    reference_threshold: float
    threshold: float
    certainty: float


class VariantDetails(Record):
    """A variant on a runtime over the deciding split.

    Attributes:
        variant: Its name.
        runtime: The engine.
        curves: One per scored tag.
        changes: The surest first, at most `CHANGES_KEPT` of them.
        n_changes: How many there are; `changes.parquet` has them all.
    """

    variant: str
    runtime: str
    curves: tuple[TagCurves, ...]
    changes: tuple[Change, ...]
    n_changes: int


class Details(Result):
    """`validate/details.json`; `split` is the one that decides."""

    SCHEMA: ClassVar[str] = "edgetag.details/1.0"
    split: str
    variants: tuple[VariantDetails, ...]

    def find(self, variant: str, runtime: str) -> VariantDetails | None:
        """Return the details of a variant on a runtime, None where there are none."""
        for details in self.variants:
            if (details.variant, details.runtime) == (variant, runtime):
                return details
        return None
