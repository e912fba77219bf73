"""Heat maps of variants against the reference's."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edgetag.conversion.explain_signature import ExplainMaps, add_explain, without_explain
from edgetag.conversion.external import read_external
from edgetag.conversion.flatfile import pack_model, read_model
from edgetag.conversion.result import ExportResult
from edgetag.errors import InputError
from edgetag.progress import SilentProgress
from edgetag.recipe import Budget, Recipe
from edgetag.runtimes import LoadFailure, engines
from edgetag.runtimes.maps import MapRun, explain
from edgetag.tags import Vocabulary
from edgetag.validation import stage
from edgetag.validation.heat_map_result import HeatMaps
from edgetag.validation.heat_maps import (
    MadeMaps,
    ReferenceHeatMaps,
    check_heat_maps,
    with_heat_maps,
)
from edgetag.validation.result import VariantVerdict, Verdict
from edgetag.validation.scores import ReferenceMaps, read_reference
from edgetag.validation.statistics import Bootstrap, ratio_samples
from edgetag.workspace import digest_file
from tests.support.listening import Listening
from tests.support.made_results import scored
from tests.support.run_folders import give_maps
from tests.support.splits import split_over
from tests.support.tiny_run import TAGS, TEST, RunFolder

EXACT = ExplainMaps(height=4, width=4, mean_step=0.0, mean_low=-np.inf, mean_high=np.inf)


def sigmoid(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return 1 / (1 + np.exp(-values))


def run_of(maps: npt.NDArray[Any]) -> MapRun:
    return MapRun(sigmoid(maps.mean(axis=(1, 2))).astype(np.float32), maps.astype(np.float32))


@pytest.fixture
def scene() -> ReferenceHeatMaps:
    """40 images in 20 groups, 4 x 4 cells, three tags of which the last is rare."""
    generator = np.random.default_rng(1)
    labels = (generator.random((40, 3)) < [0.5, 0.5, 0.05]).astype(np.int8)
    split = split_over(labels, TAGS, [f"{i // 2}" for i in range(40)], min_positives=10)
    return ReferenceHeatMaps(generator.normal(0, 2, (40, 4, 4, 3)).astype(np.float32), split)


def compared(scene: ReferenceHeatMaps, maps: npt.NDArray[Any]) -> HeatMaps:
    found = scene.compare([MadeMaps(run_of(maps), EXACT)], run_of(maps).scores)
    assert isinstance(found, HeatMaps)
    return found


def test_equal_maps_are_no_distance_apart_and_peak_alike(scene: ReferenceHeatMaps) -> None:
    found = compared(scene, scene.maps)
    assert (found.error, found.p99_error, found.all_tags_error) == (0, 0, 0)
    assert found.error_interval == (0.0, 0.0)
    assert found.peak_agreement == 1
    assert found.n_present == (scene.split.labels == 1).sum()


def test_the_error_is_the_mean_over_the_cells_of_present_tags(scene: ReferenceHeatMaps) -> None:
    maps = scene.maps + np.random.default_rng(2).normal(0, 0.5, scene.maps.shape)
    found = compared(scene, maps)
    apart = np.abs(sigmoid(maps.astype(np.float32)) - sigmoid(scene.maps))
    shown = [
        apart[i, :, :, tag] for i, tag in np.argwhere(scene.split.labels == 1)
    ]  # the definition, pair by pair
    assert found.error == pytest.approx(np.mean(shown), rel=1e-5)
    assert found.p99_error == pytest.approx(np.quantile(shown, 0.99), rel=1e-4)
    assert found.all_tags_error == pytest.approx(apart.mean(), rel=1e-5)
    assert found.error is not None
    assert found.error_interval is not None
    low, high = found.error_interval
    assert low < found.error < high
    peaks = [
        scene.maps[i, :, :, tag].argmax() == maps[i, :, :, tag].argmax()
        for i, tag in np.argwhere(scene.split.labels == 1)
    ]
    assert found.peak_agreement == pytest.approx(np.mean(peaks))
    assert 0.2 < np.mean(peaks) < 1


def test_a_rare_tag_is_not_scored(scene: ReferenceHeatMaps) -> None:
    found = compared(scene, scene.maps)
    assert [tag.scored for tag in found.tags] == [True, True, False]
    assert found.tags[2].error is None
    assert found.tags[2].positives < 10


def test_a_flat_map_agrees_with_a_peak_only_as_chance_would(scene: ReferenceHeatMaps) -> None:
    found = compared(scene, np.zeros_like(scene.maps))
    assert found.peak_agreement == pytest.approx(1 / 16)


def test_maps_that_are_not_behind_the_scores_are_a_failure(scene: ReferenceHeatMaps) -> None:
    right = run_of(scene.maps)
    other = MapRun(right.scores, scene.maps[..., ::-1])
    found = scene.compare([MadeMaps(other, EXACT)], right.scores)
    assert isinstance(found, LoadFailure)
    assert "from the mean of its map" in found.reason


def test_scores_beside_the_maps_must_be_those_without(scene: ReferenceHeatMaps) -> None:
    right = run_of(scene.maps)
    found = scene.compare([MadeMaps(right, EXACT)], right.scores + np.float32(0.01))
    assert isinstance(found, LoadFailure)
    assert "differ by 0.0100 from those without" in found.reason


def test_maps_of_an_ensemble_are_the_mean_of_its_files(scene: ReferenceHeatMaps) -> None:
    others = scene.maps + np.random.default_rng(3).normal(0, 1, scene.maps.shape)
    first, second = run_of(scene.maps), run_of(others)
    made = [MadeMaps(first, EXACT, 3.0), MadeMaps(second, EXACT)]
    scores = (3 * first.scores + second.scores) / 4
    joined = scene.compare(made, scores)
    assert isinstance(joined, HeatMaps)
    apart = np.abs(sigmoid(others) - sigmoid(scene.maps)) / 4
    assert joined.all_tags_error == pytest.approx(apart.mean(), rel=1e-5)
    assert joined.peak_agreement is not None
    assert compared(scene, others).peak_agreement < joined.peak_agreement < 1  # type: ignore[operator]
    assert isinstance(scene.compare(made, first.scores), LoadFailure)
    wrong = MadeMaps(MapRun(second.scores, scene.maps), EXACT)
    assert isinstance(scene.compare([made[0], wrong], scores), LoadFailure)


def small(
    labels: npt.NDArray[Any], groups: tuple[str, ...] = ("a", "b"), min_positives: int = 1
) -> ReferenceHeatMaps:
    """Two images of 1 x 3 cells, two tags; all cells are a half but the highest, which differ."""
    maps = np.zeros((2, 1, 3, 2), np.float32)
    maps[:, 0, 0, 0] = maps[:, 0, 2, 1] = np.log(3)  # 3/4
    split = split_over(
        labels, ("cat", "dog"), groups, min_positives=min_positives, samples=50, confidence=0.9
    )
    return ReferenceHeatMaps(maps, split)


def raised(scene: ReferenceHeatMaps) -> npt.NDArray[Any]:
    """Return maps of which `cat`'s second cell of the first image is as high as the first."""
    maps = scene.maps.copy()
    maps[0, 0, 1, 0] = np.log(3)
    return maps


