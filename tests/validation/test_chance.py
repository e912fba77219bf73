"""A float model that guesses is told, since no file loses anything against it."""

import numpy as np
import pytest

from edgetag.tags import Vocabulary
from edgetag.validation.chance import no_better_than_chance
from edgetag.validation.metrics import Measured
from tests.support.splits import split_over

TAGS = Vocabulary(("cat", "dog", "rare"))


def sentences(knows: float, seed: int) -> list[str]:
    """Judge scores of cats that know the label so much, scores of dogs by chance, and one rare."""
    generator = np.random.default_rng(seed)
    labels = (generator.random((300, 3)) < 0.2).astype(np.int8)
    labels[:, 2] = [1, *[0] * 299]
    scores = generator.random((300, 3)).astype(np.float32)
    scores[:, 0] = (1 - knows) * scores[:, 0] + knows * labels[:, 0]
    split = split_over(labels, TAGS, min_positives=5)
    measured = Measured(scores, split, dict.fromkeys(TAGS.names, 0.5))
    return list(no_better_than_chance(measured))


@pytest.mark.parametrize("seed", range(5))
def test_scored_tags_that_are_guessed_are_named_and_others_are_not(seed: int) -> None:
    (sentence,) = sentences(0.3, seed)
    assert "dog (0." in sentence
    assert "cat" not in sentence
    assert "rare" not in sentence, "what is not scored is told elsewhere"


def test_a_model_that_guesses_everything_is_told_so() -> None:
    (sentence,) = sentences(0.0, 7)
    assert "cat (0." in sentence
    assert "dog (0." in sentence


@pytest.mark.parametrize(("positives", "told"), [(19, False), (20, True), (21, True)])
def test_a_tag_is_told_from_where_chance_reaches_the_lower_end_of_its_interval(
    positives: int, told: bool
) -> None:
    # Draws of 0, 0.01 … 1, of which the lower end of an interval of 50 % is 0.25, as is 20 of 80.
    labels = np.zeros((80, 1), dtype=np.int8)
    labels[:positives] = 1
    split = split_over(labels, ("cat",), min_positives=5, samples=1, confidence=0.5)
    measured = Measured(labels.astype(np.float32), split, {"cat": 0.5})
    vars(measured)["ap_samples"] = np.linspace(0.0, 1.0, 101)[:, None]
    assert bool(list(no_better_than_chance(measured))) == told
