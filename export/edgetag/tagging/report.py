"""A page about tagged pictures: scores of each tag, tags that come together, what was not read.

How often the tags of these pictures are right it cannot say: nobody knows what they show. What
`edgetag validate` measured on pictures with labels stands beside, where the bundle has it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from edgetag.bundling.released import ReleasedTag, read_released
from edgetag.preprocess import Rejection
from edgetag.reporting.page.style import page_environment, stylesheet
from edgetag.reporting.page.variants import Plot
from edgetag.reporting.plots.scores import KnownCurve, score_plots
from edgetag.tables import Cell, Column, Number, Rows, Table
from edgetag.tables.formats import format_count, format_fraction, format_percent
from edgetag.tagging.batch import SCORE
from edgetag.tagging.tagger import Tagger
from edgetag.validation.operating import precision_at
from edgetag.writing import write_text

TEMPLATES = Path(__file__).parent / "templates"
MOST_PLOTS = 48
"""Tags that are drawn, those set most often; a table has all."""

MOST_TOGETHER = 12
"""Tags of which the page shows how often they come together."""

MOST_ERRORS = 20
NEAR = 0.05
"""A score so near to the threshold might as well have fallen on its other side."""


@dataclass(frozen=True, eq=False)
class TagScores:
    """One tag over all pictures that were read.

    Attributes:
        tag: Its name.
        threshold: The score from which it is set.
        scores: `[pictures]`.
        is_set: `[pictures]`.
    """

    tag: str
    threshold: float
    scores: npt.NDArray[np.float32]
    is_set: npt.NDArray[np.bool_]

    @property
    def set_on(self) -> int:
        """Pictures that have it."""
        return int(self.is_set.sum())

    @property
    def near(self) -> int:
        """Pictures whose score lies near the threshold."""
        return int((np.abs(self.scores - np.float32(self.threshold)) <= NEAR).sum())


@dataclass(frozen=True)
class Judged:
    """What validation measured of a bundle's file, by tag, at the thresholds that are used.

    Attributes:
        split: Where.
        tags: Those that were scored, by name.
    """

    split: str
    tags: Mapping[str, ReleasedTag]


def judged_by(bundle: Path, tagger: Tagger) -> Judged | None:
    """Return what a bundle says of the file that tags; None where it says nothing of it.

    Args:
        bundle: What the tagger was opened from.
        tagger: On which runtime, by which thresholds.

    Raises:
        InputError: The bundle's verdict is damaged.
    """
    if tagger.model.golden is None:  # no bundle, or several models
        return None
    thresholds = dict(zip(tagger.tags, tagger.model.thresholds, strict=True))
    for entry in read_released(bundle).variants:
        if entry.decides and (entry.variant, entry.runtime) == (
            tagger.model.variant,
            tagger.runtime,
        ):
            used = {
                row.tag: row
                for row in entry.tags
                if row.scored and np.float32(row.threshold) == thresholds.get(row.tag)
            }
            return Judged(entry.split, used) if used else None
    return None


def write_tags_page(path: Path, judged: Judged | None, tagger: Tagger, table: pl.DataFrame) -> None:
    """Write the page about a table of `tag_pictures`; see `tags_page`."""
    write_text(path, tags_page(tagger, table, judged))


def tags_page(tagger: Tagger, table: pl.DataFrame, judged: Judged | None = None) -> str:
    """Return the page as one HTML document, which loads nothing from elsewhere.

    Args:
        tagger: What tagged the pictures.
        table: What it wrote: a row for each picture.
        judged: What is known of the tagger.
    """
    read = table.filter(pl.col("error").is_null())
    tags = []
    for tag, threshold in zip(tagger.tags, tagger.model.thresholds, strict=True):
        scores = read[f"{SCORE}{tag}"].to_numpy()
        tags.append(TagScores(tag, float(threshold), scores, scores >= threshold))
    most_set = sorted(tags, key=lambda row: -row.set_on)
    together = [row for row in most_set if row.set_on][:MOST_TOGETHER]
    drawn = most_set[:MOST_PLOTS] if len(read) else []
    model = tagger.model
    return (
        page_environment(TEMPLATES)
        .get_template("tags.html.j2")
        .render(
            css=stylesheet(),
            name=model.name,
            version=model.version,
            variant=model.variant,
            pictures=len(table),
            unreadable=len(table) - len(read),
            untagged=int((read["tags"].list.len() == 0).sum()),
            distinct=read["sha256"].n_unique(),
            scaled_jpeg=tagger.scaled_jpeg,
            near=NEAR,
            judged=judged,
            tags=_tags_table(tags, len(read), judged) if len(read) else None,
            plots=[_plot(number, row, len(read), judged) for number, row in enumerate(drawn)],
            curves=judged is not None and any(tag.curve for tag in judged.tags.values()),
            left_out=len(tags) - len(drawn),
            together=_together_table(together) if len(together) > 1 else None,
            errors=_errors_table(table["error"].drop_nulls().to_list()),
        )
    )


def _tags_table(tags: Sequence[TagScores], pictures: int, judged: Judged | None) -> Table:
    known = judged.tags if judged else {}

    def recall(row: TagScores) -> Cell | None:
        if (tag := known.get(row.tag)) is None:
            return None
        return Cell(format_percent(tag.recall), note=f"of {format_count(tag.positives)}")

    def fpr(row: TagScores) -> Cell | None:
        if (tag := known.get(row.tag)) is None:
            return None
        return Cell(format_percent(tag.fpr), note=f"of {format_count(tag.negatives)}")

    return Rows(list(tags)).table(
        "Tags",
        Column("tag", lambda row: row.tag),
        Number("threshold", lambda row: format_fraction(row.threshold)),
        Number("set on", lambda row: _share(row.set_on, pictures), note="pictures"),
        Number("near", lambda row: _share(row.near, pictures), note="the threshold"),
        Number("median", lambda row: format_fraction(float(np.median(row.scores))), note="score"),
        Number("highest", lambda row: format_fraction(float(row.scores.max())), note="score"),
        Number("found", recall, note="of judged that have it", optional=True),
        Number("set wrongly", fpr, note="of judged that lack it", optional=True),
    )


def _plot(number: int, row: TagScores, pictures: int, judged: Judged | None) -> Plot:
    caption = (
        f"set on {format_count(row.set_on)} ({format_percent(row.set_on / pictures)}), from "
        f"{format_fraction(row.threshold)}"
    )
    label = f"Scores of {row.tag}, and pictures that are set as its threshold moves."
    known = _known_curve(judged.tags[row.tag]) if judged and row.tag in judged.tags else None
    drawn = score_plots(row.scores, row.threshold, known, name=f"tag{number}", label=label)
    return Plot(row.tag, drawn, caption)


def _known_curve(tag: ReleasedTag) -> KnownCurve | None:
    """Return what thresholds decided on the judged pictures; None of a verdict before curves."""
    if tag.curve is None or tag.recall is None or tag.fpr is None:
        return None
    hits, alarms = np.array(tag.curve.positives), np.array(tag.curve.negatives)
    prevalence = tag.positives / (tag.positives + tag.negatives)
    return KnownCurve(
        recall=hits / tag.positives,
        precision=np.divide(
            hits, hits + alarms, np.full(len(hits), np.nan), where=hits + alarms > 0
        ),
        at=(tag.recall, precision_at(tag.recall, tag.fpr, prevalence)),
    )


def _together_table(tags: Sequence[TagScores]) -> Table:
    """Show of the pictures with a row's tag how many also have the column's."""

    def share_with(other: TagScores) -> Column[TagScores]:
        def share(row: TagScores) -> Cell | None:
            both = int((row.is_set & other.is_set).sum())
            return None if row is other else _share(both, row.set_on)

        return Number(other.tag, share, note="too")

    return Rows(list(tags)).table(
        "Tags that come together",
        Column("pictures with", lambda row: row.tag),
        Number("pictures", lambda row: row.set_on),
        *map(share_with, tags),
    )


def _errors_table(errors: Sequence[str]) -> Table | None:
    """Count reasons; what else an error says differs from picture to picture."""
    kinds = Counter(error.partition(":")[0] for error in errors)
    known = {kind for kind in Rejection if kind in kinds}
    rows = [(kind, number) for kind, number in kinds.most_common(MOST_ERRORS) if kind in known]
    if not rows:
        return None
    return Rows(rows).table(
        "Pictures that could not be read",
        Column("reason", lambda row: str(row[0])),
        Number("pictures", lambda row: row[1]),
    )


def _share(number: int, of: int) -> Cell:
    return Cell(str(number), note=format_percent(number / of), share=number / of)
