"""Float files of anybody's in integers: the nearest of several ways is kept, and it is told."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgetag.conversion.calibration.calibrate import scores_of
from edgetag.conversion.calibration.pictures import Pictures
from edgetag.conversion.classifier import Classifier
from edgetag.conversion.external import read_external
from edgetag.conversion.flatfile import pack_model
from edgetag.conversion.float_scores import with_float_scores
from edgetag.conversion.metadata import ModelInfo, attach
from edgetag.errors import InputError
from edgetag.metrics import Scores, logit_rmse, squared_logit_distances
from edgetag.preprocess import Pixels, Preprocessing
from edgetag.progress import SilentProgress
from edgetag.quantizing.engine import quantized
from edgetag.quantizing.file import _seen, quantize_file
from edgetag.quantizing.floating import brought_within
from edgetag.quantizing.pictures import draw
from edgetag.quantizing.result import QuantizedFile
from edgetag.quantizing.tables import floating_lines, quantized_tables
from edgetag.tags import Vocabulary
from tests.support.accelerators import RAN
from tests.support.commands import invoked
from tests.support.models_elsewhere import MAPS, SIZE, described, model_elsewhere
from tests.support.paths import MODELS
from tests.support.run_folders import noisy_pictures

FLOAT_FILE = MODELS / "tiny_fp32.tflite"
TAGS = Vocabulary(("cat", "dog", "food"))
CONTRACT = Preprocessing(input_size=SIZE, mean=127.0, std=128.0)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """30 pictures and one file that is none."""
    folder = tmp_path_factory.mktemp("pictures")
    for number, picture in enumerate(noisy_pictures(30, 3)):
        Image.fromarray(picture).save(folder / f"{number:02}.png")
    (folder / "99.png").write_text("no picture")
    return folder


def quantize(
    source: Path, pictures: Path, out: Path, max_rmse: float | None = None
) -> QuantizedFile:
    return quantize_file(
        source, [str(pictures)], out, SilentProgress(), images=200, max_rmse=max_rmse
    )


@pytest.mark.slow
def test_the_nearest_of_what_was_tried_is_kept_with_its_labels(
    pictures: Path, tmp_path: Path
) -> None:
    source, out = tmp_path / "float.tflite", tmp_path / "int8.tflite"
    info = ModelInfo("tiny", "", "", "", TAGS, CONTRACT)
    source.write_bytes(attach(FLOAT_FILE.read_bytes(), info))
    result = quantize(source, pictures, out)
    assert len(result.rmse) == 10
    assert result.rmse[result.chosen] == min(result.rmse.values()) < 0.05
    assert result.seen_rmse == pytest.approx(result.rmse[result.chosen], abs=0.01)
    assert (result.images, result.other_images, result.unreadable) == (20, 10, 1)
    assert result.compared == "logits of clipped probabilities"
    assert result.preprocessing == CONTRACT  # of the file's metadata
    assert result.accelerator == RAN
    assert result.made.sha256 == hashlib.sha256(out.read_bytes()).hexdigest()
    assert result.made.float_operators < result.source.float_operators
    assert QuantizedFile.read(out.with_suffix(".json"), "quantize file") == result
    assert read_external(out, CONTRACT, TAGS).columns == (0, 1, 2)
    tried, files = quantized_tables(result)
    assert len(tried.rows) == 10
    assert len(files.rows) == 2

    before = out.read_bytes()
    quantize(source, pictures, out)
    assert out.read_bytes() == before


@pytest.mark.slow
def test_a_file_that_nothing_has_looked_at_yet_has_no_record_of_an_earlier_one(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = tmp_path / "float.tflite", tmp_path / "int8.tflite"
    first = quantize(FLOAT_FILE, pictures, out)
    source.write_bytes(
        attach(FLOAT_FILE.read_bytes(), ModelInfo("tiny", "", "", "", TAGS, CONTRACT))
    )

    def without_room(path: Path, classifier: Classifier, pixels: Pixels) -> Scores:
        if path == out:
            raise InputError("no space left")
        return _seen(path, classifier, pixels)

    monkeypatch.setattr("edgetag.quantizing.file._seen", without_room)
    with pytest.raises(InputError, match="no space left"):
        quantize(source, pictures, out)
    assert hashlib.sha256(out.read_bytes()).hexdigest() != first.made.sha256
    assert not out.with_suffix(".json").exists()


def test_the_fewest_layers_stay_in_float_that_bring_it_as_near_as_asked() -> None:
    floats, seen = FLOAT_FILE.read_bytes(), Pictures(noisy_pictures(20, 3), CONTRACT)
    made = with_float_scores(quantized(floats, seen, "moving average"))
    reference = scores_of(floats, seen)
    limit = logit_rmse(scores_of(made, seen), reference) / 2
    nearer = brought_within(limit, made, floats, seen, squared_logit_distances, SilentProgress())
    assert nearer is not None
    assert nearer.layers == ("cam",)
    assert logit_rmse(scores_of(nearer.data, seen), reference) <= limit


@pytest.mark.slow
def test_layers_stay_in_float_only_where_a_limit_asks_for_it(
    pictures: Path, tmp_path: Path
) -> None:
    out = tmp_path / "int8.tflite"
    integers = quantize(FLOAT_FILE, pictures, out)
    assert quantize(FLOAT_FILE, pictures, out, max_rmse=1.0).made == integers.made
    every = quantize(FLOAT_FILE, pictures, out, max_rmse=0.0)
    assert sorted(every.kept_in_float) == ["cam", "stem"]
    assert every.is_within
    assert integers.made.float_operators < every.made.float_operators
    assert "QUANTIZE" not in every.made.operators  # nothing is rounded on its way in
    assert floating_lines(every) == [f"in float: {', '.join(every.kept_in_float)}"]
    farther = integers.replace(max_rmse=0.0)
    assert not farther.is_within
    assert "farther than --max-rmse 0" in floating_lines(farther)[0]


@pytest.mark.slow
def test_scores_that_are_no_probabilities_are_compared_as_they_are(
    pictures: Path, tmp_path: Path
) -> None:
    for last, compared in (
        ("SOFTMAX", "logits of clipped probabilities"),
        ("", "outputs as they are"),
    ):
        source = tmp_path / "float.tflite"
        model = model_elsewhere(last=last)
        if not last:
            model.subgraphs[0].tensors.pop()  # which nothing computes any more
        source.write_bytes(pack_model(model))
        assert quantize(source, pictures, tmp_path / "int8.tflite").compared == compared


@pytest.mark.slow
def test_the_command_says_what_was_assumed_and_what_could_not_be_read(
    pictures: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.tflite"
    code, printed = invoked(
        *("quantize", "file", "--model", str(FLOAT_FILE), "--images", str(pictures)),
        *("--mean", "127", "--out", str(out)),
    )
    assert code == 0, printed
    assert "mean 127: " in printed
    assert "std 127.5: assumed" in printed
    assert "1 of 31 pictures cannot be read" in printed
    assert "kept" in printed
    assert out.exists()


@pytest.mark.parametrize("wrong", ["empty", "unreadable"])
def test_a_folder_without_pictures_is_refused(wrong: str, tmp_path: Path) -> None:
    folder = tmp_path / wrong
    folder.mkdir()
    if wrong == "unreadable":
        (folder / "a.png").write_text("no picture")
    message = {"empty": "no pictures there", "unreadable": "none of 1 pictures can be read"}[wrong]
    with pytest.raises(InputError, match=message):
        quantize(FLOAT_FILE, folder, tmp_path / "out.tflite")


def test_what_cannot_be_quantized_is_refused_with_a_reason(pictures: Path, tmp_path: Path) -> None:
    two, open_side, maps, flat, first = (model_elsewhere() for _ in range(5))
    two.subgraphs[0].inputs = [0, 0]
    open_side.subgraphs[0].tensors[0].shapeSignature = [1, -1, -1, 3]
    maps.subgraphs[0].outputs = [MAPS]
    flat.subgraphs[0].tensors[0].shape = [1, SIZE * SIZE * 3]
    first.subgraphs[0].tensors[0].shape = [1, 3, SIZE, SIZE]
    cases = {
        "it has 2 inputs": pack_model(two),
        "are open": pack_model(open_side),
        "expected .*scores": pack_model(maps),
        "expected an image": pack_model(flat),
        rf"with channels last, \[1, {SIZE}, {SIZE}, 3\]": pack_model(first),
        "expected 32 to 1024": pack_model(model_elsewhere(size=16)),
        "quantized already": (MODELS / "tiny_int8_int8.tflite").read_bytes(),
        "lacks the mark": b"no model",
        "damaged|truncated": described()[:300],
    }
    source = tmp_path / "given.tflite"
    for message, data in cases.items():
        source.write_bytes(data)
        with pytest.raises(InputError, match=message):
            quantize(source, pictures, tmp_path / "out.tflite")
    assert not (tmp_path / "out.tflite").exists()
    with pytest.raises(InputError, match="name another file"):
        quantize(FLOAT_FILE, pictures, FLOAT_FILE)


def test_the_record_takes_no_other_file_s_place(pictures: Path, tmp_path: Path) -> None:
    architecture = tmp_path / "model.json"
    architecture.write_text('{"class_name": "Functional"}')
    with pytest.raises(InputError, match=r"model\.json: the record .* edgetag did not write it"):
        quantize(FLOAT_FILE, pictures, tmp_path / "model.tflite")
    assert architecture.read_text() == '{"class_name": "Functional"}'


def test_a_figure_that_is_no_scale_is_refused(pictures: Path, tmp_path: Path) -> None:
    for std in (0.0, -1.0, np.nan):
        with pytest.raises(InputError, match=r"std .* must be a number above 0"):
            quantize_file(
                FLOAT_FILE,
                [str(pictures)],
                tmp_path / "out.tflite",
                SilentProgress(),
                images=20,
                std=std,
            )


def test_linked_folders_of_pictures_that_calibrate_are_told(pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(pictures)
    Image.new("RGB", (8, 8)).save(tmp_path / "one.png")
    said: list[str] = []

    class Heard(SilentProgress):
        def say(self, message: str) -> None:
            said.append(message)

    draw([str(tmp_path)], 3, CONTRACT, Heard())
    assert said == ["not looked into: 1 linked folder; name what they lead to"]
