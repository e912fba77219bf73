"""Placing a bundle: nothing foreign is touched, and a killed command can be given again."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edgetag.bundling.android import MAIN, SourceSet, place
from edgetag.bundling.contents import MANIFEST
from edgetag.bundling.result import BundleManifest, BundleResult
from edgetag.children import python_environment
from edgetag.errors import InputError
from edgetag.workspace import digest_file
from tests.support.made_bundle import resealed, unpack

PACKAGE = "dev.edgetag.demo"
ASSETS, SOURCES, WRITTEN = MAIN.assets, MAIN.sources, MAIN.written
TAGS_FILE = f"{SOURCES}/dev/edgetag/demo/Tags.kt"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An Android project as far as this verb looks at it."""
    folder = tmp_path / "project"
    (folder / "app").mkdir(parents=True)
    (folder / "app" / "build.gradle.kts").write_text("android { }\n")
    return folder


def state(project: Path) -> dict[str, str]:
    return {
        path.relative_to(project).as_posix(): digest_file(path)
        for path in project.rglob("*")
        if path.is_file()
    }


def other_bundle(bundle: Path) -> Path:
    """A bundle of the next version, without the attribution."""
    files = unpack(bundle)
    del files["attribution.md"]
    path = bundle.with_name("next.zip")
    path.write_bytes(resealed(files, lambda manifest: manifest.update(version="1.3.0")))
    return path


@pytest.mark.slow
def test_assets_are_what_a_phone_reads_and_tags_the_vocabulary(bundle: Path, project: Path) -> None:
    placed = place(bundle, project, PACKAGE)
    files = unpack(bundle)
    assets = {path.name for path in (project / ASSETS).iterdir()}
    models = {name for name in files if name.endswith(".tflite")}
    assert assets == models | {
        "manifest.json",
        "labels.json",
        "thresholds.json",
        "preprocessing.json",
        "golden.json",
        "golden-inputs.bin",
        "golden-maps.bin",
        "attribution.md",
    }
    assert set(placed.written) == {*(f"{ASSETS}/{name}" for name in assets), TAGS_FILE}
    for name in assets - {MANIFEST}:
        assert (project / ASSETS / name).read_bytes() == files[name]
    source = (project / TAGS_FILE).read_text(encoding="utf-8")
    assert "package dev.edgetag.demo\n" in source
    entries = [line.strip() for line in source.splitlines() if line.startswith("    ")]
    assert entries == [
        'CAT("cat", "Cat", "猫"),',
        'DOG_WOLF("dog|wolf", "Dog|wolf", "Dog|wolf"),',
        'BOLD_FOOD("[bold]food", "[bold]food", "[bold]food"),',
    ]
    assert digest_file(project / ASSETS / MANIFEST) in source
    listed = json.loads((project / WRITTEN).read_text())
    assert {one["path"] for one in listed["files"]} == set(placed.written)


def test_the_placed_manifest_describes_each_placed_file_and_no_other(
    bundle: Path, project: Path
) -> None:
    place(bundle, project, PACKAGE)
    text = (project / ASSETS / MANIFEST).read_text(encoding="utf-8")
    manifest = BundleManifest.from_json(text, MANIFEST)
    described = {file.name: file.sha256 for file in manifest.files}
    lying = {path.name: digest_file(path) for path in (project / ASSETS).iterdir()}
    del lying[MANIFEST]
    assert described == lying


@pytest.mark.slow
def test_only_the_chosen_model_is_placed_and_the_manifest_lists_no_other(
    rich: tuple[BundleResult, dict[str, bytes]], tmp_path: Path, project: Path
) -> None:
    whole, files = rich[0].manifest, rich[1]
    assert [variant.variant for variant in whole.variants] == ["int8", "fp32"]
    two = tmp_path / "two.zip"
    two.write_bytes(resealed(files, lambda _: None))
    place(two, project, PACKAGE)
    placed = place(two, project, PACKAGE, variants=["fp32"])
    assert placed.removed == (f"{ASSETS}/int8.tflite",)
    text = (project / ASSETS / MANIFEST).read_text(encoding="utf-8")
    assert BundleManifest.from_json(text, MANIFEST).variants == whole.variants[1:]
    with pytest.raises(InputError, match="has no variant 'int3'"):
        place(two, project, PACKAGE, variants=["int3"])


@pytest.mark.parametrize("module", ["feature/tagging", ":feature:tagging"])
def test_any_module_and_source_set_can_have_the_bundle_each_its_own(
    bundle: Path, project: Path, module: str
) -> None:
    folder = project / "feature" / "tagging"
    folder.mkdir(parents=True)
    (folder / "build.gradle").write_text("android { }\n")
    place(bundle, project, PACKAGE)
    before = state(project)
    where = SourceSet.parse(module, "free")
    placed = place(bundle, project, PACKAGE, where)
    assert f"feature/tagging/src/free/assets/edgetag/{MANIFEST}" in placed.written
    assert "feature/tagging/src/free/kotlin/dev/edgetag/demo/Tags.kt" in placed.written
    assert placed.removed == ()
    assert before.items() < state(project).items()


@pytest.mark.parametrize(
    ("module", "source_set"),
    [("../app", "main"), ("/app", "main"), ("", "main"), ("a//b", "main"), (".", "main")]
    + [("app", name) for name in ("", "..", "main/x", "free-debug")],
)
def test_a_module_or_source_set_that_none_can_be_called_is_refused(
    module: str, source_set: str
) -> None:
    with pytest.raises(InputError, match=r"--module|--source-set"):
        SourceSet.parse(module, source_set)


