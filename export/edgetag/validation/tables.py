"""Tables of a verdict: every file on every runtime and split, then tag by tag."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from edgetag.judging.decisions import RANK
from edgetag.tables import (
    NONE,
    Cell,
    Column,
    Decision,
    Number,
    Rows,
    Table,
    decided,
    points,
    with_interval,
)
from edgetag.tables.formats import (
    format_chance,
    format_count,
    format_fraction,
    format_mean,
    format_percent,
    format_points,
)
from edgetag.validation.pictures_result import PicturesComparison
from edgetag.validation.result import (
    Operating,
    RuntimeAgreement,
    TagVerdict,
    VariantVerdict,
    Verdict,
)


def file_cell(variant: str, *, own: bool, ships: bool = False) -> Cell:
    """Name a file, with a word where it is not edgetag's own; the page marks what ships."""
    return Cell(variant if own else f"{variant} (given)", badges=("ships",) * ships)


def variant_cell(entry: VariantVerdict, ships: Collection[str] = ()) -> Cell:
    """Name the file of an entry."""
    return file_cell(entry.variant, own=entry.origin == "export", ships=entry.variant in ships)


def scores_table(
    title: str, entries: Iterable[VariantVerdict], ships: Collection[str] = ()
) -> Table:
    """Show each file over every split on every runtime; some splits decide nothing."""
    return Rows(entries).table(
        title,
        Column("variant", lambda entry: variant_cell(entry, ships)),
        Column("runtime", lambda entry: Cell(entry.runtime, note=entry.runtime_version)),
        Column("split", _split),
        Number("images", lambda entry: entry.n_images),
        Number("scored tags", lambda entry: entry.n_scored_tags),
        Number("mAP", lambda entry: format_mean(entry.map)),
        points("drop", lambda entry: (entry.map_drop, entry.map_drop_interval)),
        Number("flips", lambda entry: format_percent(entry.flip_rate)),
        Number(
            "logit RMSE",
            lambda entry: with_interval(
                entry.logit_rmse, entry.logit_rmse_interval, format_fraction
            ),
            optional=True,
        ),
        Number("F1 gain by own thresholds", lambda entry: format_points(entry.f1_gain)),
        Number("calibration error", _calibration, note="before → after", only="page"),
        Decision("verdict", _decision),
    )


def agreements_table(agreements: Iterable[RuntimeAgreement], confidence: float) -> Table:
    """Show how runtimes that scored but a part of the pictures agree with the first one."""
    return Rows(agreements).table(
        "Agreement with the first runtime on a part of the pictures",
        Column("variant", lambda row: row.variant),
        Column("runtime", lambda row: Cell(row.runtime, note=row.runtime_version)),
        Number("pictures", lambda row: f"{row.images} of {format_count(row.judged_images)}"),
        Number("with another decision", lambda row: row.differing_images),
        Number(
            "of all, at most",
            lambda row: format_percent(row.most_differing),
            note=f"{confidence:.0%} sure",
        ),
        Number(
            "decisions that differ", lambda row: f"{row.flips} of {format_count(row.decisions)}"
        ),
        Number("largest difference", lambda row: format_fraction(row.largest_score_difference)),
    )


def _split(entry: VariantVerdict) -> Cell:
    return Cell(entry.split, note="decides" if entry.decides else "for information")


def _calibration(entry: VariantVerdict) -> str:
    before = format_fraction(entry.reference_calibration_error)
    return f"{before} → {format_fraction(entry.calibration_error)}"


def _decision(entry: VariantVerdict) -> Cell:
    """Return the decision; one of a split for information says that it decides nothing."""
    if not entry.decides:
        return decided(entry.verdict, f"{entry.verdict}, decides nothing")
    lossy = any(not loss.within_margin for loss in entry.losses)
    return decided(entry.verdict, with_losses=lossy and entry.verdict == "pass")


def worst_first(tags: Sequence[TagVerdict], shown: int) -> Sequence[TagVerdict]:
    """Return tags in their order if so many can be shown, else the worst first."""
    if len(tags) <= shown:
        return tags
    return sorted(tags, key=lambda tag: (RANK[tag.verdict], -abs(tag.ap_drop or 0.0)))


