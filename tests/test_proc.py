"""What Linux tells of memory: a container's limit counts, and what it holds of files is free."""

from pathlib import Path

import pytest

from edgetag.proc import free_memory_bytes, group_cores, group_free_bytes

GIB = 1 << 30


def group(folder: Path, limit: str, used: int, stat: str = "") -> Path:
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(stat)
    return folder


@pytest.mark.parametrize(
    ("stat", "free"),
    [
        ("", 0),
        (f"anon {GIB}\nfile {3 * GIB}\nshmem 4096\n", 0),
        (f"inactive_file {2 * GIB}\nactive_file {GIB}\nslab_reclaimable 4096\n", 3 * GIB + 4096),
        ("inactive_file\nactive_file many\n", 0),
    ],
)
def test_pages_of_files_that_a_container_has_read_are_free(
    tmp_path: Path, stat: str, free: int
) -> None:
    """A folder of pictures, once read, fills a container's limit, and gives way to what is new."""
    assert group_free_bytes(group(tmp_path, str(4 * GIB), 4 * GIB, stat)) == free


def test_a_container_without_a_limit_bounds_nothing(tmp_path: Path) -> None:
    assert group_free_bytes(tmp_path) is None
    assert group_free_bytes(group(tmp_path, "max", 3 * GIB)) is None
    assert group_free_bytes(group(tmp_path, str(2 * GIB), 3 * GIB)) == 0
    free = free_memory_bytes()
    assert free is None or free > 0


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("max 100000", None),
        ("200000 100000", 2),
        ("150000 100000\n", 2),
        ("5000 100000", 1),
        ("", None),
    ],
)
def test_a_container_has_as_many_cores_as_it_has_time_of(
    tmp_path: Path, told: str, expected: int | None
) -> None:
    """Its processes see all cores of the machine, and more of them than cores only wait."""
    (tmp_path / "cpu.max").write_text(told)
    assert group_cores(tmp_path) == expected
