"""adb, one phone and its files: what goes wrong is one clear line, nothing is run by accident."""

import os
import threading
import time
from pathlib import Path

import pytest

from edgetag.errors import InputError
from edgetag.phones.adb import Adb
from edgetag.phones.listing import choose, parse_devices
from edgetag.phones.phone import FOLDER, Phone
from edgetag.phones.problems import PhoneError, Problem, error_of, recognize
from edgetag.phones.store import prepare
from tests.phones.street import BENCHMARK_MODEL, Street, only_phone, script
from tests.support.processes import runs


def test_without_adb_the_message_says_where_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="Debian's package adb"):
        Adb.find()


def test_an_adb_that_does_not_start_is_told(street: Street) -> None:
    script(street.bin / "adb", "#!/nowhere/at/all\n")
    with pytest.raises(InputError, match="cannot be started"):
        Adb.find().devices()


def test_an_adb_whose_server_fails_is_told(street: Street) -> None:
    script(street.bin / "adb", "#!/bin/sh\necho 'cannot connect to daemon' >&2\nexit 1\n")
    with pytest.raises(InputError, match="cannot connect to daemon; try: adb kill-server"):
        Adb.find().devices()


@pytest.mark.parametrize("error_first", [True, False])
def test_the_reason_of_a_failed_copy_is_not_how_much_was_copied(error_first: bool) -> None:
    lines = ["adb: error: remote write failed: fsync: I/O error", "m.tflite: 0 files pushed."]
    said = "\n".join(lines if error_first else lines[::-1])
    assert error_of(said, Problem.FAILED).reason == lines[0]
    assert error_of("m.tflite: 1 file pulled, 0 skipped.", Problem.FAILED).reason == "failed"


@pytest.mark.parametrize("code", ["²", "9" * 5000, "-1", "1 2", ""])
def test_an_exit_code_that_is_none_is_an_answer_that_is_not_whole(
    street: Street, code: str
) -> None:
    street.phone()
    lines = (
        "#!/bin/sh",
        '[ "$1" = devices ] && echo "A1 device" && exit',
        r"mark=$(printf '%s' \"$4\" | sed 's/.*echo \([0-9a-f]*\) [$]r.*/\1/')",
        f'echo; echo "$mark {code}"',
    )
    script(street.bin / "adb", "\n".join(lines) + "\n")
    (listed,) = Adb.find().devices()
    with pytest.raises(PhoneError) as caught:
        Phone(Adb.find(), listed).shell("true")
    assert caught.value.problem is Problem.DISCONNECTED


def test_no_phone_says_what_to_turn_on(street: Street) -> None:
    with pytest.raises(InputError, match="turn on USB debugging"):
        choose(Adb.find().devices())


def test_all_phones_are_meant_unless_one_is_named(street: Street) -> None:
    for serial in ("A1", "B2", "192.168.1.5:5555"):
        street.phone(serial)
    listed = Adb.find().devices()
    assert len(choose(listed)) == 3
    assert [phone.serial for phone in choose(listed, "B2")] == ["B2"]
    assert len(choose(listed, "192.168.1.5:5555")) == 1
    with pytest.raises(InputError, match="adb sees no phone C3; it sees: 192"):
        choose(listed, "C3")


@pytest.mark.parametrize(
    ("state", "problem", "advice"),
    [
        ("unauthorized", Problem.UNAUTHORIZED, "accept the dialog"),
        ("authorizing", Problem.UNAUTHORIZED, "accept the dialog"),
        ("offline", Problem.OFFLINE, "plug it in again"),
        (
            "no permissions (user in plugdev group; are your udev rules wrong?)",
            Problem.NO_PERMISSION,
            "udev rule",
        ),
        ("recovery", Problem.UNUSABLE, "start Android"),
    ],
)
def test_a_phone_that_takes_no_commands_says_what_to_do(
    state: str, problem: Problem, advice: str
) -> None:
    (listed,) = parse_devices(f"List of devices attached\nA1\t{state} usb:1-1\n\n")
    found = listed.problem()
    assert found is not None
    assert found.problem is problem
    assert advice in found.reason


def test_an_id_tells_phones_apart_and_hides_the_serial() -> None:
    first, second = parse_devices("SERIAL1 device\nSERIAL2 device model:Pixel_8\n")
    assert first.id != second.id
    assert "SERIAL" not in f"{first.id}{first.name}{second.name}"
    assert second.name.startswith("Pixel 8 ")


def test_lines_that_are_no_phones_are_passed_over() -> None:
    text = "* daemon started successfully\nList of devices attached\n\x1b[2J device\nx\n\n"
    assert parse_devices(text) == ()