def test_every_number_of_maps_is_that_of_its_cells() -> None:
    scene = small(np.array([[1, 0], [1, 1]], dtype=np.int8))
    made = compared(scene, raised(scene))
    assert (made.height, made.width, made.n_images, made.n_groups, made.n_present) == (
        4,
        4,
        2,
        2,
        3,
    )
    # One cell of three is a quarter higher, of one of three pairs, and of one of four in all.
    assert made.error == pytest.approx(1 / 4 / 3 / 3)
    assert made.all_tags_error == pytest.approx(1 / 4 / 3 / 4)
    # Of nine cells the highest; 99 of 100 parts of the way from the eighth, which is 0.
    assert made.p99_error == pytest.approx(1 / 4 * (0.99 * 8 - 7))
    # Where two cells are highest the peak is there by half.
    assert made.peak_agreement == pytest.approx((0.5 + 1 + 1) / 3)
    cat, dog = made.tags
    assert (cat.tag, cat.scored, cat.positives) == ("cat", True, 2)
    assert (cat.error, cat.peak_agreement) == pytest.approx((1 / 4 / 3 / 2, 0.75))
    assert (dog.positives, dog.error, dog.peak_agreement) == (1, 0, 1)
    # Draws have the first image not at all, once or twice.
    assert made.error_interval == pytest.approx((0, 1 / 4 / 3))
    assert made.peak_agreement_interval == pytest.approx((0.5, 1))


