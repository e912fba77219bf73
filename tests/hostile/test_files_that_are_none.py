"""Named pipes, devices and folders where a file is expected: a sentence at once, never a wait."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgetag.bundling.archive import open_archive
from edgetag.bundling.signing import signature_path, verify
from edgetag.conversion.boundary import read_bytes
from edgetag.conversion.labels import read_label_file
from edgetag.dataset.formats import read_listing
from edgetag.errors import InputError
from edgetag.recipe import DataSection, load_recipe
from edgetag.userfiles import read_file
from edgetag.validation.accepted import read_baseline
from edgetag.validation.scores import read_reference
from tests.support.programs import captured

pytestmark = pytest.mark.timeout(100)


def open_bundle_file(path: Path) -> Any:
    with open_archive(path):
        pass


def read_source(path: Path) -> Any:
    return read_listing(DataSection(source=path, tags=("cat",)))


READERS: dict[str, Callable[[Path], Any]] = {
    "recipe.toml": load_recipe,
    "baseline.json": read_baseline,
    "reference.npz": read_reference,
    "regions.json": read_source,
    "labels.csv": read_source,
    "labels.jsonl": read_source,
    "labels.parquet": read_source,
    "bundle.zip": open_bundle_file,
    "model.tflite": read_bytes,
    "labels.txt": read_label_file,
    "key.pem": lambda path: verify(path.with_name("b.zip"), path, signature_path(path)),
}


@pytest.mark.parametrize("name", READERS)
def test_a_named_pipe_is_refused_at_once(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    os.mkfifo(path)
    with pytest.raises(InputError, match=r"a named pipe, not a file"):
        READERS[name](path)


@pytest.mark.parametrize("name", READERS)
def test_a_device_that_never_ends_is_refused_at_once(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.symlink_to("/dev/zero")
    with pytest.raises(InputError, match=r"a device, not a file"):
        READERS[name](path)


@pytest.mark.parametrize(
    "name",
    sorted(READERS.keys() - {"regions.json", "labels.csv", "labels.jsonl", "labels.parquet"}),
)
def test_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(InputError, match=r"a folder, not a file"):
        READERS[name](tmp_path / name)


def test_a_folder_of_pipes_holds_no_labels(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "regions.json")
    with pytest.raises(InputError, match="neither class folders with images nor Region Cropper"):
        read_source(tmp_path)


def test_a_file_that_says_it_is_empty_is_read_no_further_than_it_may(tmp_path: Path) -> None:
    assert Path("/proc/cpuinfo").stat().st_size == 0
    with pytest.raises(InputError, match="over 10 bytes; this is no recipe"):
        read_file(Path("/proc/cpuinfo"), "recipe", 10)
    (tmp_path / "ten").write_bytes(b"0123456789")
    assert read_file(tmp_path / "ten", "recipe", 10) == b"0123456789"


@pytest.mark.slow
def test_the_command_says_so(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "recipe.toml")
    edgetag = Path(sys.executable).with_name("edgetag")
    done = captured([edgetag, "run", "recipe.toml"], cwd=tmp_path, timeout=200)
    assert done.returncode == 2
    assert done.stderr == "error: recipe.toml: a named pipe, not a file; a recipe is a file\n"
