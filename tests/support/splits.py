"""Labels of pictures as a split that files are compared over."""

from collections.abc import Sequence

from edgetag.labels import Labels
from edgetag.tags import Vocabulary
from edgetag.validation.metrics import Split


def split_over(
    labels: Labels,
    tags: Vocabulary | Sequence[str],
    groups: Sequence[str] | None = None,
    *,
    min_positives: int = 20,
    samples: int = 200,
    confidence: float = 0.95,
    seed: int = 1,
) -> Split:
    """Return a split; without groups each picture is one of its own."""
    return Split(
        labels,
        tags if isinstance(tags, Vocabulary) else Vocabulary(tuple(tags)),
        groups or [str(number) for number in range(len(labels))],
        min_positives=min_positives,
        samples=samples,
        confidence=confidence,
        seed=seed,
    )
