"""What lies where a CI folder is to be exported is never lost, whatever it claims to be."""

import json
import os
from pathlib import Path

import pytest

from edgetag.ci.result import CiFolder
from edgetag.errors import InputError
from edgetag.replacing import check_replaceable, digests_of, replacing

MARKER = CiFolder.MARKER


def sealed(folder: Path) -> Path:
    (folder / "pictures").mkdir(parents=True)
    (folder / "pictures" / "a.png").write_bytes(b"a")
    CiFolder(recipe="app", variant="int8", files=digests_of(folder)).write(folder / MARKER)
    return folder


def test_a_marker_without_sense_is_refused(tmp_path: Path) -> None:
    for text in ("", "{", "[]", '{"schema": "edgetag.ci-folder/9.0"}', "\udcff"):
        (tmp_path / MARKER).write_bytes(text.encode("utf-8", "surrogateescape"))
        with pytest.raises(InputError, match=MARKER):
            check_replaceable(tmp_path, CiFolder)


def test_a_marker_cannot_claim_what_lies_elsewhere_or_behind_links(tmp_path: Path) -> None:
    folder = sealed(tmp_path / "ci")
    check_replaceable(folder, CiFolder)
    outside = tmp_path / "mine.txt"
    outside.write_text("a")
    (folder / "pictures" / "a.png").unlink()
    (folder / "pictures" / "a.png").symlink_to(outside)
    with pytest.raises(InputError, match=r"a\.png: changed since"):
        check_replaceable(folder, CiFolder)
    (folder / "pictures" / "a.png").unlink()
    os.mkfifo(folder / "pictures" / "a.png")
    with pytest.raises(InputError, match=r"a\.png: changed since"):
        check_replaceable(folder, CiFolder)
    listed = json.loads((folder / MARKER).read_text())
    listed["files"] = {"../mine.txt": next(iter(listed["files"].values()))}
    (folder / MARKER).write_text(json.dumps(listed))
    with pytest.raises(InputError, match="did not put this here"):
        check_replaceable(folder, CiFolder)
    assert outside.read_text() == "a"


def test_a_marker_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / MARKER)
    with pytest.raises(InputError, match="not made by edgetag ci export"):
        check_replaceable(tmp_path, CiFolder)


def test_an_export_that_fails_leaves_the_folder_before_as_it_was(tmp_path: Path) -> None:
    folder = sealed(tmp_path / "ci")
    before = (folder / MARKER).read_bytes()

    def stop_halfway() -> None:
        with replacing(folder, CiFolder) as new:
            (new / "half").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop_halfway()
    assert (folder / MARKER).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["ci"]


def test_links_in_a_folder_that_is_replaced_are_not_followed(tmp_path: Path) -> None:
    folder = sealed(tmp_path / "ci")
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "keep.txt").write_text("kept")
    (folder / "runs").symlink_to(mine)
    with replacing(folder, CiFolder) as new:
        (new / "new.txt").write_text("new")
    assert [path.name for path in folder.iterdir()] == ["new.txt"]
    assert (mine / "keep.txt").read_text() == "kept"
