"""Files on a phone: each content once, never half of one, and nothing else deleted."""

from pathlib import Path

import pytest

from edgetag.phones.phone import FOLDER
from edgetag.phones.problems import PhoneError, Problem
from edgetag.phones.store import LocalFile, clean, prepare, put
from edgetag.workspace import digest_file
from tests.phones.street import Street, only_phone, script


def local(path: Path, content: bytes, suffix: str = "tflite") -> LocalFile:
    path.write_bytes(content)
    return LocalFile(path, digest_file(path), suffix)


def test_a_file_of_the_same_size_is_pushed_again(street: Street, tmp_path: Path) -> None:
    device = street.phone()
    phone = only_phone()
    prepare(phone)
    before = local(tmp_path / "model", b"before")
    assert put(phone, before)
    assert not put(phone, before)
    after = local(tmp_path / "model", b"after!")
    assert put(phone, after)
    assert device.files == sorted([before.name, after.name])
    assert (device.root / "root" / after.remote[1:]).read_bytes() == b"after!"


def test_a_file_that_was_changed_on_the_phone_is_pushed_again(
    street: Street, tmp_path: Path
) -> None:
    device = street.phone()
    phone = only_phone()
    prepare(phone)
    file = local(tmp_path / "model", b"before")
    put(phone, file)
    there = device.root / "root" / file.remote[1:]
    there.write_bytes(b"b3fore")
    assert put(phone, file)
    assert there.read_bytes() == b"before"


def test_a_phone_without_sha256sum_still_gets_each_content_once(
    street: Street, tmp_path: Path
) -> None:
    device = street.phone()
    device.without("sha256sum")
    phone = only_phone()
    prepare(phone)
    assert put(phone, local(tmp_path / "model", b"before"))
    assert put(phone, local(tmp_path / "model", b"after!"))
    assert not put(phone, local(tmp_path / "model", b"before"))
    assert len(device.files) == 2


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        ("unplugged", Problem.DISCONNECTED),
        ("full", Problem.FULL),
        ("encrypted", Problem.LOCKED),
        ("corrupts", Problem.FAILED),
    ],
)
def test_half_a_push_is_never_taken_for_the_file(
    street: Street, tmp_path: Path, kind: str, problem: Problem
) -> None:
    device = street.phone()
    phone = only_phone()
    prepare(phone)
    file = local(tmp_path / "model", b"0123456789" * 100)
    device.describe(kind=kind, verb="push")
    with pytest.raises(PhoneError) as failed:
        put(phone, file)
    assert failed.value.problem is problem
    assert file.name not in device.files
    if kind != "unplugged":  # then nobody can tidy up
        assert device.files == []
    device.describe()
    (device.root / "gone").unlink(missing_ok=True)
    assert put(phone, file)
    assert (device.root / "root" / file.remote[1:]).read_bytes() == file.path.read_bytes()


def test_a_folder_that_cannot_be_written_is_told(street: Street) -> None:
    device = street.phone()
    (device.root / "bin" / "mkdir").unlink()
    script(
        device.root / "bin" / "mkdir", "#!/bin/sh\necho 'mkdir: x: Read-only file system'; exit 1\n"
    )
    with pytest.raises(PhoneError, match="cannot be written"):
        prepare(only_phone())


@pytest.mark.slow
def test_cleaning_deletes_what_edgetag_left_and_nothing_else(
    street: Street, tmp_path: Path
) -> None:
    device = street.phone()
    phone = only_phone()
    prepare(phone)
    kept, old = local(tmp_path / "a", b"kept"), local(tmp_path / "b", b"old")
    for file in (kept, old):
        put(phone, file)
    folder = device.root / "root" / FOLDER[1:]
    (folder / "holiday.jpg").write_bytes(b"mine")
    (folder / f"{'a' * 64}.tflite.part-{'0' * 16}").write_bytes(b"half")
    (folder / "x\n..").write_bytes(b"odd")
    assert clean(phone, frozenset({kept.name})) == 2
    assert device.files == sorted([kept.name, "holiday.jpg", "x\n.."])
    assert kept.path.exists()


def test_a_file_too_large_to_make_sense_is_not_copied(street: Street, tmp_path: Path) -> None:
    device = street.phone()
    (device.root / "root/data/local/tmp/big").write_bytes(b"x" * 2000)
    with pytest.raises(PhoneError, match="at most 1000 make sense"):
        only_phone().pull("/data/local/tmp/big", tmp_path / "big", 1000)
    assert not any(line[1] == "pull" for line in street.log)
    with pytest.raises(PhoneError, match="left no file"):
        only_phone().pull("/data/local/tmp", tmp_path / "big", 1000)


def test_a_file_of_which_a_part_arrives_is_none(street: Street, tmp_path: Path) -> None:
    device = street.phone()
    (device.root / "root/data/local/tmp/whole").write_bytes(b"x" * 2000)
    device.describe(kind="short", verb="pull")
    with pytest.raises(PhoneError, match="did not arrive with its 2000 bytes"):
        only_phone().pull("/data/local/tmp/whole", tmp_path / "whole", 3000)
