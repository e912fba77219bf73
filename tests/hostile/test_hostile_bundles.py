"""Bundles built to do harm: each is refused with one clear message, and little is read of it."""

import copy
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgetag.bundling import stage
from edgetag.bundling.archive import pack
from edgetag.bundling.contents import MANIFEST
from edgetag.bundling.opening import read_bundle
from edgetag.bundling.result import BundleManifest
from edgetag.errors import InputError
from edgetag.progress import SilentProgress
from tests.support.forged_bundles import (
    CONTRACT_LIES,
    GOLDEN_LIES,
    MANIFEST_LIES,
    TRICKS,
    foreign_vocabulary,
    overlapping,
    with_trick,
)
from tests.support.made_bundle import make_run, recipe_in, resealed, unpack, with_json

IN_ONE_FOLDER: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture],
}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("made")
    workspace = make_run(root)
    return workspace.root / stage.run(recipe_in(root), workspace, SilentProgress()).file


@pytest.fixture(scope="module")
def files(original: Path) -> dict[str, bytes]:
    return unpack(original)


def opened(path: Path) -> BundleManifest | InputError:
    try:
        return read_bundle(path)
    except InputError as error:
        return error


def refused(path: Path, data: bytes, told: str) -> None:
    path.write_bytes(data)
    with pytest.raises(InputError, match=told):
        read_bundle(path)


