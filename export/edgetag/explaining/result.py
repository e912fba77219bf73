"""What `edgetag explain` leaves: layers to blame and what mistakes in preprocessing cost."""

from typing import ClassVar

from edgetag.records import Record, Result

Bounds = tuple[float, float]


class LayerError(Record):
    """One operator of a quantized file against the same operator of the float file.

    Attributes:
        index: Position among the compared operators, from 0.
        name: Of the output tensor in the float file.
        operator: Such as `CONV_2D`.
        error: Root mean square of the difference of the outputs, over the standard deviation of
            the float output; 0 is no error, 1 as large as the signal.
        added: Part of the error that this layer adds to that of its inputs:
            `sqrt(max(0, error² - largest input error²))`.
    """

    index: int
    name: str
    operator: str
    error: float
    added: float


class Blame(Record):
    """Layers of one variant on one runtime, the one that adds most first."""

    variant: str
    runtime: str
    images: int
    layers: tuple[LayerError, ...]


class MistakeCost(Record):
    """What one mistake in an app's preprocessing does to a file.

    Attributes:
        mistake: Its name, such as `stretch`.
        what: What the app does wrong, in a sentence.
        sign: How to recognize it in an app, in a sentence.
        map: Mean average precision under it.
        map_drop: From the same file, rightly fed.
        map_drop_interval: Paired bootstrap.
        flip_rate: Share of decisions that change.
        mean_score_difference: Absolute.
        tags_hurt: Tags that lose most average precision, the worst first, at most three.
    """

    mistake: str
    what: str
    sign: str
    map: float | None
    map_drop: float | None
    map_drop_interval: Bounds | None
    flip_rate: float | None
    mean_score_difference: float
    tags_hurt: tuple[str, ...]


class PreprocessingDrift(Record):
    """What each mistake costs one variant on one runtime; the dearest first."""

    variant: str
    runtime: str
    split: str
    images: int
    map: float | None
    mistakes: tuple[MistakeCost, ...]


class Explanation(Result):
    """`explain/explain.json`."""

    SCHEMA: ClassVar[str] = "edgetag.explain/1.0"
    blame: tuple[Blame, ...]
    preprocessing: tuple[PreprocessingDrift, ...]
