"""What the float model itself gets wrong: no compression mends that, but better labels may."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgetag.metrics import Scores
from edgetag.reporting.float_model import FloatModel
from edgetag.reporting.page.confusion import confusion
from edgetag.reporting.page.thumbnails import thumbnails
from edgetag.reporting.page.view import Values, View
from edgetag.tables import Cell, Column, Number, Rows, Table
from edgetag.tables.formats import format_count, format_fraction, format_percent

MOST_TAGS, MOST_PICTURES = 12, 6


@dataclass(frozen=True)
class ErrorCard:
    """One wrong decision of the float model.

    `image` is a `data:` address, empty where the image is not at hand. A tag is `missed` where
    it is there and was not found; else it was found and is not there. `instead` is the surest
    tag that was found and is not there either, empty for none.
    """

    path: str
    image: str
    missed: bool
    score: float
    threshold: float
    instead: str


@dataclass(frozen=True)
class ErrorsOf:
    """One tag's wrong decisions, the worst first; `total` counts those not shown too."""

    tag: str
    cards: tuple[ErrorCard, ...]
    total: int


def errors_table(model: FloatModel) -> Table:
    """Show how often each scored tag is missed and found wrongly, the worst tag first."""
    measured, split = model.measured, model.measured.split
    missed = (~measured.decisions & (split.labels == 1)).sum(axis=0).tolist()
    wrongly = (measured.decisions & (split.labels == 0)).sum(axis=0).tolist()
    have, lack = split.positives.tolist(), split.negatives.tolist()
    return Rows(_worst_first(model)).table(
        "Errors of the float model by tag",
        Column("tag", lambda tag: split.vocabulary.names[tag]),
        Number(
            "images",
            lambda tag: f"{format_count(have[tag])} / {format_count(lack[tag])}",
            note="have it / not",
        ),
        Number("missed", lambda tag: _share(missed[tag], have[tag]), note="of those that have it"),
        Number(
            "found wrongly",
            lambda tag: _share(wrongly[tag], lack[tag]),
            note="of those that do not",
        ),
        Number("F1", lambda tag: format_fraction(float(measured.f1[tag]))),
        Number("threshold", lambda tag: format_fraction(float(measured.thresholds[tag]))),
    )


def _share(number: int, of: int) -> Cell:
    return Cell(str(number), note=format_percent(number / of))


def _worst_first(model: FloatModel) -> list[int]:
    """Return the scored tags, by F1 of the float model."""
    return sorted(model.measured.split.scored, key=lambda tag: model.measured.f1[tag])


def errors_by_tag(view: View, model: FloatModel) -> Iterator[ErrorsOf]:
    """Yield the tags with errors, the worst first, at most `MOST_TAGS`."""
    measured = model.measured
    wrong = (measured.decisions != (measured.split.labels == 1)) & measured.split.known
    with_errors = [tag for tag in _worst_first(model) if wrong[:, tag].any()]
    for tag in with_errors[:MOST_TAGS]:
        images = np.flatnonzero(wrong[:, tag])
        far = _distance(measured.scores[images, tag], float(measured.thresholds[tag]))
        shown = images[np.argsort(-far, kind="stable")][:MOST_PICTURES].tolist()
        pictures = thumbnails(view, model.rows[shown].tolist())
        cards = tuple(
            _card(model, image, tag, picture)
            for image, picture in zip(shown, pictures, strict=True)
        )
        yield ErrorsOf(measured.split.vocabulary.names[tag], cards, len(images))


def _distance(scores: Scores, threshold: float) -> npt.NDArray[np.float32]:
    """Return how far scores lie on their side of the threshold, as a share of that side."""
    above = (scores - threshold) / max(1 - threshold, 1e-6)
    return np.where(scores >= threshold, above, (threshold - scores) / max(threshold, 1e-6))


def _card(model: FloatModel, image: int, tag: int, picture: str) -> ErrorCard:
    measured, split = model.measured, model.measured.split
    return ErrorCard(
        path=model.paths[image],
        image=picture,
        missed=bool(split.labels[image, tag] == 1),
        score=float(measured.scores[image, tag]),
        threshold=float(measured.thresholds[tag]),
        instead=_instead(model, image, tag),
    )


def _instead(model: FloatModel, image: int, tag: int) -> str:
    """Name the surest tag that was found wrongly in an image beside `tag`."""
    measured, split = model.measured, model.measured.split
    wrongly = measured.decisions[image] & (split.labels[image] == 0)
    wrongly[tag] = False
    if not wrongly.any():
        return ""
    surest = int(np.where(wrongly, measured.scores[image], -1).argmax())
    return f"{split.vocabulary.names[surest]} {measured.scores[image, surest]:.3f}"


def section(view: View) -> Values:
    """Return what the section shows."""
    model = view.sources.float_model
    return {
        "errors": errors_table(model) if model else None,
        "errors_by_tag": list(errors_by_tag(view, model)) if model else [],
        "confusion": confusion(model) if model else None,
    }
