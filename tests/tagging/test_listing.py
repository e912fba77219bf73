"""What is named is listed in a fixed order; nothing outside it is read."""

import io
import os
import resource
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from edgetag.errors import InputError
from edgetag.pool import in_order
from edgetag.tagging.errors import PictureError
from edgetag.tagging.listing import list_pictures, shown_name


def names(*given: object) -> list[str]:
    return [picture.name for picture in list_pictures(map(str, given)).pictures]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for name in ("b.png", "a.JPG", "sub/c.webp", ".hidden.png", ".git/d.png", "notes.txt"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    return root


def test_a_folder_gives_its_pictures_by_path_and_counts_the_rest(folder: Path) -> None:
    listing = list_pictures([str(folder)])
    assert [Path(picture.name).relative_to(folder).as_posix() for picture in listing.pictures] == [
        "a.JPG",
        "b.png",
        "sub/c.webp",
    ]
    assert listing.passed_over == 1


def test_files_are_taken_by_any_name_and_in_the_order_given(folder: Path) -> None:
    given = [folder / "notes.txt", folder / "b.png", folder / "a.JPG"]
    assert names(*given) == [str(path) for path in given]


def test_a_glob_that_the_shell_left_alone_is_sorted(folder: Path) -> None:
    assert names(folder / "**" / "*.[pw]*") == [
        str(folder / "b.png"),
        str(folder / "sub" / "c.webp"),
    ]


def test_a_file_whose_name_looks_like_a_glob_is_a_file(folder: Path) -> None:
    (folder / "[b].png").write_bytes(b"y")
    assert names(folder / "[b].png") == [str(folder / "[b].png")]


@pytest.mark.parametrize("name", ["none.png", "none/*.png"])
def test_what_is_not_there_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        names(folder / name)


def test_links_out_of_a_folder_are_rows_with_a_reason(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b"secret")
    (folder / "out.png").symlink_to(tmp_path / "secret.png")
    (folder / "in.png").symlink_to(folder / "b.png")
    (folder / "loop").symlink_to(folder)
    (folder / "loop.png").symlink_to(folder / "loop.png")
    outcomes: dict[str, object] = {}
    for picture in list_pictures([str(folder)]).pictures:
        try:
            outcomes[Path(picture.name).name] = picture.read()
        except PictureError as error:
            outcomes[Path(picture.name).name] = str(error)
    assert outcomes["in.png"] == folder / "in.png"
    assert "leads out of the folder" in str(outcomes["out.png"])
    assert "Too many levels of symbolic links" in str(outcomes["loop.png"])
    assert len(outcomes) == 6


def test_linked_folders_are_not_followed_but_counted(folder: Path, tmp_path: Path) -> None:
    before = names(folder)
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "c.png").write_bytes(b"c")
    (folder / "more").symlink_to(tmp_path / "more")
    (folder / ".hidden").symlink_to(tmp_path / "more")
    assert names(folder) == before
    listing = list_pictures([str(folder)])
    assert listing.linked_folders == 1
    assert listing.left_out()[0] == ("not looked into: 1 linked folder; name what they lead to")


def test_a_name_that_is_no_text_is_listed_and_can_be_shown(folder: Path) -> None:
    odd = os.fsencode(folder) + b"/\xff.png"
    Path(os.fsdecode(odd)).write_bytes(b"z")
    (name,) = [name for name in names(folder) if "\udcff" in name]
    assert shown_name(name).endswith("/\\xff.png")


def test_an_empty_name_is_not_the_folder_one_stands_in(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(InputError, match="a picture's name is empty"):
        names("")


def test_a_folder_that_cannot_be_read_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied", os.fspath(folder / "sub"))

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(InputError, match="sub: cannot be read: Permission denied"):
        names(folder)


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz"])
def test_a_damaged_archive_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"no archive")
    with pytest.raises(InputError, match="not a whole archive"):
        names(tmp_path / name)


def tar_of(path: Path, mode: Any, contents: list[bytes]) -> bytearray:
    """Write a tar file of pictures, and return its bytes."""
    with tarfile.open(path, mode) as packed:
        for number, content in enumerate(contents):
            member = tarfile.TarInfo(f"{number}.png")
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
    return bytearray(path.read_bytes())


def test_a_tar_file_that_is_damaged_in_its_middle_is_refused_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    data = tar_of(path, "w", [b"x" * 1000] * 4)
    data[2 * 1536] ^= 1  # the third header's first byte
    path.write_bytes(data)
    with pytest.raises(InputError, match="a member's header is damaged"):
        names(path)
    path.write_bytes(data[: 2 * 1536 + 100])
    with pytest.raises(InputError, match="a member's header is damaged"):
        names(path)


def test_a_zip_file_that_wants_what_nobody_has_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("a.png", b"x")
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 6] = 99
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"not a whole archive: zip file version 9\.9"):
        names(path)