@pytest.mark.slow
def test_resealing_alone_changes_nothing(files: dict[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(resealed(files))
    assert read_bundle(tmp_path / "b.zip").name == "bundle-test"


@pytest.mark.slow
def test_a_changed_byte_anywhere_in_a_file_is_noticed(original: Path, tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    packed = bytearray(original.read_bytes())
    with zipfile.ZipFile(original) as archive:
        starts = [(e.header_offset + 30 + len(e.filename), e.file_size) for e in archive.infolist()]
    for start, size in starts:
        for offset in {start, start + size // 2, start + size - 1}:
            packed[offset] ^= 1
            path.write_bytes(packed)
            with pytest.raises(InputError):
                read_bundle(path)
            packed[offset] ^= 1


@pytest.mark.slow
@settings(max_examples=60, **IN_ONE_FOLDER)
@given(data=st.data())
def test_whatever_is_done_to_the_bytes_there_is_no_traceback(
    original: Path, tmp_path: Path, data: st.DataObject
) -> None:
    packed = bytearray(original.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        # Most of what decides lies in the manifest and in the directory at the end.
        place = data.draw(st.integers(0, 6000) | st.integers(len(packed) - 3000, len(packed) - 1))
        packed[place] = data.draw(st.integers(0, 255))
    path = tmp_path / "b.zip"
    path.write_bytes(packed)
    found = opened(path)
    if isinstance(found, InputError):
        assert str(path) in str(found)
    else:  # the bytes that were there
        assert packed == original.read_bytes()


@pytest.mark.parametrize(("trick", "told"), TRICKS)
def test_tricks_of_the_archive_are_refused(
    files: dict[str, bytes],
    tmp_path: Path,
    trick: Callable[[zipfile.ZipFile], None],
    told: str,
) -> None:
    refused(tmp_path / "b.zip", with_trick(pack(files), trick), told)


def test_entries_that_lie_on_each_other_are_refused(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    refused(tmp_path / "b.zip", overlapping(pack(files)), "overlaps|not a whole bundle")


def test_a_file_that_is_no_part_of_a_bundle_is_refused(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    refused(tmp_path / "b.zip", resealed({**files, "run.sh": b"x"}), r"run\.sh.* no part")


@pytest.mark.parametrize(
    "name", ["labels.json", "golden.json", "model-card.md", "int8.tflite", "golden-00.png"]
)
def test_a_file_that_is_missing_is_told(files: dict[str, bytes], tmp_path: Path, name: str) -> None:
    rest = {other: data for other, data in files.items() if other != name}
    refused(tmp_path / "b.zip", resealed(rest), name.split(".")[0])


@pytest.mark.parametrize(("change", "told"), MANIFEST_LIES)
def test_manifests_that_lie_are_refused(
    files: dict[str, bytes], tmp_path: Path, change: Callable[[Any], None], told: str
) -> None:
    refused(tmp_path / "b.zip", resealed(files, change), told)


def test_a_foreign_vocabulary_is_refused(files: dict[str, bytes], tmp_path: Path) -> None:
    refused(tmp_path / "b.zip", resealed(files, foreign_vocabulary), "labels.txt does not list")
    labels = json.loads(files["labels.json"])
    labels["labels"].reverse()
    changed = {**files, "labels.json": json.dumps(labels).encode()}
    refused(tmp_path / "b.zip", resealed(changed), r"labels\.json does not list")
    thresholds = {"schema": "edgetag.bundle-thresholds/1.0", "thresholds": {"int8": {"cat": 0.5}}}
    changed = {**files, "thresholds.json": json.dumps(thresholds).encode()}
    refused(tmp_path / "b.zip", resealed(changed), r"thresholds\.json is not for")


@pytest.mark.parametrize("change", GOLDEN_LIES)
def test_golden_outputs_that_no_run_gives_are_refused(
    files: dict[str, bytes], tmp_path: Path, change: Callable[[Any], None]
) -> None:
    refused(tmp_path / "b.zip", with_json(files, "golden.json", change), "golden|no part|it has no")


@pytest.mark.parametrize("length", [0, 1, 16 * 64 * 64 * 3 - 1, 16 * 64 * 64 * 3 + 1])
def test_golden_inputs_of_another_length_are_refused(
    files: dict[str, bytes], tmp_path: Path, length: int
) -> None:
    data = resealed({**files, "golden-inputs.bin": bytes(length)})
    refused(tmp_path / "b.zip", data, r"golden-inputs\.bin: .* bytes, expected")


@pytest.mark.parametrize("change", CONTRACT_LIES)
def test_contracts_that_give_no_input_are_refused(
    files: dict[str, bytes], tmp_path: Path, change: Callable[[Any], None]
) -> None:
    refused(tmp_path / "b.zip", with_json(files, "preprocessing.json", change), "preprocessing")


@pytest.mark.parametrize("text", [b"", b"\xff\xfe", b"[" * 5000, b"{}", b"null"])
@pytest.mark.parametrize("name", ["golden.json", "labels.json", "preprocessing.json", MANIFEST])
def test_files_that_are_no_json_of_their_kind_are_refused(
    files: dict[str, bytes], tmp_path: Path, name: str, text: bytes
) -> None:
    changed = {**files, name: text}
    data = pack(changed) if name == MANIFEST else resealed(changed)
    refused(tmp_path / "b.zip", data, "b.zip")


def test_a_picture_that_is_too_large_to_ship_is_refused(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    name = next(name for name in files if name.startswith("golden-0"))
    data = resealed({**files, name: bytes(2_000_001)})
    refused(tmp_path / "b.zip", data, "over 2000000 bytes")


def test_a_folder_or_a_link_in_place_of_a_bundle_is_refused(original: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read_bundle(tmp_path)
    (tmp_path / "loop.zip").symlink_to(tmp_path / "loop.zip")
    with pytest.raises(InputError):
        read_bundle(tmp_path / "loop.zip")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@pytest.mark.slow
@settings(max_examples=80, **IN_ONE_FOLDER)
@given(
    name=st.sampled_from(["golden.json", "labels.json", "thresholds.json", "preprocessing.json"]),
    steps=st.lists(st.integers(0, 100), max_size=5),
    value=JSON,
)
def test_any_value_in_any_place_is_read_or_refused_with_the_bundles_name(
    files: dict[str, bytes], tmp_path: Path, name: str, steps: list[int], value: Any
) -> None:
    whole = json.loads(files[name])
    before = copy.deepcopy(whole)
    place: Any = {"root": whole}
    key: Any = "root"
    for step in steps:
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner:
            break
        place = inner
        key = sorted(inner)[step % len(inner)] if isinstance(inner, dict) else step % len(inner)
    place[key] = value
    changed = whole if key != "root" else value
    path = tmp_path / "b.zip"
    path.write_bytes(resealed({**files, name: json.dumps(changed).encode()}))
    found = opened(path)
    if isinstance(found, InputError):
        assert str(path) in str(found)
        assert json.dumps(changed) != json.dumps(before)  # False is 0 in Python alone
    else:
        assert found.name == "bundle-test"


def test_the_archive_is_closed_after_a_refusal(original: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(original, tmp_path / "b.zip"))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputError):
        read_bundle(path)
    path.unlink()
    assert not path.exists()


def test_a_name_that_lies_about_its_length_is_not_quoted_at_length(
    original: Path, tmp_path: Path
) -> None:
    packed = bytearray(original.read_bytes())
    packed[26:28] = (0x9400).to_bytes(2, "little")
    path = tmp_path / "b.zip"
    path.write_bytes(packed)
    with pytest.raises(InputError) as refusal:
        read_bundle(path)
    assert len(str(refusal.value)) < 1000