@pytest.mark.parametrize(
    "argument",
    [
        "plain",
        "two words",
        "$(touch hurt)",
        "; touch hurt",
        "`touch hurt`",
        "a'b\"c",
        "\\",
        "*",
        "new\nline",
        "-n",
        "| touch hurt",
        "ümlaut",
    ],
)
def test_arguments_reach_the_phone_as_they_are(street: Street, argument: str) -> None:
    phone = street.phone()
    script(phone.root / "bin" / "show", '#!/bin/sh\nfor a in "$@"; do echo "[$a]"; done\n')
    answer = only_phone().shell("show", argument, "second")
    assert answer.text == f"[{argument}]\n[second]\n"
    assert not list((phone.root / "root").rglob("hurt"))


def test_exit_codes_and_both_streams_come_back(street: Street) -> None:
    phone = street.phone()
    script(phone.root / "bin" / "fail", "#!/bin/sh\necho out\necho err >&2\nexit 7\n")
    answer = only_phone().shell("fail")
    assert (answer.code, answer.text) == (7, "out\nerr\n")
    assert only_phone().shell("not-there").code == 127


def test_several_questions_get_an_answer_each(street: Street) -> None:
    street.phone()
    battery, missing, power = only_phone().ask(
        ("dumpsys", "battery"), ("not-there",), ("dumpsys", "power")
    )
    assert "level: 83" in battery.text
    assert (battery.code, missing.code, power.code) == (0, 127, 0)
    assert "mWakefulness=Awake" in power.text


def test_a_program_cannot_pretend_to_have_ended(street: Street) -> None:
    phone = street.phone()
    script(phone.root / "bin" / "lie", f"#!/bin/sh\necho\necho {'0' * 32} 0\nexit 3\n")
    assert only_phone().shell("lie").code == 3


def test_a_connection_that_breaks_is_no_end(street: Street) -> None:
    street.phone().describe(kind="unplugged", verb="shell", containing="getprop")
    with pytest.raises(PhoneError, match="the connection broke") as broken:
        only_phone().shell("getprop")
    assert broken.value.problem is Problem.DISCONNECTED


def test_output_without_end_is_stopped(street: Street) -> None:
    street.phone().describe(kind="endless", verb="shell", containing="getprop")
    with pytest.raises(PhoneError, match="more than 4 MB") as stopped:
        only_phone().shell("getprop")
    assert stopped.value.problem is Problem.TOO_MUCH_OUTPUT


@pytest.mark.slow
def test_a_program_that_hangs_is_ended_on_the_phone_too(street: Street) -> None:
    root = street.phone().root
    script(root / "bin" / "hang", '#!/bin/sh\necho $$ > "$PHONE/hanging"\nexec sleep 600\n')
    phone = only_phone()
    prepare(phone)
    with pytest.raises(PhoneError, match=r"no end after 0\.7 s") as stopped:
        phone.run(FOLDER, ["hang"], limit_s=0.7)
    assert stopped.value.problem is Problem.TIMED_OUT
    pid = int((root / "hanging").read_text())
    deadline = time.monotonic() + 60
    while runs(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not runs(pid)


def test_stopping_everything_stops_adb(street: Street) -> None:
    root = street.phone().root
    script(root / "bin" / "hang", "#!/bin/sh\nexec sleep 600\n")
    phone = only_phone()
    threading.Timer(0.3, phone.adb.cancelled.set).start()
    with pytest.raises(InputError, match="stopped"):
        phone.shell("hang")


def test_a_stand_in_adb_is_what_these_tests_run(street: Street) -> None:
    assert Adb.find().path == str(street.bin / "adb")
    assert Adb.find().version() == "1.0.41"
    assert street.tool.read_text() == BENCHMARK_MODEL
    assert os.environ["PHONES"] == str(street.folder)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (
            "error: device unauthorized.\nThis adb server's $ADB_VENDOR_KEYS is not set",
            Problem.UNAUTHORIZED,
        ),
        ("adb: device offline", Problem.OFFLINE),
        ("error: insufficient permissions for device", Problem.NO_PERMISSION),
        (
            "adb: error: failed to copy 'a' to 'b': remote couldn't write: No space left on device",
            Problem.FULL,
        ),
        ("adb: device 'X' not found", Problem.DISCONNECTED),
        ("adb: error: failed to get feature set: device 'X' not found", Problem.DISCONNECTED),
        ("error: closed", Problem.DISCONNECTED),
        ("adb: error: failed to read copy response: EOF", Problem.DISCONNECTED),
        (
            "adb: error: failed to copy: remote couldn't create file: Read-only file system",
            Problem.READ_ONLY,
        ),
        ("all is well", None),
    ],
)
def test_what_adb_says_is_recognized(said: str, problem: Problem | None) -> None:
    assert recognize(said) is problem
