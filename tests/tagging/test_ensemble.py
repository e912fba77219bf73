"""Several models tag as one, by the weighted mean of what each of them says."""

import io
import pickle
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image
from skimage import data
from typer.testing import CliRunner

from edgetag import BundleError, Ensemble, PictureError, Tagger, Tagging, VocabularyError
from edgetag.cli.app import app
from edgetag.conversion.flatfile import pack_model
from edgetag.ensembles import weighted_mean
from edgetag.errors import InputError
from edgetag.preprocess import Pixels, preprocess
from edgetag.progress import SilentProgress
from edgetag.tagging.batch import tag_pictures
from edgetag.tagging.ensemble import open_tagger
from edgetag.tagging.listing import list_pictures
from edgetag.workspace import digest_file
from tests.support.made_bundle import TAGS as TWO_TAGS
from tests.support.models_elsewhere import model_elsewhere
from tests.support.paths import MODELS, RELEASED

TAGS = ("cat", "dog", "food")
OTHER_ORDER = ("food", "cat", "dog")
FLOAT, INT8 = MODELS / "tiny_explain_fp32.tflite", MODELS / "tiny_explain_int8_uint8.tflite"
CAT = data.chelsea()


@pytest.fixture(scope="module")
def members(cache: Path) -> Iterator[tuple[Tagger, Tagger]]:
    """Two tiny models that give the same tags in another order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(cache))
        opened = Tagger(FLOAT, tags=TAGS, workers=2), Tagger(INT8, tags=OTHER_ORDER)
    with opened[0], opened[1]:
        yield opened


@pytest.mark.slow
def test_scores_and_maps_are_the_weighted_mean_in_the_first_ones_order(
    members: tuple[Tagger, Tagger],
) -> None:
    ensemble = Ensemble(members, [2, 1])
    assert ensemble.tags == TAGS
    assert ensemble.workers == 2
    joined = ensemble.tag(CAT, maps=True)
    first, second = (member.tag(CAT, maps=True) for member in members)
    for tag in TAGS:
        mean = (2 * np.float64(first[tag].score) + second[tag].score) / 3
        assert joined[tag].score == np.float32(mean)
        assert first.maps is not None
        assert second.maps is not None
        assert joined.maps is not None
        expected = weighted_mean([first.maps.of(tag), second.maps.of(tag)], [2, 1])
        np.testing.assert_array_equal(joined.maps.of(tag), expected)
    square = preprocess_of(ensemble)
    np.testing.assert_array_equal(ensemble.score_square(square), joined.scores)


def preprocess_of(tagger: Tagger) -> Pixels:
    file = io.BytesIO()
    Image.fromarray(CAT).save(file, "PNG")
    return preprocess(file.getvalue(), tagger.model.contract)


@pytest.mark.slow
def test_one_model_alone_is_itself(members: tuple[Tagger, Tagger]) -> None:
    alone = Ensemble(members[:1], [0.3])
    np.testing.assert_array_equal(alone.tag(CAT).scores, members[0].tag(CAT).scores)


@pytest.mark.slow
def test_many_pictures_go_on_past_a_bad_one(members: tuple[Tagger, Tagger], tmp_path: Path) -> None:
    path = tmp_path / "cat.png"
    Image.fromarray(CAT).save(path)
    outcomes = list(Ensemble(members).tag_all([path, b"none", CAT]))
    assert isinstance(outcomes[1], PictureError)
    first, last = outcomes[0], outcomes[2]
    assert isinstance(first, Tagging)
    assert isinstance(last, Tagging)
    np.testing.assert_array_equal(first.scores, last.scores)


@pytest.mark.slow
def test_models_of_several_sizes_each_get_their_own_square(tagger: Tagger, tmp_path: Path) -> None:
    small = tmp_path / "small.tflite"
    small.write_bytes(pack_model(model_elsewhere(size=64)))
    large = tmp_path / "large.tflite"
    large.write_bytes(pack_model(model_elsewhere(size=96)))
    tags = tuple("abcde")
    with Tagger(small, tags=tags) as first, Tagger(large, tags=tags) as second:
        ensemble = Ensemble([first, second])
        expected = weighted_mean([first.tag(CAT).scores, second.tag(CAT).scores], [1, 1])
        np.testing.assert_array_equal(ensemble.tag(CAT).scores, expected)
        with pytest.raises(InputError, match="take pictures in different ways"):
            ensemble.score_square(preprocess_of(first))


@pytest.mark.slow
def test_maps_that_do_not_lie_on_each_other_are_refused(members: tuple[Tagger, Tagger]) -> None:
    contract = members[0].model.contract.replace(anchor="top_left")
    with Tagger(FLOAT, tags=TAGS, contract=contract) as shifted:
        ensemble = Ensemble([members[0], shifted])
        assert ensemble.explains
        assert ensemble.tag(CAT).maps is None
        with pytest.raises(BundleError, match="do not lie on each other"):
            ensemble.tag(CAT, maps=True)


def test_what_is_no_ensemble_is_refused(tagger: Tagger, members: tuple[Tagger, Tagger]) -> None:
    with pytest.raises(VocabularyError, match="it has besides original_art"):
        Ensemble([members[0], tagger])
    for weights in ([1], [1, 0], [1, float("nan")], [1, float("inf")], [1, 1e300]):
        with pytest.raises(InputError, match="weight"):
            Ensemble(members, weights)
    with pytest.raises(InputError, match="0 models"):
        Ensemble([])


def test_thresholds_are_the_mean_unless_given(members: tuple[Tagger, Tagger]) -> None:
    low = Tagger(FLOAT, tags=TAGS, thresholds={"cat": 0.2, "dog": 0.4})
    ensemble = Ensemble([low, members[1]], [3, 1])
    assert ensemble.model.thresholds == pytest.approx([0.275, 0.425, 0.5])
    given = Ensemble([low, members[1]], thresholds={"dog": 0.9})
    assert given.model.thresholds == pytest.approx([0.35, 0.9, 0.5])
    with pytest.raises(InputError, match="no such tag"):
        Ensemble(members, thresholds={"bird": 0.5})


def test_settings_tell_all_digests_and_weights(members: tuple[Tagger, Tagger]) -> None:
    both = Ensemble(members, [2, 1])
    assert str(both.settings()).count(digest_file(FLOAT)) == 2  # of model and source
    assert digest_file(INT8) in str(both.settings())
    others = Ensemble(members, [1, 1]), Ensemble(members[::-1], [1, 2]), Ensemble(members[:1])
    for other in others:
        assert other.settings() != both.settings()
        assert other.model.sha256 != both.model.sha256
    for other in (*others, Ensemble(members, [2, 1], thresholds=0.6)):
        assert other.model.source_sha256 != both.model.source_sha256, "what a server tells of it"


def test_the_runtimes_of_all_models_are_named_once(members: tuple[Tagger, Tagger]) -> None:
    assert Ensemble(members).runtime == "litert"


def test_a_batch_of_other_weights_does_not_go_on(
    members: tuple[Tagger, Tagger], tmp_path: Path
) -> None:
    Image.fromarray(CAT).save(tmp_path / "cat.png")
    pictures = list_pictures([str(tmp_path / "cat.png")]).pictures
    out = tmp_path / "tags.parquet"
    parts = tmp_path / "tags.parquet.parts"
    tag_pictures(Ensemble(members), pictures, out, SilentProgress())
    assert pl.read_parquet(out)["score_cat"][0] == Ensemble(members).tag(CAT)["cat"].score
    parts.mkdir()
    (parts / "batch.json").write_text("{}")
    with pytest.raises(InputError, match="another model, runtime or limit"):
        tag_pictures(Ensemble(members, [2, 1]), pictures, out, SilentProgress())


@pytest.mark.slow
def test_a_file_names_models_weights_and_thresholds(
    two_variants: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And `--with` says the same on the command line, for tables and for maps."""
    monkeypatch.chdir(tmp_path)
    Path("a").mkdir()
    bundle = Path("a") / "demo.zip"
    bundle.symlink_to(two_variants)
    file = Path("a") / "pair.toml"
    first, second = "demo.zip", f'{two_variants}"\nvariant = "fp32'
    models = "".join(f'[[models]]\nfile = "{model}"\n' for model in (first, second))
    file.write_text(models + "weight = 0.5\n")
    Image.fromarray(CAT).save("cat.png")

    def tag(*arguments: object) -> pl.DataFrame:
        done = CliRunner().invoke(app, ["tag", *map(str, arguments), "-o", "out.parquet"])
        assert done.exit_code == 0, done.output
        return pl.read_parquet("out.parquet")

    with open_tagger(file) as opened:
        expected = opened.tag("cat.png")
        assert opened.model.name == "pair"
    with Ensemble.open(str(file)) as by_name:
        assert by_name.tag("cat.png")["cat"] == expected["cat"]
    by_file = tag(file, "cat.png")
    assert by_file["score_cat"][0] == expected["cat"].score
    same_file = tag(bundle, "cat.png", "--with", f"{bundle}=0.5")  # the mean of equals
    assert same_file["score_cat"][0] == tag(bundle, "cat.png")["score_cat"][0]
    file.write_text(models + "[thresholds]\n" + "".join(f'"{tag}" = 1.0\n' for tag in TWO_TAGS))
    assert tag(file, "cat.png")["tags"].to_list() == [[]]
    file.write_text(models + f'sha256 = "{"0" * 64}"\n')
    with pytest.raises(BundleError, match="not the file that"):
        open_tagger(file)
    with pytest.raises(InputError, match="names every model"):
        open_tagger(file, variant="fp32")
    with pytest.raises(InputError, match="'two' is no weight"):
        open_tagger(bundle, None, ["b.tflite=two"])
    done = CliRunner().invoke(app, ["heatmap", str(RELEASED), "cat.png", "-o", "h", "--tag", "cat"])
    assert done.exit_code == 0, done.output


def test_another_process_gets_the_same_ensemble(members: tuple[Tagger, Tagger]) -> None:
    ensemble = Ensemble(members, [2, 1])
    ensemble.load()
    sent = pickle.loads(pickle.dumps(ensemble))  # noqa: S301 - as Ray sends it
    np.testing.assert_array_equal(sent.tag(CAT).scores, ensemble.tag(CAT).scores)
    assert sent.settings() == ensemble.settings()
