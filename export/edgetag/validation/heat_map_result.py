"""How far a variant's heat maps are from the float model's.

A heat map is a class activation map after the sigmoid: in every cell a number of 0 to 1, whose
distance from the float model's is a fraction as scores are, 0.01 being one point.
"""

from edgetag.judging.checks import Bounds
from edgetag.records import Record


class TagHeatMaps(Record):
    """The heat maps of one tag, over the images that have it.

    Attributes:
        tag: Its name.
        scored: Whether enough of the compared images have it; without, the rest is null.
        positives: Compared images that have it.
        error: Mean absolute distance over their cells.
        peak_agreement: Share of them whose highest cell is the float model's.
    """

    tag: str
    scored: bool
    positives: int
    error: float | None = None
    peak_agreement: float | None = None


class HeatMaps(Record):
    """The heat maps of a variant on a runtime, over some images of the split.

    Attributes:
        height: Height of a map, in cells.
        width: Likewise.
        n_images: Images compared, spread evenly over the split.
        n_groups: Groups that the bootstrap drew.
        n_present: Pairs of an image and a tag that it has; a map that an app would show.
        error: Mean absolute distance over the cells of those; null where there are none.
        error_interval: Bootstrap over groups.
        p99_error: 99 of 100 of their cells are not farther.
        all_tags_error: Mean over all tags, present or not.
        peak_agreement: Share of the pairs whose highest cell is the float model's. Where several
            cells of the variant are equally high, and that one among them, it counts in part.
        peak_agreement_interval: Bootstrap over groups.
        identity_error: Largest distance between a score and the sigmoid of its map's mean.
        identity_tolerance: So far apart they may be by the steps of the file's numbers.
        scores_difference: Largest distance of the scores beside the maps from those without.
        tags: Tag by tag, in the order of the outputs.
    """

    height: int
    width: int
    n_images: int
    n_groups: int
    n_present: int
    error: float | None
    error_interval: Bounds | None
    p99_error: float | None
    all_tags_error: float
    peak_agreement: float | None
    peak_agreement_interval: Bounds | None
    identity_error: float
    identity_tolerance: float
    scores_difference: float
    tags: tuple[TagHeatMaps, ...]