def test_the_list_of_what_was_written_is_no_asset(bundle: Path, project: Path) -> None:
    place(bundle, project, PACKAGE)
    assert (project / WRITTEN).is_file()
    assert not WRITTEN.startswith((MAIN.assets, MAIN.sources))


def test_placing_again_changes_nothing(bundle: Path, project: Path) -> None:
    place(bundle, project, PACKAGE)
    before = state(project)
    placed = place(bundle, project, PACKAGE)
    assert placed.written == placed.removed == ()
    assert state(project) == before


def test_another_bundle_replaces_what_was_written_and_removes_the_rest(
    bundle: Path, project: Path
) -> None:
    place(bundle, project, PACKAGE)
    placed = place(other_bundle(bundle), project, "dev.other.app")
    assert set(placed.removed) == {f"{ASSETS}/attribution.md", TAGS_FILE}
    assert set(placed.written) == {f"{ASSETS}/{MANIFEST}", f"{SOURCES}/dev/other/app/Tags.kt"}
    assert not (project / TAGS_FILE).exists()


@pytest.mark.parametrize("name", [f"{ASSETS}/labels.json", TAGS_FILE])
def test_a_foreign_file_is_not_overwritten_and_nothing_else_is_written(
    bundle: Path, project: Path, name: str
) -> None:
    (project / name).parent.mkdir(parents=True)
    (project / name).write_text("mine")
    before = state(project)
    with pytest.raises(InputError, match=r"was not written by edgetag.*move it away"):
        place(bundle, project, PACKAGE)
    assert state(project) == before


@pytest.mark.parametrize("name", [f"{ASSETS}/attribution.md", TAGS_FILE])
def test_a_changed_file_is_neither_overwritten_nor_deleted(
    bundle: Path, project: Path, name: str
) -> None:
    place(bundle, project, PACKAGE)
    with (project / name).open("a") as file:
        file.write("// mine\n")
    before = state(project)
    with pytest.raises(InputError, match="was changed since edgetag wrote it"):
        place(other_bundle(bundle), project, PACKAGE)
    assert state(project) == before


def test_an_apps_own_assets_are_left_alone(bundle: Path, project: Path) -> None:
    own = project / ASSETS / "own.txt"
    own.parent.mkdir(parents=True)
    own.write_text("mine")
    place(bundle, project, PACKAGE)
    assert own.read_text() == "mine"


@pytest.mark.parametrize("link", [ASSETS, f"{ASSETS}/labels.json", "app/src"])
def test_nothing_is_written_through_links(
    bundle: Path, project: Path, tmp_path: Path, link: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (project / link).parent.mkdir(parents=True, exist_ok=True)
    (project / link).symlink_to(outside)
    with pytest.raises(InputError, match="nothing is written through links"):
        place(bundle, project, PACKAGE)
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize(
    "path", ["../outside.txt", "/etc/passwd", "app/build.gradle.kts", f"{ASSETS}/../../x.txt"]
)
def test_a_list_that_names_other_files_is_refused(
    bundle: Path, project: Path, tmp_path: Path, path: str
) -> None:
    place(bundle, project, PACKAGE)
    (tmp_path / "outside.txt").write_text("mine")
    listed = json.loads((project / WRITTEN).read_text())
    listed["files"].append({"path": path, "sha256": digest_file(tmp_path / "outside.txt")})
    (project / WRITTEN).write_text(json.dumps(listed))
    with pytest.raises(InputError, match="which edgetag never writes"):
        place(bundle, project, PACKAGE)
    assert (tmp_path / "outside.txt").read_text() == "mine"


def test_a_list_that_is_no_list_is_refused(bundle: Path, project: Path) -> None:
    (project / WRITTEN).parent.mkdir(parents=True)
    (project / WRITTEN).write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="not UTF-8"):
        place(bundle, project, PACKAGE)


def test_a_folder_that_is_no_project_is_refused(bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has no app/build\.gradle\.kts"):
        place(bundle, tmp_path, PACKAGE)


def test_a_damaged_bundle_is_not_placed(bundle: Path, project: Path) -> None:
    before = state(project)
    packed = bytearray(bundle.read_bytes())
    packed[len(packed) // 2] ^= 1
    bundle.write_bytes(packed)
    with pytest.raises(InputError):
        place(bundle, project, PACKAGE)
    assert state(project) == before


WRITES_SLOWLY = """
import sys, time
from pathlib import Path
from edgetag.bundling import android
write = android.write_bytes
def slow(path, data):
    write(path, data)
    print(path, flush=True)
    time.sleep(0.2)
android.write_bytes = slow
android.place(Path(sys.argv[1]), Path(sys.argv[2]), "dev.other.app")
"""


@pytest.mark.slow
@pytest.mark.parametrize("files_before_death", [1, 2])
def test_a_killed_command_can_be_given_again(
    bundle: Path, project: Path, files_before_death: int
) -> None:
    place(bundle, project, PACKAGE)
    following = other_bundle(bundle)
    process = subprocess.Popen(
        [sys.executable, "-c", WRITES_SLOWLY, str(following), str(project)],
        stdout=subprocess.PIPE,
        env=python_environment(),
    )
    assert process.stdout is not None
    for _ in range(files_before_death):
        assert process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    left = project / ASSETS / f".{MANIFEST}.abc.tmp"  # as a kill amid a write leaves it
    left.write_bytes(b"half")
    place(following, project, "dev.other.app")
    fresh = project.with_name("fresh")
    (fresh / "app").mkdir(parents=True)
    (fresh / "app" / "build.gradle.kts").write_text("android { }\n")
    place(following, fresh, "dev.other.app")
    assert state(project) == state(fresh)
