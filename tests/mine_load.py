"""How long does `edgetag mine` take with many pictures? `make mine-load` prints a table.

Its parts are timed one after another, as the command calls them, over a run of 100,000 pictures at
224 px. What the network sees is timed on 1,000 of them, since each takes as long as the next, and
drawn by chance for the rest: 64 numbers a picture mixed into as many features as the network has,
with noise, and with a part that tells each tag. Tags go through alike, so two stand for twenty.
"""

import argparse
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from edgetag.dataset import Dataset, open_dataset
from edgetag.label_noise.features import Features, features_of
from edgetag.label_noise.settings import FOLDS
from edgetag.mining.float_scores import FloatScores, near_thresholds
from edgetag.mining.neighbours import far_from_training, like_hits
from edgetag.mining.questions import write_questions
from edgetag.mining.ranking import Kin, ranked
from edgetag.mining.settings import MOST
from edgetag.mining.subject import Subject
from edgetag.mining.suspicion import judge_labels
from edgetag.progress import SilentProgress
from edgetag.recipe import load_recipe
from edgetag.scratch import scratch_folder
from tests.support.reviewed import make_reviewed

SIZE, TAGS, MANY = 224, ("cat", "dog"), 20
HIDDEN = 64
Made = TypeVar("Made")


def drawn_features(dataset: Dataset, count: int, width: int) -> Features:
    """Draw `[count, width]` of few dimensions and noise; the first ones tell tags, not quite."""
    generator = np.random.default_rng(7)
    hidden = generator.standard_normal((count, HIDDEN), np.float32)
    labels = dataset.labels(np.arange(count, dtype=np.int64))
    hidden[:, : labels.shape[1]] += labels
    mix = generator.standard_normal((HIDDEN, width), np.float32) / np.float32(np.sqrt(HIDDEN))
    noise = generator.standard_normal((count, width), np.float32) * np.float32(0.3)
    features: Features = np.maximum(hidden @ mix + noise, 0)
    return features


def took(work: Callable[[], Made]) -> tuple[Made, float]:
    """Do some work; return what it made, and the seconds."""
    started = time.perf_counter()
    made = work()
    return made, time.perf_counter() - started


def row(what: str, seconds: float, times: float) -> None:
    """Print how long something took, and what that comes to, so many times."""
    print(f"{what:44}{seconds:10.1f}{seconds * times:14.0f}", flush=True)


def timed(what: str, times: float, work: Callable[[], Made]) -> Made:
    """Do some work, and print its row."""
    made, seconds = took(work)
    row(what, seconds, times)
    return made


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--seen", type=int, default=1_000, help="Pictures the network looks at.")
    options = parser.parse_args()
    count, seen, progress = options.pictures, options.seen, SilentProgress()
    more = MANY / len(TAGS)
    with scratch_folder() as folder:
        run = make_reviewed(folder, count, 0, TAGS, size=SIZE)
        text = run.recipe.read_text()
        run.recipe.write_text(text.replace("input_size = 64", f"input_size = {SIZE}"))
        recipe, dataset = load_recipe(run.recipe), open_dataset(run.workspace)
        print(f"{count:,} pictures at {SIZE} px, {len(TAGS)} tags; what {MANY} tags come to")
        print(f"{'part':44}{'s':>10}{f's, {MANY} tags':>14}")

        def look(rows: int) -> Features:
            chosen = np.arange(rows, dtype=np.int64)
            return features_of(recipe, run.workspace, dataset, chosen, progress)

        look(8)  # imports TensorFlow
        _, start = took(lambda: look(9))  # builds the network, which is done once
        features, all_of_it = took(lambda: look(seen))
        row(f"the network looks at {seen:,}; at all", all_of_it - start, count / seen)
        width = features.shape[1]
        subject = Subject(dataset, TAGS, drawn_features(dataset, count, width))
        judged = timed(
            "heads judge labels", more, lambda: [judge_labels(subject, tag, FOLDS) for tag in TAGS]
        )
        hits = timed(
            "pictures like hits", more, lambda: [like_hits(subject, each) for each in judged]
        )
        scores = np.random.default_rng(8).random((count // 4, len(TAGS)), np.float32)
        thresholds = np.full(len(TAGS), 0.5, np.float32)
        scored = FloatScores(dataset.rows("test"), scores, thresholds)
        near = timed(
            "pictures near thresholds",
            more,
            lambda: [near_thresholds(scored, tag, subject.column(tag)) for tag in TAGS],
        )
        far = timed("pictures far from training", 1, lambda: far_from_training(subject, scored))
        kin = Kin.over(dataset, subject.groups, recipe.data.near_duplicate_bits)
        lists = [*(each.suspects for each in judged), *hits, *near, *far.values()]
        timed("one order of all, without kin", more, lambda: ranked(lists, kin, MOST))
        timed(
            "pictures to ask about",
            more,
            lambda: write_questions(subject, run.workspace, FOLDS),
        )


if __name__ == "__main__":
    main()