def test_a_peak_elsewhere_agrees_with_none() -> None:
    scene = small(np.ones((2, 2), dtype=np.int8))
    assert compared(scene, scene.maps[..., ::-1]).peak_agreement == 0


def test_where_no_tag_is_present_maps_differ_over_all_tags_alone() -> None:
    scene = small(np.array([[0, -1], [0, 0]], dtype=np.int8), min_positives=0)
    made = compared(scene, raised(scene))
    assert made.n_present == 0
    assert (made.error, made.error_interval, made.p99_error) == (None, None, None)
    assert (made.peak_agreement, made.peak_agreement_interval) == (None, None)
    assert made.all_tags_error == pytest.approx(1 / 4 / 3 / 4)
    assert [tag.scored for tag in made.tags] == [False, False]


def test_a_tag_s_maps_are_scored_from_its_least_positives_on() -> None:
    scene = small(np.array([[1, 0], [1, 1]], dtype=np.int8), min_positives=2)
    assert [tag.scored for tag in compared(scene, scene.maps).tags] == [True, False]


def test_maps_of_one_group_have_no_interval() -> None:
    scene = small(np.ones((2, 2), dtype=np.int8), ("a", "a"))
    made = compared(scene, raised(scene))
    assert made.error is not None
    assert (made.n_groups, made.error_interval, made.peak_agreement_interval) == (1, None, None)


def test_maps_of_another_size_are_a_failure(scene: ReferenceHeatMaps) -> None:
    run = run_of(scene.maps[:, :2])
    refused = scene.compare([MadeMaps(run, EXACT)], run.scores)
    assert isinstance(refused, LoadFailure)
    assert refused.reason.endswith("its maps are [2, 4, 3], the float model's [4, 4, 3]")


def test_a_file_of_integers_may_be_a_step_of_its_scores_apart(scene: ReferenceHeatMaps) -> None:
    stepped = replace(EXACT, mean_step=0.01)
    run = run_of(scene.maps)
    for ends, apart, good in (
        (EXACT, 0.00005, True),
        (EXACT, 0.0015, False),
        (stepped, 0.0038, True),  # 1/256 is 0.0039
        (stepped, 0.0041, False),
    ):
        judged = scene.compare([MadeMaps(run, ends)], run.scores + np.float32(apart))
        assert isinstance(judged, HeatMaps) == good


def test_scores_may_be_as_far_from_their_maps_as_rounding_moves_them() -> None:
    run = run_of(np.zeros((1, 2, 2, 1)))
    off = MapRun(run.scores + np.float32(0.25), run.maps)
    assert MadeMaps(off, EXACT).identity_error == pytest.approx(0.25)
    assert MadeMaps(off, EXACT).identity_tolerance == pytest.approx(0.0001)
    stepped = MadeMaps(off, replace(EXACT, mean_step=0.1))
    assert stepped.identity_tolerance == pytest.approx(0.1 / 4 + 1 / 256 + 0.0001)
    assert stepped.weight == 1.0


def test_the_limit_of_maps_is_judged_by_their_interval_and_open_without_one() -> None:
    scene = small(np.array([[1, 0], [1, 1]], dtype=np.int8))
    made = compared(scene, raised(scene))  # 0.028, in 0..0.083
    assert check_heat_maps(Budget(), made, 0.9) == ()
    for limit, decision in ((0.09, "pass"), (0.05, "undecided")):
        (check,) = check_heat_maps(Budget(max_heat_map_error=limit), made, 0.9)
        assert (check.limit, check.measured, check.interval) == (
            limit,
            made.error,
            made.error_interval,
        )
        assert check.verdict == decision
    none = compared(small(np.zeros((2, 2), dtype=np.int8)), scene.maps)
    for nothing in (None, none):
        (check,) = check_heat_maps(Budget(max_heat_map_error=0.09), nothing, 0.9)
        assert (check.measured, check.verdict) == (None, "undecided")


