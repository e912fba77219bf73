"""Archives and containers that are damaged or mean harm."""

import io
import shutil
import struct
import tarfile
import zlib
from pathlib import Path

import pytest

from edgetag.demo_sets import downloads
from edgetag.demo_sets.downloads import (
    DebPackage,
    NpmPackage,
    check_tools,
    fetch_package,
    unpack_tar,
)
from edgetag.demo_sets.photos import CONTAINERS, photo_credits, unpack_photos
from edgetag.demo_sets.rcc import read_container
from edgetag.errors import InputError


def archive(members: list[tuple[tarfile.TarInfo, bytes]]) -> tarfile.TarFile:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for info, data in members:
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    out.seek(0)
    return tarfile.open(fileobj=out, mode="r|*")


def link(name: str, target: str, kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def test_nothing_is_written_outside_the_folder(tmp_path: Path) -> None:
    members = [
        (tarfile.TarInfo("package/../../escape"), b"x"),
        (tarfile.TarInfo("/absolute"), b"x"),
        (link("package/soft", "/etc", tarfile.SYMTYPE), b""),
        (link("package/hard", "/etc/passwd", tarfile.LNKTYPE), b""),
        (tarfile.TarInfo("package/soft/inside"), b"x"),
        (tarfile.TarInfo("other/unwanted"), b"x"),
        (tarfile.TarInfo("./package/good"), b"good"),
    ]
    target = tmp_path / "in" / "folder"
    with archive(members) as tar:
        unpack_tar(tar, target, ("package",))
    written = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert written == {"in/folder/package/good", "in/folder/package/soft/inside"}
    assert not any(p.is_symlink() for p in tmp_path.rglob("*"))


def test_an_oversized_member_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "MAX_FILE_BYTES", 3)
    with (
        archive([(tarfile.TarInfo("package/big"), b"1234")]) as tar,
        pytest.raises(InputError, match="too large"),
    ):
        unpack_tar(tar, tmp_path, ("package",))


def test_missing_tools_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"needs npm, apt-get, dpkg-deb.*demo set"):
        check_tools(tmp_path)


def test_a_full_disk_is_reported_before_the_download(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda tool: f"/bin/{tool}")
    monkeypatch.setattr(downloads, "FREE_BYTES", 1 << 60)
    with pytest.raises(InputError, match=r"MB are free.*free some space"):
        check_tools(tmp_path / "not" / "yet")


def tool(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


NPM = NpmPackage("@scope/icons", "1.0.0", "sha512-AAAA", ("package",))


def test_an_altered_npm_archive_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    tool(bin_folder, "npm", """printf x > icons.tgz; echo '[{"filename": "icons.tgz"}]'""")
    monkeypatch.setenv("PATH", str(bin_folder))
    with pytest.raises(InputError, match="altered or damaged"):
        fetch_package(NPM, tmp_path / "packages")
    assert not [p for p in (tmp_path / "packages").rglob("*") if p.is_file()]


def test_no_network_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    tool(bin_folder, "npm", "echo 'npm error network down' >&2; exit 1")
    tool(bin_folder, "apt-get", "echo 'E: Unable to locate package x' >&2; exit 100")
    monkeypatch.setenv("PATH", str(bin_folder))
    with pytest.raises(InputError, match=r"npm could not download it \(npm error network down\)"):
        fetch_package(NPM, tmp_path)
    with pytest.raises(InputError, match=r"Unable to locate package x.*apt-get update"):
        fetch_package(DebPackage("x", "0", ("usr",)), tmp_path)


def test_an_npm_package_of_a_former_version_is_fetched_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    tool(bin_folder, "npm", "echo 'npm error network down' >&2; exit 1")
    monkeypatch.setenv("PATH", str(bin_folder))
    done = tmp_path / "icons" / ".done"
    done.parent.mkdir()
    done.write_text(NPM.integrity)
    assert fetch_package(NPM, tmp_path)
    done.write_text("sha512-of another version")
    with pytest.raises(InputError, match="npm could not download it"):
        fetch_package(NPM, tmp_path)


def container(names_in_it: tuple[str, ...] = ("a", "b", "c")) -> bytes:
    """One folder `a` with the files `b` (plain) and `c` (compressed)."""
    names, offsets = b"", []
    for name in names_in_it:
        offsets.append(len(names))
        names += struct.pack(">HI", len(name), 0) + name.encode("utf-16-be")
    packed = struct.pack(">I", 5) + zlib.compress(b"world")
    contents = struct.pack(">I", 5) + b"hello" + struct.pack(">I", len(packed)) + packed
    node = struct.Struct(">IHII")
    tree = b"".join(
        node.pack(*values) + bytes(8)
        for values in (
            (0, 2, 1, 1),
            (offsets[0], 2, 2, 2),
            (offsets[1], 0, 0, 0),
            (offsets[2], 1, 0, 9),
        )
    )
    header = 20
    return (
        struct.pack(
            ">4sIIII", b"qres", 2, header, header + len(tree), header + len(tree) + len(contents)
        )
        + tree
        + contents
        + names
    )


def test_a_resource_container_gives_its_files() -> None:
    assert dict(read_container(container(), "x.rcc")) == {"a/b": b"hello", "a/c": b"world"}


@pytest.mark.parametrize("data", [b"", b"qres", b"PK" + bytes(40), container()[:40]])
def test_a_damaged_container_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match=r"x\.rcc"):
        list(read_container(data, "x.rcc"))


def test_photos_are_unpacked_all_or_none(tmp_path: Path) -> None:
    containers, photos = tmp_path / "rcc", tmp_path / "photos"
    containers.mkdir()
    for name in CONTAINERS:
        (containers / name).write_bytes(container())
    first, *_, last = CONTAINERS
    (containers / first).write_bytes(container(("images/tools", "saw.webp", "c")))
    (containers / last).write_bytes(b"qres")
    with pytest.raises(InputError, match="damaged resource container"):
        unpack_photos(containers, photos)
    assert not photos.exists(), "a later run would take a part for all"
    (containers / last).write_bytes(container())
    unpack_photos(containers, photos)
    assert [path.name for path in photos.rglob("*.webp")] == ["saw.webp"]


def test_a_container_that_contains_itself_is_refused() -> None:
    data = bytearray(container())
    struct.pack_into(">II", data, 20 + 22 + 6, 1, 1)  # the folder's child is the folder
    with pytest.raises(InputError, match="nested too deeply"):
        list(read_container(bytes(data), "x.rcc"))


def test_photos_are_credited_by_name() -> None:
    text = (
        "Files: *\nCopyright: many\nLicense: GPL-3+\n\n"
        "Files: src/sea/fishes/fish3.jpg\nCopyright: Elma\nLicense: CC-BY-2.0\n"
        "Comment: https://a.b\n\n"
        "Files: src/farm/resource/*\nCopyright: Bruno\n  and others\nLicense: GPL-3\n"
    )
    files = [Path(f) for f in ("sea/fish3.webp", "farm/cow.webp", "other/fish3.webp")]
    lines = photo_credits(text, files)
    assert lines[0] == "  - `fish3` (sea): Elma; CC-BY-2.0; https://a.b"
    assert lines[1] == "  - `cow` (farm): Bruno and others; GPL-3"
    assert "not named one by one" in lines[2]
