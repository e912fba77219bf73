"""Apps with a bundle in them: what a phone could not use is seen before a phone sees it."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from edgetag.bundling.apk.binary_manifest import extracts_native_libraries
from edgetag.bundling.apk.checking import check_app
from edgetag.bundling.apk.elf import HEAD_BYTES, segment_alignment
from edgetag.bundling.apk.result import AppCheck
from edgetag.bundling.apk.tables import app_sentences, app_tables
from edgetag.bundling.archive import pack
from edgetag.bundling.contents import MANIFEST
from edgetag.bundling.result import BundleManifest
from edgetag.cli.app import app
from edgetag.errors import InputError
from tests.support.made_app import (
    ASSETS,
    CONTENT,
    EXTRACTED_XML,
    MAPPED_XML,
    MODEL,
    app_files,
    library,
    manifest_of,
    packed_app,
)
from tests.support.programs import captured

LIBRARY = "lib/arm64-v8a/libengine.so"
V1, V3 = "META-INF/KEY.RSA", 0xF05368C0


@pytest.fixture(autouse=True)
def _without_apksigner(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Signatures made here sign nothing, and each apksigner would start a JVM."""
    if "apksigner" not in request.node.name:
        monkeypatch.setenv("PATH", "")


@pytest.fixture
def checked(tmp_path: Path) -> Callable[..., AppCheck]:
    """Write an app and check it."""

    def check(packed: bytes, bundle: Path | None = None) -> AppCheck:
        path = tmp_path / "demo.apk"
        path.write_bytes(packed)
        return check_app(path, bundle)

    return check


def reasons(result: AppCheck) -> dict[str, str]:
    return {file.file: file.reason for file in result.files if file.verdict == "fail"}


def test_an_app_as_gradle_packs_it_passes(checked: Callable[..., AppCheck]) -> None:
    result = checked(packed_app(app_files(), compressed=[f"{ASSETS}/labels.json", "classes.dex"]))
    assert (reasons(result), result.exit_code) == ({}, 0)
    assert result.manifest_in_code
    assert result.extracts_native_libraries is False
    assert {file.kind for file in result.files} == {
        "manifest",
        "file of the bundle",
        "model",
        "native library",
    }
    assert len(result.files) == len(CONTENT) + 3
    assert result.signatures.schemes == ("v2",)
    assert result.signatures.verdict == "not run"
    (table,) = app_tables(result)
    assert table.title == "demo 1.2.3 in demo.apk"
    assert result.manifest_sha256 in app_sentences(result)[0]


def test_a_file_of_the_bundle_that_the_build_left_out_is_missed(
    checked: Callable[..., AppCheck],
) -> None:
    files = app_files()
    del files[f"{ASSETS}/thresholds.json"]
    assert "not in the app" in reasons(checked(packed_app(files)))[f"{ASSETS}/thresholds.json"]


@pytest.mark.parametrize("other", [b"THRESHOLDS.JSON", b"longer than it was"])
def test_a_file_that_the_build_changed_is_noticed(
    checked: Callable[..., AppCheck], other: bytes
) -> None:
    result = checked(packed_app({**app_files(), f"{ASSETS}/thresholds.json": other}))
    assert list(reasons(result)) == [f"{ASSETS}/thresholds.json"]
    assert result.exit_code == 1


def test_a_manifest_that_lists_less_than_a_phone_reads_fails(
    checked: Callable[..., AppCheck],
) -> None:
    content = {name: data for name, data in CONTENT.items() if name != "golden.json"}
    result = checked(packed_app(app_files(content)))
    assert "golden.json, which a phone reads" in reasons(result)[f"{ASSETS}/{MANIFEST}"]


def test_a_compressed_model_fails(checked: Callable[..., AppCheck]) -> None:
    result = checked(packed_app(app_files(), compressed=[f"{ASSETS}/{MODEL}"]))
    assert "noCompress" in reasons(result)[f"{ASSETS}/{MODEL}"]


def test_a_model_that_begins_at_an_odd_byte_fails(checked: Callable[..., AppCheck]) -> None:
    assert "zipalign" in reasons(checked(packed_app(app_files(), shift=2)))[f"{ASSETS}/{MODEL}"]