def test_an_entry_is_as_bad_as_its_maps() -> None:
    entry = scored("fp32", "litert", "test", 0.0)
    assert (entry.verdict, entry.budgets) == ("pass", ())
    checks = check_heat_maps(Budget(max_heat_map_error=0.09), None, 0.9)
    judged = with_heat_maps(entry, None, checks)
    assert (judged.verdict, judged.budgets) == ("undecided", checks)
    assert with_heat_maps(entry, None, ()).verdict == "pass"


def test_a_mean_that_the_file_cannot_hold_is_cut_before_it_is_compared(
    scene: ReferenceHeatMaps,
) -> None:
    maps = scene.maps + np.float32(3)
    cut = sigmoid(maps.mean(axis=(1, 2)).clip(-1, 1)).astype(np.float32)
    ends = replace(EXACT, mean_step=2 / 255, mean_low=-1.0, mean_high=1.0)
    assert isinstance(scene.compare([MadeMaps(MapRun(cut, maps), ends)], cut), HeatMaps)
    wider = replace(ends, mean_high=2.0)
    assert isinstance(scene.compare([MadeMaps(MapRun(cut, maps), wider)], cut), LoadFailure)


def test_samples_of_a_ratio_are_those_of_its_definition() -> None:
    bootstrap = Bootstrap.over(["a", "a", "b", "c"], 50, 3)
    above, below = np.array([1.0, 2.0, 0.0, 5.0]), np.array([2.0, 2.0, 0.0, 1.0])
    weights = np.concatenate(list(bootstrap.blocks()), axis=1)
    found = ratio_samples(above, below, bootstrap)
    nothing = 0
    for sample, value in enumerate(found):
        drawn = np.repeat(np.arange(4), weights[:, sample].astype(int))
        if below[drawn].sum() == 0:
            nothing += 1
            assert np.isnan(value)
        else:
            assert value == pytest.approx(above[drawn].sum() / below[drawn].sum())
    assert 0 < nothing < 50


@pytest.fixture
def with_maps(run_folder: RunFolder, tmp_path: Path) -> Callable[[], Path]:
    """Give int8 the signature; return what makes a reference with the float file's maps."""
    give_maps(run_folder.workspace, "int8")

    def reference() -> Path:
        model = read_model(run_folder.workspace.export / "fp32.tflite")
        add_explain(model, "fp32")
        path = tmp_path / "explained.tflite"
        path.write_bytes(pack_model(model))
        rows = np.arange(TEST)
        contract = run_folder.recipe.network.preprocessing()
        with SilentProgress().track("maps", TEST) as task:
            found = explain(
                engines.get("litert"), path, run_folder.workspace.cache, rows, contract, task
            )
        assert isinstance(found, MapRun)
        maps = ReferenceMaps(found.maps[::-1], tuple(f"id{i}" for i in rows[::-1]))
        return run_folder.reference_file(maps=maps)

    return reference


def limited(folder: RunFolder, limit: float) -> Recipe:
    recipe = folder.with_recipe(
        f"[budgets.default]\nmax_map_drop = 0.9\nmax_heat_map_error = {limit}\n"
    )
    export = recipe.export.replace(explain=("int8",))
    return recipe.replace(export=export)


def entries(verdict: Verdict, variant: str, split: str) -> list[VariantVerdict]:
    return [e for e in verdict.variants if (e.variant, e.split) == (variant, split)]


@pytest.mark.slow
def test_heat_maps_are_judged_on_each_runtime_where_a_file_has_them(
    run_folder: RunFolder, with_maps: Callable[[], Path]
) -> None:
    heard, reference = Listening(), with_maps()
    verdict = stage.run(limited(run_folder, 0.05), run_folder.workspace, heard, reference)
    assert "no heat maps" not in "".join(heard.said)
    judged = entries(verdict, "int8", "test")
    assert judged
    for one in judged:
        assert one.heat_maps is not None
        assert one.heat_maps.n_images == TEST
        assert one.heat_maps.error is not None
        assert 0 < one.heat_maps.error < 0.05
        (check,) = [c for c in one.budgets if c.budget == "max_heat_map_error"]
        assert (check.measured, check.verdict) == (one.heat_maps.error, "pass")
        assert check.interval == one.heat_maps.error_interval
    others = [*entries(verdict, "fp32", "test"), *entries(verdict, "int8", "test_style")]
    assert [one.heat_maps for one in others] == [None] * len(others)
    assert not [c for one in others for c in one.budgets if c.budget == "max_heat_map_error"]
    assert Verdict.from_json(verdict.to_json(), "verdict.json") == verdict