def tags_table(
    title: str,
    entry: VariantVerdict,
    tags: Iterable[TagVerdict] | None = None,
    notes: Mapping[str, str] | None = None,
) -> Table:
    """Show what became of each tag, drops and rises in points, or that it is not scored.

    Args:
        title: Title of the table.
        entry: One file on one runtime and split.
        tags: Those to show; None for all.
        notes: What the page says below a tag's decision.
    """
    lossy = {loss.tag for loss in entry.losses if not loss.within_margin}
    note_of = notes or {}
    return Rows(entry.tags if tags is None else tags).table(
        title,
        Column("tag", lambda tag: tag.tag),
        Number(
            "positives",
            lambda tag: Cell(
                str(tag.positives), note=f"of {format_count(tag.positives + tag.negatives)}"
            ),
        ),
        Number("AP", lambda tag: format_fraction(tag.ap)),
        Number("AP drop", lambda tag: with_interval(tag.ap_drop, tag.ap_drop_interval)),
        Number("recall", lambda tag: format_percent(tag.recall)),
        Number("recall drop", lambda tag: with_interval(tag.recall_drop, tag.recall_drop_interval)),
        Number("false positives", lambda tag: format_percent(tag.fpr)),
        Number("rise", lambda tag: with_interval(tag.fpr_rise, tag.fpr_rise_interval)),
        Number("flips", _flips),
        Number(
            "McNemar",
            lambda tag: format_chance(tag.mcnemar_p_holm),
            note="p after Holm",
            only="page",
        ),
        Number("threshold", _threshold, note="before → after", only="page"),
        Decision(
            "verdict",
            lambda tag: decided(
                tag.verdict, note=note_of.get(tag.tag, ""), with_losses=tag.tag in lossy
            ),
        ),
    )


def _flips(tag: TagVerdict) -> Cell:
    note = f"{tag.lost} / {tag.gained}" if tag.flips else ""
    return Cell(NONE if tag.flips is None else str(tag.flips), note=note)


def _threshold(tag: TagVerdict) -> str:
    return f"{format_fraction(tag.reference_threshold)} → {format_fraction(tag.threshold)}"


def operating_table(title: str, verdict: Verdict, tags: Iterable[TagVerdict]) -> Table:
    """Show what an app may choose for each scored tag, before and after."""
    prevalence = verdict.prevalence
    return Rows(tags).table(
        title,
        Column("tag", lambda tag: tag.tag),
        Number(
            f"recall at {format_percent(verdict.at_fpr)} false positives",
            lambda tag: _both(tag, format_percent, lambda at: at.recall_at_fpr),
        ),
        Number(
            f"false positives at {format_percent(verdict.at_recall)} recall",
            lambda tag: _both(tag, format_percent, lambda at: at.fpr_at_recall),
        ),
        Number("prevalence", lambda tag: format_percent(prevalence.get(tag.tag)), note="stated"),
        Number(
            "precision",
            lambda tag: _both(tag, format_percent, lambda at: at.precision_at_prevalence),
            note="at that prevalence",
        ),
        Number(
            "calibration error",
            lambda tag: _both(tag, format_fraction, lambda at: at.calibration_error),
        ),
        Number("F1", lambda tag: format_fraction(tag.f1)),
        points("drop", lambda tag: (tag.f1_drop, tag.f1_drop_interval)),
        Number("gain", lambda tag: format_points(tag.f1_gain), note="by own threshold, points"),
    )


def _both(
    tag: TagVerdict,
    write: Callable[[float | None], str],
    of: Callable[[Operating], float | None],
) -> str:
    sides = (tag.reference_operating, tag.operating)
    return " → ".join(write(of(side) if side else None) for side in sides)


class _Fitted(NamedTuple):
    entry: VariantVerdict
    tag: TagVerdict


def thresholds_table(verdict: Verdict) -> Table:
    """Show thresholds fitted for a variant, and what they bring or cost; the most first."""
    fitted = [
        _Fitted(entry, tag)
        for entry in verdict.variants
        if entry.decides
        for tag in entry.tags
        if tag.scored and tag.threshold != tag.reference_threshold
    ]
    fitted.sort(key=lambda row: -abs(row.tag.f1_gain or 0.0))
    return Rows(fitted).table(
        "Thresholds fitted for each variant on the validation split",
        Column("variant", lambda row: row.entry.variant),
        Column("runtime", lambda row: row.entry.runtime),
        Column("tag", lambda row: row.tag.tag),
        Number("reference's", lambda row: format_fraction(row.tag.reference_threshold)),
        Number("own threshold", lambda row: format_fraction(row.tag.threshold)),
        Number("F1 gain, points", lambda row: format_points(row.tag.f1_gain)),
    )


def pictures_table(compared: PicturesComparison) -> Table:
    """Show for each split how many pictures are missing, new, labelled or grouped differently."""
    known = compared.labels_known
    return Rows(compared.splits).table(
        "Pictures against those of the reference",
        Column("split", lambda split: split.split),
        Number("pictures", lambda split: split.known, note="that the reference knows"),
        Number("missing", lambda split: split.missing),
        Number("new", lambda split: split.new, note="not judged"),
        Number("labelled differently", lambda split: split.relabelled if known else "unknown"),
        Number(
            "grouped differently",
            lambda split: "unknown" if split.regrouped is None else split.regrouped,
        ),
    )
