"""A runtime after the first sees a part of the pictures, and all where these raise a doubt."""

from pathlib import Path

import numpy as np
import pytest

from edgetag.dataset import open_dataset
from edgetag.machine import Acceleration
from edgetag.metrics import Scores
from edgetag.preprocess import Preprocessing
from edgetag.progress import SilentProgress
from edgetag.reporting.results import tables_of
from edgetag.runtimes import engines
from edgetag.tables.markdown import to_markdown
from edgetag.validation import judging_run, stage
from edgetag.validation.agreement import compare_runtimes
from edgetag.validation.evaluation import prepare
from edgetag.validation.judging_run import fitted_thresholds
from edgetag.validation.proportions import largest_share
from edgetag.validation.result import RuntimeAgreement, Verdict
from edgetag.validation.runs import Run, Scored
from tests.support.made_results import variant_meta
from tests.support.tiny_run import RunFolder

OTHER = "tflite-runtime"

ALL = 160

needs_both = pytest.mark.skipif(
    engines.get(OTHER).available() is not None, reason="needs a second runtime"
)


def judge(folder: RunFolder, agreement_images: int | None = None) -> Verdict:
    recipe = folder.with_recipe("")
    section = recipe.validation.replace(agreement_images=agreement_images)
    recipe = recipe.replace(validation=section)
    return stage.run(recipe, folder.workspace, SilentProgress(), folder.reference_file())


@pytest.mark.slow
@needs_both
def test_a_runtime_that_agrees_scores_a_part_and_the_first_is_judged_as_before(
    run_folder: RunFolder,
) -> None:
    whole, part = judge(run_folder), judge(run_folder, 100)
    assert whole.agreements == ()
    agreed = next(one for one in part.agreements if one.variant == "fp32")
    assert (agreed.runtime, agreed.images, agreed.judged_images) == (OTHER, 100, ALL)
    assert (agreed.differing_images, agreed.flips) == (0, 0)
    assert agreed.accelerator == Acceleration(requested="cpu", used="cpu")
    assert agreed.most_differing == pytest.approx(1 - 0.05 ** (1 / 100))
    assert agreed.largest_score_difference < 1e-5

    def first(verdict: Verdict) -> list[object]:
        return [
            entry.replace(images_per_s=0.0)
            for entry in verdict.variants
            if entry.runtime == "litert"
        ]

    assert first(part) == first(whole)
    assert part.decisions == whole.decisions
    assert {(e.variant, e.runtime) for e in part.variants} | {
        (one.variant, one.runtime) for one in part.agreements
    } == {(e.variant, e.runtime) for e in whole.variants}
    shown = "\n".join(map(to_markdown, tables_of(part)))
    assert "100 of 160" in shown
    text = (run_folder.workspace.validate / "verdict.json").read_text()
    assert Verdict.from_json(text, "verdict.json") == part