@pytest.mark.parametrize(("shift", "failing"), [(4096, [LIBRARY]), (0, [])])
def test_only_libraries_of_64_bits_need_pages_of_16_kb(
    checked: Callable[..., AppCheck], shift: int, failing: list[str]
) -> None:
    assert list(reasons(checked(packed_app(app_files(), shift=shift)))) == failing


def test_segments_of_4_kb_fail_for_64_bits_and_say_what_helps(
    checked: Callable[..., AppCheck],
) -> None:
    result = checked(packed_app({**app_files(), LIBRARY: library(4096)}))
    assert "max-page-size=16384" in reasons(result)[LIBRARY]
    sizes = {file.file: file.segments_aligned_to for file in result.files}
    assert sizes[LIBRARY] == sizes["lib/armeabi-v7a/libengine.so"] == 4096


def test_a_compressed_library_fails_unless_android_unpacks_it(
    checked: Callable[..., AppCheck],
) -> None:
    files = app_files()
    mapped = checked(packed_app(files, compressed=[LIBRARY]))
    assert "useLegacyPackaging" in reasons(mapped)[LIBRARY]
    files["AndroidManifest.xml"] = EXTRACTED_XML
    unpacked = checked(packed_app(files, compressed=[LIBRARY], shift=4))
    assert reasons(unpacked) == {}


@pytest.mark.parametrize(
    ("value", "expected"), [(b"\x12\0\0\0\0", False), (b"\x12\xff\xff\xff\xff", True)]
)
def test_what_the_manifest_says_of_libraries_is_read(value: bytes, expected: bool) -> None:
    content = MAPPED_XML.replace(b"\x08\0\0\x12\0\0\0\0", b"\x08\0\0" + value)
    assert extracts_native_libraries(content) is expected
    assert extracts_native_libraries(EXTRACTED_XML) is True
    by_resource = MAPPED_XML.replace(b"\x08\0\0\x12\0\0\0\0", b"\x08\0\0\x01\0\0\x05\x7f")
    assert extracts_native_libraries(by_resource) is None


@pytest.mark.parametrize("name", ["golden-maps.bin", "attribution.md"])
def test_what_not_every_bundle_has_is_missed_where_the_bundle_has_it(
    checked: Callable[..., AppCheck], tmp_path: Path, name: str
) -> None:
    content = {other: data for other, data in CONTENT.items() if other != name}
    bundle = tmp_path / "demo.zip"
    for files, failing in ((content, []), (CONTENT, [f"{ASSETS}/{MANIFEST}"])):
        bundle.write_bytes(pack({**files, MANIFEST: manifest_of(files).to_json().encode()}))
        assert list(reasons(checked(packed_app(app_files(content)), bundle))) == failing


@pytest.mark.parametrize(
    "change",
    [
        lambda says: says["variants"][0].update(verdict="fail"),
        lambda says: says.update(tags=["dog", "cat"]),
        lambda says: says.update(input_size=96),
    ],
)
def test_an_app_whose_manifest_says_otherwise_than_the_bundle_fails(
    checked: Callable[..., AppCheck], tmp_path: Path, change: Callable[[Any], None]
) -> None:
    says = json.loads(manifest_of(CONTENT).to_json())
    change(says)
    other = BundleManifest.from_json(json.dumps(says), "other").to_json().encode()
    bundle = tmp_path / "bundle.zip"
    bundle.write_bytes(pack({MANIFEST: other, **CONTENT}))
    result = checked(packed_app(app_files()), bundle)
    assert "says otherwise than that of demo 1.2.3" in reasons(result)[f"{ASSETS}/{MANIFEST}"]


def test_an_app_of_another_bundle_fails(checked: Callable[..., AppCheck], tmp_path: Path) -> None:
    def bundle_of(content: dict[str, bytes]) -> Path:
        path = tmp_path / "demo.zip"
        path.write_bytes(pack({**content, MANIFEST: manifest_of(content).to_json().encode()}))
        return path

    app = packed_app(app_files())
    assert reasons(checked(app, bundle_of(CONTENT))) == {}
    assert reasons(checked(app, bundle_of({**CONTENT, "model-card.md": b"more"}))) == {}
    other = checked(app, bundle_of({**CONTENT, MODEL: b"other weights"}))
    assert "not as in demo 1.2.3" in reasons(other)[f"{ASSETS}/{MODEL}"]