@pytest.mark.slow
@pytest.mark.parametrize(("maps", "verdict"), [(True, "pass"), (False, "undecided")])
def test_maps_of_a_given_file_are_held_to_the_budget_of_the_variant_it_stands_for(
    run_folder: RunFolder, with_maps: Callable[[], Path], maps: bool, verdict: str
) -> None:
    reference = with_maps()
    path = run_folder.workspace.root / "x.tflite"
    (run_folder.workspace.export / "int8.tflite").rename(path)
    shutil.rmtree(run_folder.workspace.export)
    if not maps:
        model = read_model(path)
        without_explain(model)
        path.write_bytes(pack_model(model))
    labels = run_folder.workspace.root / "labels.txt"
    labels.write_text("food\ncat\ndog\n")
    contract = run_folder.recipe.network.preprocessing()
    for given in (None, labels):
        model = read_external(path, contract, Vocabulary(TAGS), labels=given)
        found = stage.run(
            limited(run_folder, 0.05),
            run_folder.workspace,
            SilentProgress(),
            reference,
            external=(model,),
        )
        for one in entries(found, "x", "test"):
            (check,) = [c for c in one.budgets if c.budget == "max_heat_map_error"]
            # In another order of tags the maps are other tags' maps.
            assert check.verdict == (verdict if given is None or not maps else "fail")


@pytest.mark.slow
def test_maps_too_far_apart_fail_the_variant(
    run_folder: RunFolder, with_maps: Callable[[], Path]
) -> None:
    reference = with_maps()
    verdict = stage.run(
        limited(run_folder, 0.0001), run_folder.workspace, SilentProgress(), reference
    )
    assert verdict.decisions == {"fp32": "pass", "int8": "fail"}


@pytest.mark.slow
def test_without_maps_in_the_reference_their_budget_is_undecided(
    run_folder: RunFolder, with_maps: Callable[[], Path]
) -> None:
    heard = Listening()
    reference = run_folder.reference_file()
    verdict = stage.run(limited(run_folder, 0.05), run_folder.workspace, heard, reference)
    assert verdict.decisions == {"fp32": "pass", "int8": "undecided"}
    assert "no heat maps" in "".join(heard.said)


@pytest.mark.slow
def test_a_file_that_lost_its_signature_fails(
    run_folder: RunFolder, with_maps: Callable[[], Path]
) -> None:
    reference = with_maps()
    path = run_folder.workspace.export / "int8.tflite"
    model = read_model(path)
    model.signatureDefs = model.signatureDefs[:1]
    path.write_bytes(pack_model(model))
    export = run_folder.workspace.export / "export.json"
    old = ExportResult.read(export, "export")
    changed = tuple(
        one.replace(sha256=digest_file(path)) if one.variant == "int8" else one
        for one in old.variants
    )
    old.replace(variants=changed).write(export)
    with pytest.raises(InputError, match="export it again"):
        stage.run(limited(run_folder, 0.05), run_folder.workspace, SilentProgress(), reference)


@pytest.mark.parametrize(
    "maps",
    [
        np.zeros((3, 2, 2, 2), np.float32),
        np.zeros((2, 2, 2, 3), np.float32),
        np.zeros((3, 2, 2, 3), np.float64),
        np.full((3, 2, 2, 3), np.nan, np.float32),
        np.zeros((3, 0, 2, 3), np.float32),
    ],
    ids=["other tags", "other images", "float64", "no numbers", "no cells"],
)
def test_damaged_reference_maps_are_refused(run_folder: RunFolder, maps: npt.NDArray[Any]) -> None:
    path = run_folder.reference_file(maps=ReferenceMaps(maps, ("id0", "id1", "id2")))
    with pytest.raises(InputError, match="heat maps"):
        read_reference(path)
