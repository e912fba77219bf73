"""What a server keeps: bytes with a record, up to a limit, the longest unasked gone first."""

import tracemalloc

import pytest

from edgetag.serving.cache import Memory, held_bytes
from edgetag.serving.messages import Done, Job
from edgetag.serving.operations import Crop
from edgetag.serving.packed import UnpackError, pack, unpack


def test_what_is_packed_comes_out_again() -> None:
    job = Job(operation=Crop(tags=("雪", "a b"), shape="1:1", exif="strip"))
    for blobs in ([], [b""], [b"picture", b""], [bytes(70_000), b"\0", b"x"]):
        assert unpack(Job, pack(job, blobs)) == (job, blobs)


def test_damaged_bytes_are_refused_and_nothing_else_happens() -> None:
    whole = pack(Done(media_type="image/png"), [b"picture"])
    for length in range(len(whole)):
        with pytest.raises(UnpackError):
            unpack(Done, whole[:length])
    for damaged in (whole + b"x", b"\xff" * 64, pack(Job(operation=CROP), [])):
        with pytest.raises(UnpackError):
            unpack(Done, damaged)


CROP = Crop(tags=(), shape="1:1", exif="keep")


def test_what_was_not_asked_for_the_longest_makes_room() -> None:
    most = 3 * held_bytes("a", bytes(10))
    memory = Memory(most)
    for key in "abc":
        memory.put(key, bytes(10))
    assert memory.get("a") == bytes(10)
    memory.put("d", bytes(10))
    assert [key for key in "abcd" if memory.get(key) is not None] == ["a", "c", "d"]
    large = bytes(most - held_bytes("a", b""))
    memory.put("a", large)
    assert [key for key in "abcd" if memory.get(key) is not None] == ["a"]
    assert memory.size_bytes == most
    memory.put("e", large + b"1")
    memory.put("a", large + b"1")
    assert memory.get("e") is memory.get("a") is None, "larger than all may be"
    assert memory.size_bytes == 0


def test_memory_takes_no_more_than_it_says_also_for_small_values() -> None:
    memory = Memory(1_000_000)
    tracemalloc.start()
    for number in range(10_000):
        memory.put(f"{number:064d}", number.to_bytes(100))
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(memory._values) < 10_000, "it was filled"
    assert taken < 1_050_000
