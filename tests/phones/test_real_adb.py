"""Debian's adb, client and server, with phones whose `adbd` is ours: see `adb_daemon`."""

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from edgetag import doctor
from edgetag.errors import InputError
from edgetag.phones.adb import Adb
from edgetag.phones.phone import FOLDER, Phone
from edgetag.phones.problems import PhoneError, Problem
from edgetag.phones.store import prepare
from tests.phones.adb_daemon import daemon
from tests.phones.measuring import Run, bench
from tests.phones.street import FolderPhone, Street, make_street, script
from tests.support.processes import runs
from tests.support.served import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

Plug = Callable[[FolderPhone], str]
"""Connects a phone and returns its serial."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of an adb server of our own, which is there until the tests end."""
    if shutil.which("adb") is None and not os.environ.get("CI"):
        pytest.skip("adb not found; install Debian's package adb")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    keys = str(tmp_path_factory.mktemp("keys"))
    environment = {"ANDROID_ADB_SERVER_PORT": str(port), "HOME": keys, "ADB_MDNS": "0"}
    ask(environment, "start-server")
    yield environment
    ask(environment, "kill-server")
    until(lambda: is_free(port))


def ask(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        ["adb", *arguments],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # a server that it starts keeps it open
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def is_free(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0


@pytest.fixture
def street(tmp_path: Path, server: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Street:
    """Phones that no adb sees yet."""
    made = make_street(tmp_path)
    (made.bin / "adb").unlink()
    for name, value in server.items():
        monkeypatch.setenv(name, value)
    return made


@pytest.fixture
def plug(server: dict[str, str]) -> Iterator[Plug]:
    """Connects phones, which are gone when the test ends."""
    with ExitStack() as stack:

        def connect(phone: FolderPhone) -> str:
            serial = stack.enter_context(daemon(phone.root))
            ask(server, "connect", serial)
            stack.callback(ask, server, "disconnect", serial)
            return serial

        yield connect


@pytest.fixture
def phone(street: Street, plug: Plug) -> tuple[FolderPhone, Phone]:
    """A phone's folder, and the phone as adb sees it."""
    folder = street.phone()
    plug(folder)
    (listed,) = Adb.find().devices()
    return folder, Phone(Adb.find(), listed)


def test_phones_are_listed_with_state_and_model(street: Street, plug: Plug) -> None:
    folder = street.phone("LOCKED")
    folder.describe("unauthorized")
    good, locked = plug(street.phone("GOOD")), plug(folder)
    until(lambda: "authorizing" not in {each.state for each in Adb.find().devices()})
    states = {each.serial: (each.state, each.model) for each in Adb.find().devices()}
    assert states == {good: ("device", "Pixel 8"), locked: ("unauthorized", "")}


def test_a_look_at_phones_leaves_no_server_that_was_not_there(
    server: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in server.items():
        monkeypatch.setenv(name, value)
    Adb.find().devices(leave_server=False)
    assert not is_free(int(server["ANDROID_ADB_SERVER_PORT"])), "one that runs is not ours to end"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(port))
    assert Adb.find().devices(leave_server=False) == ()
    until(lambda: is_free(port))
    assert doctor._phones().state == "missing"
    until(lambda: is_free(port))


@pytest.mark.parametrize(
    "argument",
    ["two words", "$(touch hurt)", "; touch hurt", "a'b\"c", "\\", "*", "new\nline", "ü"],
)
def test_real_adb_passes_arguments_as_they_are(
    phone: tuple[FolderPhone, Phone], argument: str
) -> None:
    folder, there = phone
    script(folder.root / "bin" / "show", '#!/bin/sh\nfor a in "$@"; do echo "[$a]"; done\n')
    assert there.shell("show", argument, "second").text == f"[{argument}]\n[second]\n"
    assert not list((folder.root / "root").rglob("hurt"))


def test_real_adb_gives_exit_codes_and_both_streams(phone: tuple[FolderPhone, Phone]) -> None:
    folder, there = phone
    script(folder.root / "bin" / "fail", "#!/bin/sh\necho out\necho err >&2\nexit 7\n")
    answer = there.shell("fail")
    assert (answer.code, answer.text) == (7, "out\nerr\n")
    assert there.shell("not-there").code == 127


def test_real_adb_brings_files_there_and_back(
    phone: tuple[FolderPhone, Phone], tmp_path: Path
) -> None:
    _, there = phone
    prepare(there)
    source = tmp_path / "model.tflite"
    source.write_bytes(os.urandom(3_000_001))
    there.push(source, f"{FOLDER}/model.tflite")
    assert there.size_of(f"{FOLDER}/model.tflite") == 3_000_001
    there.pull(f"{FOLDER}/model.tflite", tmp_path / "back", 4_000_000)
    assert (tmp_path / "back").read_bytes() == source.read_bytes()


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        ("full", Problem.FULL),
        ("encrypted", Problem.LOCKED),
        ("unplugged", Problem.DISCONNECTED),
    ],
)
def test_real_adb_tells_why_a_push_failed(
    phone: tuple[FolderPhone, Phone], tmp_path: Path, kind: str, problem: Problem
) -> None:
    folder, there = phone
    prepare(there)
    folder.describe(kind=kind, verb="push")
    (tmp_path / "model").write_bytes(bytes(500_000))
    with pytest.raises(PhoneError) as failed:
        there.push(tmp_path / "model", f"{FOLDER}/model")
    assert failed.value.problem is problem


def test_real_adb_is_ended_where_a_phone_floods(phone: tuple[FolderPhone, Phone]) -> None:
    folder, there = phone
    flood = "#!/bin/sh\nwhile :; do echo and on it goes and on it goes and on it goes; done\n"
    script(folder.root / "bin" / "flood", flood)
    prepare(there)
    with pytest.raises(PhoneError, match="more than 4 MB") as stopped:
        there.run(FOLDER, ["flood"], limit_s=60)
    assert stopped.value.problem is Problem.TOO_MUCH_OUTPUT


def test_a_program_that_hangs_behind_real_adb_is_ended_on_the_phone_too(
    phone: tuple[FolderPhone, Phone],
) -> None:
    folder, there = phone
    script(folder.root / "bin" / "hang", '#!/bin/sh\necho $$ > "$PHONE/hanging"\nexec sleep 600\n')
    prepare(there)
    with pytest.raises(PhoneError, match=r"no end after 1\.5 s"):
        there.run(FOLDER, ["hang"], limit_s=1.5)
    pid = int((folder.root / "hanging").read_text())
    until(lambda: not runs(pid))


def test_stopping_everything_stops_real_adb(phone: tuple[FolderPhone, Phone]) -> None:
    folder, there = phone
    script(folder.root / "bin" / "hang", "#!/bin/sh\nexec sleep 600\n")
    threading.Timer(0.3, there.adb.cancelled.set).start()
    with pytest.raises(InputError, match="stopped"):
        there.shell("hang")


def test_a_phone_that_is_unplugged_is_offline_and_no_answer_is_taken_for_whole(
    phone: tuple[FolderPhone, Phone],
) -> None:
    folder, there = phone
    folder.describe(kind="unplugged", verb="shell", containing="getprop")
    with pytest.raises(PhoneError, match="the connection broke") as broken:
        there.shell("getprop")
    assert broken.value.problem is Problem.DISCONNECTED
    until(lambda: Adb.find().devices()[0].state == "offline")
    with pytest.raises(PhoneError) as offline:
        there.shell("getprop")
    assert offline.value.problem is Problem.OFFLINE


def test_two_phones_are_measured_and_one_that_is_lost_leaves_the_other_alone(
    street: Street, plug: Plug, run_folder: Run
) -> None:
    good, lost = street.phone("GOOD"), street.phone("LOST")
    lost.describe(kind="unplugged", verb="shell", containing="--graph")
    plug(good)
    plug(lost)
    result = bench(street, run_folder)
    assert [entry.variant for entry in result.results] == ["fp32", "int8"]
    assert [failure.problem for failure in result.failures] == [Problem.DISCONNECTED]
    assert len(good.runs) == 2
