"""Phones that lack programs: old ones without `stat -c`, some without taskset or dumpsys."""

from dataclasses import replace
from pathlib import Path

import pytest

from edgetag.phones.phone import Answer, size_in
from edgetag.phones.problems import Problem
from edgetag.phones.store import LocalFile, prepare, put
from edgetag.workspace import digest_file
from tests.phones.measuring import SETTINGS, Run, bench
from tests.phones.street import FolderPhone, Street, only_phone, script

OLD_LS = """#!/bin/sh
# As Android 5 lists a file: no count of links, no `ls -1`.
[ "$1" = -ld ] || { echo "ls: unknown option"; exit 1; }
[ -e "$2" ] || { echo "$2: No such file or directory"; exit 1; }
[ -d "$2" ] && { echo "drwxrwx--x shell    shell             2015-01-01 10:00 $2"; exit 0; }
size=$(/usr/bin/wc -c < "$2")
echo "-rwxr-xr-x shell    shell    $size 2015-01-01 10:00 ${2##*/}"
"""


def old(phone: FolderPhone, stat: str | None = None) -> None:
    """Take `stat` away, or let it know nothing of -c."""
    phone.without("stat")
    phone.without("ls")
    script(phone.root / "bin" / "ls", OLD_LS)
    if stat is not None:
        script(phone.root / "bin" / "stat", stat)


@pytest.mark.slow
@pytest.mark.parametrize(
    "stat", [None, "#!/bin/sh\necho 'stat: invalid option -- c'\nexit 1\n"], ids=["none", "old"]
)
def test_a_phone_without_stat_takes_files_and_is_measured(
    street: Street, run_folder: Run, stat: str | None
) -> None:
    phone = street.phone()
    old(phone, stat)
    result = bench(street, run_folder)
    assert result.failures == ()
    assert [entry.variant for entry in result.results] == ["fp32", "int8"]
    pushed = len(street.pushes())
    bench(street, run_folder)
    assert len(street.pushes()) == pushed


@pytest.mark.slow
def test_without_stat_a_retrained_file_of_the_same_size_is_pushed_again(
    street: Street, tmp_path: Path
) -> None:
    old(street.phone())
    phone = only_phone()
    prepare(phone)
    for content in (b"before", b"after!"):
        (tmp_path / "model").write_bytes(content)
        file = LocalFile(tmp_path / "model", digest_file(tmp_path / "model"), "tflite")
        assert put(phone, file)
        assert not put(phone, file)


@pytest.mark.parametrize(
    ("stat", "listed", "size"),
    [
        ("regular file|123", "", 123),
        ("regular empty file|0", "", 0),
        ("directory|4096", "-rw-rw-rw- shell shell 5 2015-01-01 10:00 x", None),
        ("", "-rw-rw-rw- shell    shell        1234 2015-01-01 10:00 x", 1234),
        ("", "-rw-r--r-- 1 shell shell 1234 2024-01-01 10:00 /data/local/tmp/x", 1234),
        ("", "-rw-r--r-- 1 root root 1234 Nov 22 03:37 x", 1234),
        ("", "drwxrwx--x shell    shell             2015-01-01 10:00 x", None),
        ("", "lrwxrwxrwx shell shell 9 2015-01-01 10:00 x -> y", None),
        ("", "x: No such file or directory", None),
        ("regular file|" + "9" * 30, "", None),
    ],
)
def test_a_size_is_read_from_whatever_tells_it(stat: str, listed: str, size: int | None) -> None:
    assert size_in(Answer(0 if stat else 127, stat), Answer(0, listed)) == size


@pytest.mark.slow
def test_a_phone_without_taskset_says_so(street: Street, run_folder: Run) -> None:
    street.phone().without("taskset")
    result = bench(street, run_folder, replace(SETTINGS, cores="f0"), variants=("int8",))
    (failure,) = result.failures
    assert failure.problem is Problem.BENCHMARK_FAILED
    assert failure.reason == "it has no taskset to stay on cores with; leave --cores out"


@pytest.mark.slow
def test_a_phone_without_thermal_service_is_measured_and_noted(
    street: Street, run_folder: Run
) -> None:
    phone = street.phone()
    phone.answer("thermalservice", "Can't find service: thermalservice\n")
    (entry,) = bench(street, run_folder, variants=("int8",)).results
    assert entry.before.thermal_status is None
    assert entry.before.battery_percent == 83
    assert entry.notes == ("it tells no thermal status",)
    phone.without("dumpsys")
    phone.without("settings")
    (entry,) = bench(street, run_folder, variants=("int8",)).results
    assert entry.before.battery_percent is None
    assert not entry.throttled
