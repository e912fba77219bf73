"""Checking a bundle: what differs is told apart from what is damaged."""

import io
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from edgetag.bundling import checking
from edgetag.bundling.checking import BundleCheck, check, chosen_engines
from edgetag.bundling.contents import Golden
from edgetag.bundling.golden_maps import pack_maps, unpack_maps
from edgetag.bundling.replay import run_over
from edgetag.bundling.result import BundleManifest
from edgetag.bundling.tables import check_sentence, check_tables
from edgetag.cli.app import app
from edgetag.conversion.flatfile import pack_model, parse_model
from edgetag.errors import InputError
from edgetag.machine import Acceleration
from edgetag.progress import SilentProgress
from edgetag.runtimes import Engine, FailureKind, LoadFailure, engines
from tests.support.made_bundle import resealed, unpack, with_json, without_golden_maps
from tests.support.old_runtime import needs_tflite_runtime
from tests.support.paths import MODELS

LITERT = (engines.get("litert"),)
SILENT = SilentProgress()


def told(found: BundleCheck) -> str:
    cells = [cell for table in check_tables(found) for row in table.texts for cell in row]
    return " ".join([*cells, check_sentence(found)])


@pytest.mark.slow
def test_a_whole_bundle_passes_on_every_runtime_of_this_machine(bundle: Path) -> None:
    found = check(bundle, chosen_engines(()), SILENT)
    assert found.passed
    assert {one.verdict for one in found.pictures} == {"pass"}
    ran = [one for one in found.replays if one.verdict == "pass"]
    assert {one.runtime: one.family for one in ran}["litert"] == "litert"
    assert {one.max_difference for one in ran} == {0.0}
    assert "nothing differs that must not" in told(found)


@pytest.mark.slow
def test_scores_that_differ_from_every_family_fail_and_name_the_nearest(bundle: Path) -> None:
    def shift(golden: dict[str, Any]) -> None:
        for one in golden["expected"]:
            away = 0.2 if one["family"] == "litert" else 0.5
            one["scores"] = [[abs(score - away) for score in row] for row in one["scores"]]

    bundle.write_bytes(with_json(unpack(bundle), "golden.json", shift))
    found = check(bundle, LITERT, SILENT)
    (replay,) = found.replays
    assert not found.passed
    assert replay.verdict == "fail"
    assert replay.max_difference is not None
    assert replay.max_difference > 0.1
    assert "✗ fail" in told(found)
    assert replay.accelerator == Acceleration(requested="cpu", used="cpu")


@pytest.mark.slow
def test_a_file_that_is_too_new_for_a_runtime_has_run_on_no_accelerator(bundle: Path) -> None:
    files = unpack(bundle)
    model = parse_model(files["int8.tflite"], "int8")
    for code in model.operatorCodes:
        code.version = 99
    bundle.write_bytes(resealed({**files, "int8.tflite": bytes(pack_model(model))}))
    (replay,) = check(bundle, LITERT, SILENT).replays
    assert replay.verdict == "fail"
    assert replay.accelerator == Acceleration(requested="cpu", used=None, reason=replay.reason)


@pytest.mark.slow
def test_scores_within_the_tolerance_of_another_family_pass_as_on_a_device(bundle: Path) -> None:
    def swap(golden: dict[str, Any]) -> None:
        kept = next(one for one in golden["expected"] if one["family"] == "litert")
        kept["family"], kept["tolerance"] = "tflite-runtime-reference", 0.01
        kept["scores"] = [[max(0, score - 0.005) for score in row] for row in kept["scores"]]
        golden["expected"] = [kept]

    bundle.write_bytes(with_json(without_golden_maps(unpack(bundle)), "golden.json", swap))
    (replay,) = check(bundle, LITERT, SILENT).replays
    assert (replay.verdict, replay.family) == ("pass", "tflite-runtime-reference")
    assert replay.max_difference == pytest.approx(0.005, abs=1e-6)