@pytest.mark.slow
@needs_both
def test_what_is_in_doubt_is_judged_by_all_pictures(
    run_folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = judge(run_folder)
    monkeypatch.setattr("edgetag.validation.agreement.MOST_DIFFERING", 0.0)
    doubted = judge(run_folder, 100)
    assert doubted.agreements == ()

    def told(verdict: Verdict) -> list[object]:
        return [entry.replace(images_per_s=0.0) for entry in verdict.variants]

    assert told(doubted) == told(whole)
    assert doubted.decisions == whole.decisions


def test_runtimes_are_compared_by_the_thresholds_that_the_file_is_judged_by(
    run_folder: RunFolder,
) -> None:
    recipe, workspace = run_folder.recipe, run_folder.workspace
    section = recipe.validation.replace(agreement_images=100)
    recipe = recipe.replace(validation=section)
    evaluation = prepare(
        recipe,
        workspace,
        open_dataset(workspace),
        (),
        SilentProgress(),
        run_folder.reference_file(),
        max_changed=0.0,
    )
    # All scores are halved, and so are thresholds fitted to them.
    halved = run_folder.reference * np.float32(0.5)
    first = Scored(halved, variant_meta())
    own = fitted_thresholds(evaluation, first)
    assert own is not None
    cat, places = run_folder.recipe.data.tags.index("cat"), evaluation.agreement_places
    assert own["cat"] < 0.6 * evaluation.thresholds["cat"]
    seen = halved[places, cat] >= np.float32(own["cat"])
    other = halved[places].copy()
    other[np.flatnonzero(seen)[0], cat] = 0.0
    engine = engines.get(OTHER)
    contract = recipe.network.preprocessing()
    rows = evaluation.judged_rows[places]
    run = Run("int8", Path("int8.tflite"), "", contract, None, rows, engine)
    agreement = judging_run._agreement(
        evaluation, run, Scored(other, variant_meta()), first, SilentProgress()
    )
    assert agreement is not None
    assert (agreement.flips, agreement.images, agreement.judged_images) == (1, 100, ALL)


def test_runtimes_are_compared_where_no_label_is_known_too(run_folder: RunFolder) -> None:
    recipe, workspace = run_folder.recipe, run_folder.workspace
    section = recipe.validation.replace(agreement_images=100)
    recipe = recipe.replace(validation=section)
    dataset, given = open_dataset(workspace), run_folder.reference_file()
    evaluation = prepare(recipe, workspace, dataset, (), SilentProgress(), given, max_changed=0.0)
    first = Scored(run_folder.reference, variant_meta())
    assert fitted_thresholds(evaluation, first) == evaluation.thresholds
    places = evaluation.agreement_places
    rows = evaluation.judged_rows[places]
    other = run_folder.reference[places].copy()
    present = other >= np.array(list(evaluation.thresholds.values()), dtype=np.float32)
    picture, tag = np.argwhere(present & (dataset.labels(rows) < 0))[0]
    other[picture, tag] = 0.0
    contract = recipe.network.preprocessing()
    run = Run("int8", Path("int8.tflite"), "", contract, None, rows, engines.get(OTHER))
    agreement = judging_run._agreement(
        evaluation, run, Scored(other, variant_meta()), first, SilentProgress()
    )
    assert agreement is not None
    assert (agreement.flips, agreement.decisions) == (1, other.size)


def compared(first: Scores, other: Scores) -> tuple[RuntimeAgreement, str]:
    engine = engines.get("litert")
    rows = np.arange(len(first))
    contract = Preprocessing(input_size=64)
    meta = variant_meta(engine=engine.name)
    run = Run("int8", Path("int8.tflite"), "", contract, None, rows, engine)
    thresholds = {"cat": 0.5, "dog": 0.5}
    return compare_runtimes(run, Scored(other, meta), first, thresholds, 1000, 0.95)


def test_a_tag_that_a_runtime_loses_is_a_doubt_however_rare_it_is() -> None:
    first = np.full((500, 2), 0.1, dtype=np.float32)
    first[:6, 1] = 0.9
    other = np.full((500, 2), 0.1, dtype=np.float32)
    agreement, doubt = compared(first, other)
    assert (agreement.differing_images, agreement.flips, agreement.decisions) == (6, 6, 1000)
    assert doubt == "decisions lean one way in dog (6 lost, 0 gained)"


@pytest.mark.parametrize(
    ("before", "after", "leans"),
    [(5, 0, True), (0, 5, True), (2, 0, True), (6, 3, True), (7, 4, False), (1, 0, False)],
)
def test_half_of_a_rare_tag_s_pictures_are_a_doubt_where_they_change_one_way(
    before: int, after: int, leans: bool
) -> None:
    first, other = (np.full((500, 2), 0.1, dtype=np.float32) for _ in range(2))
    first[:before, 1], other[:after, 1] = 0.9, 0.9
    _, doubt = compared(first, other)
    lost, gained = max(0, before - after), max(0, after - before)
    said = f"decisions lean one way in dog ({lost} lost, {gained} gained)"
    assert doubt == (said if leans else "")


def test_a_score_that_is_its_threshold_counts_as_present_on_both_runtimes() -> None:
    first = np.full((500, 2), 0.5, dtype=np.float32)
    agreement, doubt = compared(first, first + np.float32(0.1))
    assert (agreement.flips, doubt) == (0, "")
    agreement, doubt = compared(first + np.float32(0.1), first)
    assert (agreement.flips, doubt) == (0, "")


def test_the_largest_difference_of_scores_is_told_whichever_runtime_gave_more() -> None:
    first = np.full((500, 2), 0.1, dtype=np.float32)
    other = first.copy()
    other[3, 0], other[7, 1] = 0.125, 0.0625
    for pair in ((first, other), (other, first)):
        agreement, _ = compared(*pair)
        assert agreement.largest_score_difference == pytest.approx(0.0375)


def test_decisions_that_change_both_ways_on_few_pictures_are_no_doubt() -> None:
    first = np.full((500, 2), 0.1, dtype=np.float32)
    first[:6, 1] = 0.9
    other = np.full((500, 2), 0.1, dtype=np.float32)
    other[3:9, 1] = 0.9
    agreement, doubt = compared(first, other)
    assert (agreement.flips, doubt) == (6, "")


def test_decisions_that_change_on_many_pictures_are_a_doubt_either_way() -> None:
    first = np.full((500, 2), 0.1, dtype=np.float32)
    first[:40, 1] = 0.9
    other = np.full((500, 2), 0.1, dtype=np.float32)
    other[20:60, 1] = 0.9
    _, doubt = compared(first, other)
    assert doubt.startswith("decisions differ on 40 of 500 pictures, so on up to ")


@pytest.mark.parametrize(("differing", "images"), [(0, 100), (0, 512), (15, 512), (99, 100)])
def test_so_few_differing_would_be_seen_once_in_twenty_samples_at_the_bound(
    differing: int, images: int
) -> None:
    share = largest_share(differing, images, 0.95)
    assert share > differing / images
    draws = np.random.default_rng(1).binomial(images, share, 200_000)
    assert np.mean(draws <= differing) == pytest.approx(0.05, abs=0.003)


def test_a_sample_that_differs_throughout_bounds_nothing() -> None:
    assert largest_share(100, 100, 0.95) == 1.0
