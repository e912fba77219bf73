"""What `baseline.json` holds: the accepted numbers, where they come from, and every reason."""

from typing import ClassVar

from edgetag.judging.decisions import Decision
from edgetag.machine import Acceleration, Machine
from edgetag.records import Record, Result


class TagState(Record):
    """One scored tag as it was accepted; the counts are of known labels."""

    tag: str
    positives: int
    negatives: int
    ap: float | None
    recall: float | None
    fpr: float | None


class VariantState(Record):
    """A variant on a runtime over the deciding split, as it was accepted.

    Attributes:
        variant: Its name.
        runtime: The engine.
        runtime_version: Version of the engine.
        device: CPU that it ran on.
        accelerator: Asked for, and used; None in files from before schema 1.1, and where the engine
            does not say.
        sha256: Digest of the file.
        scores_sha256: Digest of the scores.
        map: Mean average precision over the scored tags.
        map_drop: From the reference.
        logit_rmse: Distance of its logits from the reference's; None in files from before schema
            1.2.
        tags: The scored ones.
    """

    variant: str
    runtime: str
    runtime_version: str
    device: str
    accelerator: Acceleration | None = None
    sha256: str
    scores_sha256: str
    map: float | None
    map_drop: float | None
    logit_rmse: float | None = None
    tags: tuple[TagState, ...]


class Acceptance(Record):
    """An earlier accepted state, in short.

    Attributes:
        accepted_at: UTC, ISO 8601.
        reason: What was said for it.
        verdict: The budgets' verdict on it.
        weights_sha256: SHA-256 of the float model that it was compared with.
        map: Variant → runtime → mean average precision.
    """

    accepted_at: str
    reason: str
    verdict: Decision
    weights_sha256: str
    map: dict[str, dict[str, float | None]]


class Baseline(Result):
    """`baseline.json`.

    Attributes:
        recipe: The recipe's name.
        tags: The vocabulary, in the order of the outputs.
        split: The split that decided.
        images_sha256: Digest of its images' identities.
        weights_sha256: SHA-256 of the float model, the reference.
        reference_scores_sha256: SHA-256 of the reference's scores.
        machine: Where the variants ran.
        versions: Package → version of what judged them.
        accepted_at: UTC, ISO 8601.
        reason: Why this state was accepted.
        verdict: The budgets' verdict on it.
        variants: One entry per variant and runtime that was scored.
        history: What was accepted before, the oldest first.
    """

    SCHEMA: ClassVar[str] = "edgetag.baseline/1.2"
    recipe: str
    tags: tuple[str, ...]
    split: str
    images_sha256: str
    weights_sha256: str
    reference_scores_sha256: str
    machine: Machine
    versions: dict[str, str]
    accepted_at: str
    reason: str
    verdict: Decision
    variants: tuple[VariantState, ...]
    history: tuple[Acceptance, ...] = ()

    def shortened(self) -> Acceptance:
        """Return what the history keeps of this state."""
        maps: dict[str, dict[str, float | None]] = {}
        for state in self.variants:
            maps.setdefault(state.variant, {})[state.runtime] = state.map
        return Acceptance(
            accepted_at=self.accepted_at,
            reason=self.reason,
            verdict=self.verdict,
            weights_sha256=self.weights_sha256,
            map=maps,
        )