@needs_tflite_runtime
@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "verdict"),
    [
        (FailureKind.NOT_LOADABLE, "not run"),
        (FailureKind.CRASHED, "fail"),
        (FailureKind.TIMED_OUT, "fail"),
        (FailureKind.WRONG_OUTPUT, "fail"),
    ],
)
def test_a_runtime_without_a_part_in_the_bundle_may_refuse_a_file_and_no_more(
    bundle: Path, monkeypatch: pytest.MonkeyPatch, kind: FailureKind, verdict: str
) -> None:
    def alone(golden: dict[str, Any]) -> None:
        golden["expected"] = [one for one in golden["expected"] if one["family"] == "litert"]

    def run_elsewhere(engine: Engine, *given: Any) -> Any:
        ends = engine.name != "litert"
        return LoadFailure(kind, "it ended") if ends else run_over(engine, *given)

    monkeypatch.setattr(checking, "run_over", run_elsewhere)
    bundle.write_bytes(with_json(without_golden_maps(unpack(bundle)), "golden.json", alone))
    checked = check(bundle, (*LITERT, engines.get("tflite-runtime")), SILENT)
    assert [replay.verdict for replay in checked.replays] == ["pass", verdict]


def png(color: str) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (64, 64), color).save(written, "PNG")
    return written.getvalue()


def lossless_of(files: dict[str, bytes]) -> str:
    golden = Golden.from_json(files["golden.json"].decode(), "golden.json")
    return next(one.file for one in golden.pictures if one.file.endswith(".png"))


def test_a_lossless_picture_of_other_pixels_fails(bundle: Path) -> None:
    files = unpack(bundle)
    name = lossless_of(files)
    bundle.write_bytes(resealed({**files, name: png("blue")}))
    found = check(bundle, (), SILENT)
    assert [one.file for one in found.pictures if one.verdict == "fail"] == [name]
    assert not found.passed
    assert found.replays == ()


def test_a_picture_that_cannot_be_decoded_fails_with_the_reason(bundle: Path) -> None:
    files = unpack(bundle)
    name = lossless_of(files)
    bundle.write_bytes(resealed({**files, name: b"no picture"}))
    found = check(bundle, (), SILENT)
    (wrong,) = [one for one in found.pictures if one.verdict == "fail"]
    assert (wrong.file, wrong.max_difference) == (name, None)
    assert "unreadable" in wrong.reason
    assert "unreadable" in told(found)


def test_a_lossy_picture_may_decode_otherwise(bundle: Path) -> None:
    files = unpack(bundle)
    golden = Golden.from_json(files["golden.json"].decode(), "golden.json")
    number, lossy = next((i, one.file) for i, one in enumerate(golden.pictures) if not one.lossless)
    inputs = np.frombuffer(files["golden-inputs.bin"], np.uint8).reshape(golden.shape).copy()
    inputs[number, 0, 0, 0] ^= 1
    bundle.write_bytes(resealed({**files, "golden-inputs.bin": inputs.tobytes()}))
    found = check(bundle, (), SILENT)
    (picture,) = [one for one in found.pictures if one.max_difference]
    assert (picture.file, picture.max_difference, picture.verdict) == (lossy, 1, "pass")
    assert found.passed


def test_a_model_of_another_type_than_the_manifest_says_is_refused(bundle: Path) -> None:
    other = (MODELS / "tiny_int8_int8.tflite").read_bytes()
    bundle.write_bytes(resealed({**unpack(bundle), "int8.tflite": other}))
    with pytest.raises(InputError, match="takes int8, but the manifest says uint8"):
        check(bundle, (), SILENT)


def test_a_damaged_model_that_has_the_right_digest_is_no_traceback(bundle: Path) -> None:
    bundle.write_bytes(resealed({**unpack(bundle), "int8.tflite": b"0000TFL3" + bytes(500)}))
    with pytest.raises(InputError, match=r"int8\.tflite: a damaged or truncated"):
        check(bundle, (), SILENT)


def test_a_model_of_another_vocabulary_is_refused(bundle: Path) -> None:
    import zipfile

    labels = io.BytesIO()
    with zipfile.ZipFile(labels, "w") as archive:
        archive.writestr("labels.txt", "bird\nfish\ntree\n")
    files = unpack(bundle)
    other = files["int8.tflite"] + labels.getvalue()
    bundle.write_bytes(resealed({**files, "int8.tflite": other}))
    with pytest.raises(InputError, match="a model of another vocabulary"):
        check(bundle, (), SILENT)


