"""`heatmap` of a run folder: any network's float model, through TensorFlow."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data
from typer.testing import CliRunner

from edgetag.cli.app import app
from edgetag.editing.regions import HeatMap
from edgetag.errors import InputError
from edgetag.training.result import Thresholds
from edgetag.workspace import RunFile, Workspace
from tests.support.small_run import TAGS, small_recipe

pytestmark = pytest.mark.tensorflow


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A run of model3 as training leaves it, and a picture."""
    from edgetag.networks import build_untrained, save_weights

    monkeypatch.chdir(tmp_path)
    Image.fromarray(data.chelsea()).save("cat.png")
    recipe, workspace = small_recipe(), Workspace(tmp_path / "run")
    save_weights(build_untrained(recipe.network, len(TAGS)), workspace.train / "model.npz")
    kept = Thresholds(policy="fixed", split="validation", thresholds=dict.fromkeys(TAGS, 0.4))
    kept.write(workspace.train / "thresholds.json")
    told = RunFile(name=recipe.name, recipe=recipe.model_dump(mode="json"), seed=1, versions={})
    told.write(workspace.run_file)
    return workspace


def test_model3_which_has_no_maps_draws_where_it_looks(run: Workspace) -> None:
    from edgetag.float_tagger import FloatTagger

    verb = ["heatmap", str(run.root), "cat.png", "-o", "out", "--tag", TAGS[0]]
    done = CliRunner().invoke(app, verb)
    assert done.exit_code == 0, done.output
    with Image.open("out/cat.png") as overlay:
        assert overlay.size == (451, 300)
        assert (np.asarray(overlay) != data.chelsea()).any()
    tagging = FloatTagger(small_recipe(), run, TAGS[0]).tag("cat.png", maps=True)
    assert tagging.maps is not None
    assert tagging.maps.of(TAGS[0]).max() == 1
    assert tagging.names == TAGS
    np.testing.assert_allclose(tagging.thresholds, 0.4)


@pytest.mark.slow
def test_a_cell_without_a_map_of_its_own_is_drawn_over_the_pixels_that_it_reads(
    run: Workspace,
) -> None:
    from edgetag.float_tagger import FloatTagger
    from edgetag.networks import build_untrained
    from edgetag.tf import keras, tf

    model = build_untrained(small_recipe().network, len(TAGS))
    features = keras.Model(model.input, model.get_layer("reduce").output)
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    Image.fromarray(picture).save("square.png")
    maps = FloatTagger(small_recipe(), run, TAGS[0]).tag("square.png", maps=True).maps
    assert maps is not None
    for place in ((0, 0), (1, 3), (3, 2)):
        image = tf.Variable(picture[None].astype(np.float32) / 128 - 1)
        with tf.GradientTape() as tape:
            cell = tf.reduce_sum(tf.square(features(image)[0, place[0], place[1]]))
        read = np.argwhere(tape.gradient(cell, image).numpy()[0].any(axis=2))
        expected = (read.min(axis=0) + read.max(axis=0) + 1) / 2
        values = np.zeros(maps.values.shape[:2], np.float32)
        values[place] = 1
        at = HeatMap(values, maps.size, maps.content, maps.input_size).at
        assert at([expected[1]], [expected[0]])[0, 0] > 0.6  # between cells it falls to 0.25


def test_what_is_not_trained_or_no_tag_is_refused(run: Workspace) -> None:
    from edgetag.float_tagger import FloatTagger

    with pytest.raises(InputError, match="the model has no tag 'bird'"):
        FloatTagger(small_recipe(), run, "bird")
    (run.train / "model.npz").unlink()
    with pytest.raises(InputError, match="nothing is trained yet; run: edgetag train"):
        FloatTagger(small_recipe(), run, TAGS[0])


@pytest.mark.parametrize("tags", [TAGS[::-1], (TAGS[0], TAGS[1], "dark")])
def test_no_other_tags_heat_is_drawn_where_the_recipe_changed_since(
    tags: tuple[str, ...], run: Workspace
) -> None:
    from edgetag.float_tagger import FloatTagger

    recipe = small_recipe()
    changed = recipe.replace(data=recipe.data.replace(tags=tags))
    with pytest.raises(InputError, match=r"trained on red, striped, bright, .*edgetag train"):
        FloatTagger(changed, run, TAGS[0])


@pytest.mark.parametrize("verb", [("mosaic",), ("crop", "--shape", "1:1")])
def test_other_verbs_say_that_they_take_no_run_folder(run: Workspace, verb: list[str]) -> None:
    done = CliRunner().invoke(app, [*verb, str(run.root), "cat.png", "-o", "o", "--tag", "red"])
    assert "a run folder, not a model; give its bundle" in str(done.exception)
