"""`explain/explain.json`: who is blamed, what mistakes cost, and what was left out."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from edgetag.catalogue.variants import BASE
from edgetag.conversion.exported import exported_path, read_exported
from edgetag.errors import InputError
from edgetag.explaining import preprocessing, stage
from edgetag.explaining.graph import read_graph
from edgetag.explaining.model_explorer import write_node_data
from edgetag.explaining.result import Blame, Explanation, MistakeCost, PreprocessingDrift
from edgetag.progress import SilentProgress
from edgetag.recipe import parse_recipe
from edgetag.reporting.results import tables_of
from edgetag.scratch import PREFIX
from edgetag.writing import write_text
from tests.support.accelerators import RAN
from tests.support.color_run import RECIPE, ColorRun, Told

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def explained(pristine: ColorRun) -> Explanation:
    return stage.run(pristine.recipe, pristine.workspace, SilentProgress())


def drift_of(result: Explanation) -> PreprocessingDrift:
    (drift,) = result.preprocessing
    return drift


def costs_of(result: Explanation) -> dict[str, MistakeCost]:
    return {cost.mistake: cost for cost in drift_of(result).mistakes}


def test_the_file_holds_what_was_returned(pristine: ColorRun, explained: Explanation) -> None:
    folder = pristine.workspace.explain
    assert Explanation.read(folder / "explain.json", "explain") == explained
    assert {path.name for path in folder.iterdir()} == {"explain.json", "model-explorer"}
    assert explained.notes == ()


def test_node_data_name_outputs_of_both_files(pristine: ColorRun, explained: Explanation) -> None:
    (blamed,) = explained.blame
    outputs = {
        name: {
            layer.tensor.name
            for layer in read_graph(pristine.workspace.export / f"{name}.tflite").layers
        }
        for name in ("fp32", "int8")
    }
    for value in ("error", "added"):
        path = pristine.workspace.explain / "model-explorer" / f"int8-{value}.json"
        results = json.loads(path.read_text())["results"]
        for layer in blamed.layers:
            assert results[layer.name] == results[layer.own_name]
            assert results[layer.name] == {"value": getattr(layer, value)}
        assert {layer.name for layer in blamed.layers} <= outputs["fp32"]
        assert {layer.own_name for layer in blamed.layers} <= outputs["int8"]


def test_node_data_of_a_variant_that_is_gone_is_deleted(tmp_path: Path) -> None:
    blamed = Blame(variant="int8", runtime="litert", images=1, layers=())
    write_node_data((blamed, blamed.replace(variant="int8-qat")), tmp_path)
    (tmp_path / "model-explorer" / ".ipynb_checkpoints").mkdir()  # as who looks at it may leave
    write_node_data((blamed,), tmp_path)
    left = {path.name for path in (tmp_path / "model-explorer").iterdir()}
    assert left == {"int8-error.json", "int8-added.json", ".ipynb_checkpoints"}


def test_every_quantized_variant_is_looked_into(explained: Explanation) -> None:
    (blamed,) = explained.blame
    assert (blamed.variant, blamed.runtime, blamed.images) == ("int8", "litert", 6)
    assert blamed.accelerator == drift_of(explained).accelerator == RAN
    added = [layer.added for layer in blamed.layers]
    assert added == sorted(added, reverse=True)


def test_a_network_that_tells_colours_suffers_from_swapped_ones_alone(
    explained: Explanation,
) -> None:
    costs, drift = costs_of(explained), drift_of(explained)
    assert drift.map == 1.0
    assert drift.n_scored_tags == 3
    # The dearest of those that change pixels: red pictures are called blue, and the reverse.
    assert set(costs["bgr"].tags_hurt) == {"red", "blue"}
    assert costs["bgr"].map_drop_interval is not None
    assert costs["bgr"].map_drop_interval[0] > 0.2
    for name in (
        "stretch",
        "centre_crop",
        "top_left",
        "rotated_90",
        "bar_colour",
        "no_antialiasing",
        "nearest",
    ):
        assert costs[name].map_drop == 0.0, name
    assert drift.mistakes[0].mistake == "bgr"


def test_mistakes_that_no_picture_shows_are_named_and_cost_nothing(explained: Explanation) -> None:
    assert drift_of(explained).without_effect == (
        "exif_ignored",
        "scaled_jpeg",
        "black_background",
    )
    assert not set(drift_of(explained).without_effect) & set(costs_of(explained))


def test_only_long_pictures_are_changed_by_stretching(
    pristine: ColorRun, explained: Explanation
) -> None:
    changed = costs_of(explained)["stretch"].images_changed
    assert 0 < changed <= drift_of(explained).images
    assert costs_of(explained)["bgr"].images_changed == drift_of(explained).images


def test_tables_show_every_mistake_and_what_is_left_out(explained: Explanation) -> None:
    layers, costs, signs, left_out = tables_of(explained)
    names = [cost.mistake for cost in drift_of(explained).mistakes]
    assert [row[0] for row in costs.texts] == [row[0] for row in signs.texts] == names
    assert "int8" in layers.title
    assert "exif_ignored, scaled_jpeg, black_background" in left_out.texts[0][0]


def test_the_same_run_explains_alike(color_run: ColorRun, explained: Explanation) -> None:
    assert stage.run(color_run.recipe, color_run.workspace, SilentProgress()) == explained


def test_small_blocks_give_the_same(
    color_run: ColorRun, explained: Explanation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preprocessing, "BLOCK_BYTES", 64 * 64 * 3 * 15 * 13)
    assert stage.run(color_run.recipe, color_run.workspace, SilentProgress()) == explained


def test_a_file_that_takes_bytes_has_mistakes_with_bytes(color_run: ColorRun) -> None:
    recipe = parse_recipe(RECIPE.format(bundle="int8"), color_run.images.parent / "recipe.toml")
    costs = costs_of(stage.run(recipe, color_run.workspace, SilentProgress()))
    assert {"signed_bytes", "cast_fractions", "scale_0_1", "scale_none"} <= set(costs)
    # Bytes of 0 and 1 are one and the same picture.
    assert costs["cast_fractions"].mean_score_difference > costs["jpeg_75"].mean_score_difference


def test_pictures_that_are_gone_are_told(color_run: ColorRun) -> None:
    shutil.move(color_run.images / "00.png", color_run.images / "away.png")
    told = Told()
    result = stage.run(color_run.recipe, color_run.workspace, told)
    (note,) = result.notes
    assert note in told.lines
    assert "1 of 36 pictures are left out" in note
    assert result.unread == 1
    assert "00.png: missing" in note
    assert drift_of(result).images == 35


def test_without_its_pictures_a_run_still_blames_layers(color_run: ColorRun) -> None:
    for path in color_run.images.glob("*.png"):
        path.unlink()
    result = stage.run(color_run.recipe, color_run.workspace, SilentProgress())
    assert result.preprocessing == ()
    assert "36 of 36 pictures" in result.notes[0]
    assert result.unread == 36
    assert "data.root" in result.notes[0]
    assert len(result.blame) == 1


def test_a_file_that_does_not_run_is_told_and_takes_nothing_down(color_run: ColorRun) -> None:
    content = (color_run.workspace.export / "int8.tflite").read_bytes()
    color_run.replace_model("int8", content[: len(content) // 2])
    told = Told()
    result = stage.run(color_run.recipe, color_run.workspace, told)
    assert result.blame == ()
    assert result.notes[0].startswith("int8: its layers are not compared: ")
    assert result.notes[0] in told.lines
    assert len(result.preprocessing) == 1


def test_layers_of_a_narrower_network_have_none_to_be_compared_with(color_run: ColorRun) -> None:
    listed = read_exported(color_run.workspace)
    as_narrow = tuple(
        file.replace(variant="int8-narrow75") if file.variant == "int8" else file
        for file in listed.variants
    )
    text = listed.replace(variants=as_narrow).to_json()
    write_text(exported_path(color_run.workspace), text)
    result = stage.run(color_run.recipe, color_run.workspace, SilentProgress(), BASE)
    assert result.blame == ()
    (note,) = result.notes
    assert note.startswith("int8-narrow75: its layers are not compared: they are narrower")


def test_what_a_killed_command_left_is_removed(color_run: ColorRun, explained: Explanation) -> None:
    left = color_run.workspace.explain / f"{PREFIX}left" / "shard-00000.npy"
    left.parent.mkdir(parents=True)
    np.save(left, np.zeros(3))
    os.utime(left.parent, (0, 0))  # long ago: whoever made it would hold it by now
    assert stage.run(color_run.recipe, color_run.workspace, SilentProgress()) == explained
    assert not left.parent.exists()


def test_files_of_earlier_stages_that_do_not_fit_are_input_errors(color_run: ColorRun) -> None:
    workspace = color_run.workspace
    thresholds = workspace.train / "thresholds.json"
    text = thresholds.read_text()
    write_text(thresholds, text.replace('"red"', '"pink"'))
    with pytest.raises(InputError, match="trained on pink, blue, green, but"):
        stage.run(color_run.recipe, workspace, SilentProgress())
    write_text(thresholds, text)
    with (workspace.export / "int8.tflite").open("ab") as file:
        file.write(b"!")
    with pytest.raises(InputError, match="has changed since"):
        stage.run(color_run.recipe, workspace, SilentProgress())