def test_a_tar_file_whose_names_fill_the_memory_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as packed:
        member = tarfile.TarInfo("a.png")
        member.pax_headers = {"comment": "x" * 2_000_000}
        packed.addfile(member, io.BytesIO())
    with pytest.raises(InputError, match=r"a header of 2\d+ bytes"):
        names(path)


def test_links_in_a_tar_file_are_the_pictures_that_they_lead_to(tmp_path: Path) -> None:
    os.link(_written(tmp_path / "in/one.png", b"1"), tmp_path / "in/two.png")
    (tmp_path / "in/three.png").symlink_to("one.png")
    (tmp_path / "in/four.png").symlink_to("../none.png")
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as packed:
        for name in ("three", "one", "two", "four"):
            packed.add(tmp_path / f"in/{name}.png", f"in/{name}.png")
    *inside, outside = list_pictures([str(path)]).pictures
    assert [Path(picture.name).stem for picture in inside] == ["three", "one", "two"]
    assert [picture.read() for picture in inside] == [b"1"] * 3
    with pytest.raises(PictureError, match="a link that leads to no file in the archive"):
        outside.read()


def _written(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_hidden_members_of_an_archive_are_passed_over_as_in_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for name in ("a.png", "__MACOSX/._a.png", ".thumbs/a.png", "../b.png", "./c.png"):
            packed.writestr(name, b"x")
    listing = list_pictures([str(path)])
    assert [picture.name.removeprefix(f"{path}/") for picture in listing.pictures] == [
        "a.png",
        "../b.png",
        "./c.png",
    ]
    assert listing.passed_over == 0


def test_more_archives_than_a_process_may_have_open_are_read(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.{kind}" for number in range(20) for kind in ("cbz", "tar")]
    for path in paths:
        if path.suffix == ".tar":
            tar_of(path, "w", [path.name.encode()])
        else:
            with zipfile.ZipFile(path, "w") as packed:
                packed.writestr("0.png", path.name)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    open_now = len(list(Path("/proc/self/fd").iterdir()))
    resource.setrlimit(resource.RLIMIT_NOFILE, (open_now + 8, limits[1]))
    try:
        pictures = list_pictures(map(str, paths)).pictures
        assert [picture.read() for picture in pictures] == [path.name.encode() for path in paths]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_several_threads_read_one_archive(tmp_path: Path) -> None:
    contents = [bytes([number]) * 50_000 for number in range(100)]
    tar_of(tmp_path / "a.tar", "w", contents)
    pictures = list_pictures([str(tmp_path / "a.tar")]).pictures
    assert list(in_order(lambda picture: picture.read(), pictures, 8)) == contents


def test_an_archive_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.zip")
    with pytest.raises(InputError, match="a named pipe, not a file"):
        names(tmp_path / "a.zip")


def test_an_encrypted_member_is_a_row_with_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("a.png", b"x" * 50)
    data = bytearray(path.read_bytes())
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        place = data.index(mark) + (6 if mark == b"PK\x03\x04" else 8)
        data[place] |= 1
    path.write_bytes(data)
    (picture,) = list_pictures([str(path)]).pictures
    with pytest.raises(PictureError, match=r"damaged in the archive: .*encrypted"):
        picture.read()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "mode"), [("a.tar.xz", "w:xz"), ("a.tar.bz2", "w:bz2")])
def test_a_packed_archive_that_would_grow_a_thousandfold_is_refused_unread(
    tmp_path: Path, name: str, mode: Any
) -> None:
    class Zeros(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            return bytes(size)

    with tarfile.open(tmp_path / name, mode) as packed:
        member = tarfile.TarInfo("a.png")
        member.size = 30_000_000
        packed.addfile(member, Zeros())
    with pytest.raises(InputError, match="it claims over 30000000 bytes, stored in"):
        names(tmp_path / name)


def test_a_listing_says_where_its_pictures_lie(folder: Path, tmp_path: Path) -> None:
    inside, outside = str(folder / "a.png"), "memory://open/a.png"
    both, here = tmp_path / "both.parquet", tmp_path / "here.parquet"
    Path(inside).touch()
    pl.DataFrame({"path": [inside, outside]}).write_parquet(both)
    pl.DataFrame({"path": [inside, "a\0b.png"]}).write_parquet(here)
    listing = list_pictures([str(folder), str(here)])
    assert listing.places == (folder, here, Path(inside))
    assert not listing.has_addresses
    assert list_pictures([str(both)]).places == (both, Path(inside))
    assert list_pictures([str(both)]).has_addresses


def test_a_name_that_no_file_can_have_is_a_row_with_a_reason(tmp_path: Path) -> None:
    pl.DataFrame({"path": ["a\0b.png"]}).write_parquet(tmp_path / "list.parquet")
    (picture,) = list_pictures([str(tmp_path / "list.parquet")]).pictures
    with pytest.raises(PictureError, match=r"embedded null (byte|character)"):
        picture.read()