def test_code_without_the_manifests_digest_is_said(checked: Callable[..., AppCheck]) -> None:
    result = checked(packed_app({**app_files(), "classes.dex": b"dex\n" + b"0" * 64}))
    assert result.manifest_in_code is False
    assert "Tags.kt" in app_sentences(result)[0]


@pytest.mark.parametrize("schemes", [(), (0x42726577,)])
@pytest.mark.parametrize("jar", [{}, {V1: b""}])
def test_an_app_without_a_signature_of_the_second_scheme_fails(
    checked: Callable[..., AppCheck], schemes: tuple[int, ...], jar: dict[str, bytes]
) -> None:
    result = checked(packed_app({**app_files(), **jar}, schemes=schemes))
    assert result.signatures.schemes == (("v1",) if jar else ())
    assert (result.signatures.verdict, result.exit_code) == ("fail", 1)


def test_all_schemes_are_named(checked: Callable[..., AppCheck]) -> None:
    packed = packed_app({**app_files(), V1: b""}, schemes=[V3, 1, 0x7109871A])
    assert checked(packed).signatures.schemes == ("v1", "v3", "v2")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("apksigner") is None, reason="needs apksigner")
def test_a_signature_that_proves_nothing_is_refused_by_apksigner(
    checked: Callable[..., AppCheck],
) -> None:
    signatures = checked(packed_app(app_files())).signatures
    assert signatures.verdict == "fail"
    assert "DOES NOT VERIFY" in signatures.reason


def test_an_app_bundle_is_judged_by_what_the_store_leaves_as_it_is(
    checked: Callable[..., AppCheck],
) -> None:
    files = {**app_files(root="base/"), "BundleConfig.pb": b"", V1: b""}
    result = checked(packed_app(files, compressed=list(files), schemes=()))
    assert (result.container, reasons(result), result.exit_code) == ("aab", {}, 0)
    assert {file.stored for file in result.files} == {None}
    assert result.manifest_in_code
    files[f"base/{LIBRARY}"] = library(4096)
    assert list(reasons(checked(packed_app(files, schemes=())))) == [f"base/{LIBRARY}"]


def test_the_bundle_that_is_checked_is_the_one_that_a_phone_reads(
    checked: Callable[..., AppCheck],
) -> None:
    files = app_files()
    other = {name: data for name, data in app_files(root="a/").items() if ASSETS in name}
    files[f"{ASSETS}/{MODEL}"] = b"another model"
    result = checked(packed_app({**other, **files}))
    assert list(reasons(result)) == [f"{ASSETS}/{MODEL}"]
    modules = {**app_files(root="base/"), **app_files(root="more/"), "BundleConfig.pb": b""}
    with pytest.raises(InputError, match="bundles are in 2 of its modules"):
        checked(packed_app(modules, schemes=()))


@pytest.mark.skipif(shutil.which("readelf") is None, reason="needs binutils")
def test_segments_of_a_real_library_are_those_that_readelf_lists_as_apksigner_is_not_asked() -> (
    None
):
    path = next(Path(np.__file__).parent.rglob("*.so"))
    listed = captured(["readelf", "-lW", str(path)], check=True).stdout
    aligned = [int(line.split()[-1], 16) for line in re.findall(r"^ +LOAD .*$", listed, re.M)]
    assert segment_alignment(path.read_bytes()[:HEAD_BYTES]) == min(aligned)


def run(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["bundle", "check", *map(str, arguments)])
    if isinstance(done.exception, InputError):
        return int(done.exception.exit_code), str(done.exception)
    return done.exit_code, done.output


def test_the_verb_checks_an_app_alone_and_runs_no_model(tmp_path: Path) -> None:
    path = tmp_path / "demo.apk"
    path.write_bytes(packed_app(app_files(), shift=2))
    code, said = run("--apk", path)
    assert code == 1
    assert "zipalign" in said
    code, said = run("--apk", path, "--json")
    assert AppCheck.from_json(said, "stdout").exit_code == code == 1
    assert run("--apk", path, "--on", "litert") == (
        2,
        "--apk runs no model; leave out --on and --no-replay, or check the bundle",
    )
    assert run()[0] == 2
