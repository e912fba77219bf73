"""From a comparison to the entry of the verdict that tells of it."""

import hashlib
from collections.abc import Mapping

import numpy as np

from edgetag.judging.checks import Check
from edgetag.metrics import Scores
from edgetag.recipe import Budget
from edgetag.runtimes import engines
from edgetag.validation.comparison import Comparison, Measure, compare
from edgetag.validation.decision import check_overall, check_tags, decide, tag_decision
from edgetag.validation.inputs import Candidate
from edgetag.validation.losses import significant_losses
from edgetag.validation.metrics import Measured
from edgetag.validation.needs import placed
from edgetag.validation.result import Operating, TagVerdict, VariantVerdict
from edgetag.validation.scores import VariantMeta
from edgetag.validation.statistics import Interval


def scores_digest(scores: Scores) -> str:
    """Return the SHA-256 of scores as little-endian float32, row by row."""
    return hashlib.sha256(np.ascontiguousarray(scores, dtype="<f4").tobytes()).hexdigest()


def variant_entry(
    candidate: Candidate,
    meta: VariantMeta,
    budget: Budget,
    fp32_bytes: int | None,
    split_name: str,
    decides: bool,
    reference: Measured,
    variant: Measured,
    reference_thresholds: Mapping[str, float],
    share: float | None = None,
) -> VariantVerdict:
    """Compare a variant with the reference over one split and judge it.

    Args:
        candidate: The file.
        meta: What made its scores.
        budget: Its limits.
        fp32_bytes: What sizes are compared with.
        split_name: The split's name,
        decides: and whether it decides.
        reference: Before.
        variant: After, with the thresholds it ships with.
        reference_thresholds: What those are compared with.
        share: Share of all images that this split has; None where it is not known.
    """
    split = variant.split
    unfitted = variant
    if any(
        variant.thresholds[i] != np.float32(reference_thresholds[name])
        for i, name in enumerate(split.vocabulary.names)
    ):
        unfitted = Measured(variant.scores, split, reference_thresholds)
    comparison = compare(reference, variant, unfitted)
    measured_checks = check_overall(budget, comparison, split, candidate.size_bytes, fp32_bytes)
    overall = placed(measured_checks, split_name, share)
    tag_checks = {
        tag: placed(checks, split_name, share)
        for tag, checks in check_tags(budget, comparison, split).items()
    }
    mean_ap, map_drop, map_interval = _flat(comparison.mean_ap)
    mean_f1, f1_drop, f1_interval = _flat(comparison.mean_f1)
    return VariantVerdict(
        variant=candidate.variant,
        origin=candidate.origin,
        stands_for=candidate.stands_for,
        sha256=candidate.sha256,
        runtime=meta.engine,
        runtime_version=meta.version,
        accelerator=meta.accelerator or engines.acceleration(meta.engine),
        device=meta.device,
        split=split_name,
        decides=decides,
        verdict=decide(overall, tag_checks, comparison),
        n_images=len(split.labels),
        n_groups=split.bootstrap.groups,
        design_effect=comparison.design_effect,
        n_scored_tags=len(split.scored),
        map=mean_ap,
        map_drop=map_drop,
        map_drop_interval=map_interval,
        f1=mean_f1,
        f1_drop=f1_drop,
        f1_drop_interval=f1_interval,
        f1_gain=comparison.f1_gain,
        flip_rate=comparison.flip_rate,
        flips=comparison.flips,
        largest_score_difference=comparison.largest_score_difference,
        mean_score_difference=comparison.mean_score_difference,
        logit_rmse=comparison.logit_rmse.value,
        logit_rmse_interval=comparison.logit_rmse.drop_interval,
        calibration_error=_mean_calibration_error(variant.operating),
        reference_calibration_error=_mean_calibration_error(reference.operating),
        scores_sha256=scores_digest(variant.scores),
        images_per_s=meta.images_per_s,
        size_bytes=candidate.size_bytes,
        gzip_bytes=candidate.gzip_bytes,
        budgets=overall,
        tags=_tags(comparison, tag_checks, reference, variant, decides),
        losses=significant_losses(comparison, overall, tag_checks, split.confidence),
    )


def _tags(
    comparison: Comparison,
    checks: Mapping[str, tuple[Check, ...]],
    reference: Measured,
    variant: Measured,
    decides: bool,
) -> tuple[TagVerdict, ...]:
    """Return every tag's numbers and verdict, in the order of the outputs."""
    split = variant.split
    tags = []
    for index, name in enumerate(split.vocabulary.names):
        common = TagVerdict(
            tag=name,
            scored=name in comparison.tags,
            positives=int(split.positives[index]),
            negatives=int(split.negatives[index]),
            threshold=float(variant.thresholds[index]),
            reference_threshold=float(reference.thresholds[index]),
            checks=checks.get(name, ()),
            verdict=tag_decision(name in comparison.tags, checks.get(name, ())),
        )
        if name not in comparison.tags:
            tags.append(common)
            continue
        tag, place = comparison.tags[name], split.scored.index(index)
        ap, ap_drop, ap_interval = _flat(tag.ap)
        f1, f1_drop, f1_interval = _flat(tag.f1)
        numbers = {
            "ap": ap,
            "ap_drop": ap_drop,
            "ap_drop_interval": ap_interval,
            "f1": f1,
            "f1_drop": f1_drop,
            "f1_drop_interval": f1_interval,
            "f1_gain": tag.f1_gain,
            "recall": tag.recall.measure.value,
            "recall_drop": tag.recall.measure.drop,
            "recall_drop_interval": tag.recall.measure.drop_interval,
            "fpr": tag.fpr.measure.value,
            "fpr_rise": tag.fpr.measure.drop,
            "fpr_rise_interval": tag.fpr.measure.drop_interval,
            "flips": tag.lost + tag.gained,
            "lost": tag.lost,
            "gained": tag.gained,
            "flips_of_positives": tag.recall.worse + tag.recall.better,
            "mcnemar_p": tag.mcnemar_p,
            "mcnemar_p_holm": tag.mcnemar_p_holm,
            "operating": variant.operating[place],
            "reference_operating": reference.operating[place],
            "curve": variant.curve(index) if decides else None,
        }
        tags.append(common.replace(**numbers))
    return tuple(tags)


def _flat(measure: Measure | None) -> tuple[float | None, float | None, Interval | None]:
    """Return value, drop and interval, each None where there is no measure."""
    if measure is None:
        return None, None, None
    return measure.value, measure.drop, measure.drop_interval


def _mean_calibration_error(operating: list[Operating]) -> float | None:
    if not operating:
        return None
    return float(np.mean([point.calibration_error for point in operating]))
