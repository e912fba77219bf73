"""Whether a runtime answers as the first one does, told by a part of the pictures.

A file computes the same on every runtime, but for rounding. So where the recipe names
`validation.agreement_images`, each runtime after the first sees so many of the judged pictures,
evenly spread, and only where these raise a doubt all of them.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from edgetag.metrics import Scores
from edgetag.runtimes import engines
from edgetag.tables.formats import format_count
from edgetag.validation.entries import scores_digest
from edgetag.validation.metrics import Decisions
from edgetag.validation.proportions import exact_mcnemar, largest_share
from edgetag.validation.result import RuntimeAgreement
from edgetag.validation.runs import Run, Scored

MOST_DIFFERING = 0.1
"""Of all pictures, at the upper end of what the sample leaves open: more raises a doubt. Between
kernels of LiteRT and of tflite-runtime a decision differs on 2 to 4 of 100 pictures of the demo
where a file is quantized, on none where it computes in float; quantizing itself changes one on 8 to
13 of 100."""

LEANING_P = 0.05
"""Of McNemar's exact test, by tag: below it the runtime leans to or away from a tag, and that is a
doubt. It is not corrected for the number of tags: a needless doubt costs nothing but time."""

FEW = 2
"""So many pictures are a doubt where they are half of those with a tag, and all lean one way. Of a
rare tag a sample holds too few for McNemar's test: with five lost of five its p is 0.06."""


def compare_runtimes(
    run: Run,
    scored: Scored,
    first: Scores,
    thresholds: Mapping[str, float],
    judged_images: int,
    confidence: float,
) -> tuple[RuntimeAgreement, str]:
    """Compare a file's scores of some pictures with those that the first runtime gave.

    Every decision counts, whether or not a label says what is right: users get all of them.

    Args:
        run: The file on another runtime.
        scored: What it gave for `n` pictures, spread over those that are judged.
        first: `[n, tags]` of the first runtime.
        thresholds: Tag → threshold that the file is judged by, in the order of the tags.
        judged_images: How many pictures are judged in all.
        confidence: Of the bound on their share with another decision.

    Returns:
        How they agree, and why all pictures should be looked at, empty where nothing is in doubt.
    """
    # In float32, as the scores are: 0.3 must reach a threshold of 0.3.
    limits = np.array(list(thresholds.values()), dtype=np.float32)
    before, after = first >= limits, scored.scores >= limits
    changed = before != after
    differing = int(changed.any(axis=1).sum())
    agreement = RuntimeAgreement(
        variant=run.variant,
        runtime=run.engine.name,
        runtime_version=scored.meta.version,
        accelerator=engines.acceleration(run.engine.name),
        images=len(first),
        judged_images=judged_images,
        differing_images=differing,
        most_differing=largest_share(differing, len(first), confidence),
        decisions=changed.size,
        flips=int(changed.sum()),
        largest_score_difference=float(np.abs(scored.scores - first).max()),
        scores_sha256=scores_digest(scored.scores),
    )
    return agreement, _doubt(agreement, before, after, list(thresholds))


def _doubt(
    agreement: RuntimeAgreement, before: Decisions, after: Decisions, tags: Sequence[str]
) -> str:
    if agreement.most_differing > MOST_DIFFERING:
        return (
            f"decisions differ on {format_count(agreement.differing_images)} of "
            f"{format_count(agreement.images)} pictures, so "
            f"on up to {agreement.most_differing:.0%} of all"
        )
    lost, gained = (before & ~after).sum(axis=0).tolist(), (~before & after).sum(axis=0).tolist()
    kept = (before & after).sum(axis=0).tolist()
    leaning = [
        f"{tag} ({lost[place]} lost, {gained[place]} gained)"
        for place, tag in enumerate(tags)
        if _leans(lost[place], gained[place], kept[place])
    ]
    return f"decisions lean one way in {', '.join(leaning)}" if leaning else ""


def _leans(lost: int, gained: int, kept: int) -> bool:
    """Tell whether a runtime leans to or away from a tag, which it keeps on some pictures."""
    if exact_mcnemar(lost, gained) < LEANING_P:
        return True
    return min(lost, gained) == 0 and max(FEW, kept) <= max(lost, gained)