def test_maps_that_the_manifest_promises_must_be_in_the_file(bundle: Path) -> None:
    plain = (MODELS / "tiny_int8_uint8.tflite").read_bytes()
    bundle.write_bytes(resealed({**unpack(bundle), "int8.tflite": plain}))
    with pytest.raises(InputError, match="lacks the signature 'explain'"):
        check(bundle, (), SILENT)


def with_renamed_maps(model: bytes) -> bytes:
    """Return a model whose second signature calls its maps otherwise."""
    parsed = parse_model(model, "test")
    (explain,) = [it for it in parsed.signatureDefs if it.signatureKey == b"explain"]
    (maps,) = [it for it in explain.outputs if it.name == b"maps"]
    maps.name = b"heat"
    return bytes(pack_model(parsed))


def promising(height: int, width: int) -> Callable[[dict[str, Any]], None]:
    def promise(manifest: dict[str, Any]) -> None:
        explain = {"signature": "explain", "height": height, "width": width}
        manifest["variants"][0]["explain"] = explain

    return promise


@pytest.mark.slow
def test_a_bundle_without_known_maps_is_checked_by_its_scores(bundle: Path) -> None:
    bundle.write_bytes(resealed(without_golden_maps(unpack(bundle))))
    found = check(bundle, LITERT, SILENT)
    assert found.passed
    assert [(one.max_difference, one.max_cell_difference) for one in found.replays] == [(0.0, None)]


@pytest.mark.slow
def test_maps_that_differ_fail_though_the_scores_agree(bundle: Path) -> None:
    files = unpack(bundle)
    golden = Golden.from_json(files["golden.json"].decode(), "golden.json")
    known = unpack_maps(golden, files["golden-maps.bin"], 3)
    turned = [
        replace(entry, cells=None if entry.cells is None else entry.cells[:, :, ::-1])
        for entry in known
    ]
    bundle.write_bytes(resealed({**files, "golden-maps.bin": pack_maps(turned)}))
    found = check(bundle, LITERT, SILENT)
    (replay,) = found.replays
    assert (replay.verdict, replay.max_difference) == ("fail", 0.0)
    assert replay.max_cell_difference is not None
    assert replay.max_cell_difference > 0.1


def test_maps_of_another_size_or_name_are_refused(bundle: Path) -> None:
    files = without_golden_maps(unpack(bundle))
    model = files["int8.tflite"]
    for wrong, size in ((model, 7), (with_renamed_maps(model), 16)):
        bundle.write_bytes(resealed({**files, "int8.tflite": wrong}, promising(size, size)))
        with pytest.raises(InputError, match="does not give scores"):
            check(bundle, (), SILENT)


def test_a_machine_stands_for_all_its_runtimes_and_unknown_names_are_refused() -> None:
    assert [engine.name for engine in chosen_engines(("litert",))] == ["litert"]
    with pytest.raises(InputError, match="'nowhere' is no place"):
        chosen_engines(("nowhere",))


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["bundle", *arguments])
    if isinstance(done.exception, InputError):
        return int(done.exception.exit_code), str(done.exception)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def test_the_verb_ends_in_0_for_same_1_for_different_2_for_damaged(
    bundle: Path, tmp_path: Path
) -> None:
    assert run("check", str(bundle), "--no-replay")[0] == 0
    different = Path(shutil.copy(bundle, tmp_path / "different.zip"))
    files = unpack(bundle)
    different.write_bytes(resealed({**files, lossless_of(files): png("blue")}))
    assert run("check", str(different), "--no-replay")[0] == 1
    damaged = bytearray(bundle.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    different.write_bytes(damaged)
    assert run("check", str(different), "--no-replay")[0] == 2


@pytest.mark.slow
def test_the_verb_prints_json_alone(bundle: Path) -> None:
    code, output = run("check", str(bundle), "--on", "litert", "--json")
    assert code == 0
    found = BundleCheck.from_json(output[output.index("{") :], "stdout")
    assert [one.verdict for one in found.replays] == ["pass"]


def test_on_and_no_replay_exclude_each_other(bundle: Path) -> None:
    assert run("check", str(bundle), "--on", "litert", "--no-replay")[0] == 2


def test_the_schema_is_printed_and_the_recipe_is_still_the_default() -> None:
    code, output = run("schema")
    assert code == 0
    assert json.loads(output) == BundleManifest.json_schema(written=True)
    assert "no-recipe.toml" in run("no-recipe.toml")[1]
