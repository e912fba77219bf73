"""A target's definition, what is seen when its folder is not as it was, and refusals."""

import os
import platform
import re
import shutil
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from edgetag.errors import InputError
from edgetag.progress import SilentProgress
from edgetag.runtimes import engines
from edgetag.runtimes.emulation import TARGETS, Installed, building, emulator, find, open_target
from edgetag.runtimes.emulation.commands import explain
from edgetag.runtimes.emulation.machines import ARM64, default_cache
from edgetag.runtimes.emulation.packages import Apt
from edgetag.runtimes.emulation.state import MARKER, damage, problem, record_files
from edgetag.runtimes.emulation.wheels import install_wheels
from tests.support.paths import ROOT

LOCK = ROOT / "requirements.lock"


def _program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that is the whole PATH."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def finished(tmp_path: Path) -> tuple[Path, Path]:
    """Return a cache with a target in it that says it is whole, and its folder."""
    cache = tmp_path / "cache"
    folder = ARM64.folder(cache)
    (folder / "root").mkdir(parents=True)
    (folder / "root" / "libc.so.6").write_bytes(b"library")
    (folder / "root" / "libc.so").symlink_to("libc.so.6")
    files, links = record_files(folder)
    installed = Installed(
        target="arm64",
        digest=ARM64.digest(),
        emulator=None,
        emulator_version="7.2",
        counter=None,
        packages={},
        files=files,
        links=links,
    )
    installed.write(folder / MARKER)
    return cache, folder


def test_wheels_are_those_that_edgetag_is_locked_to() -> None:
    locked = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", LOCK.read_text(encoding="utf-8"), re.M))
    for target in TARGETS:
        for name, version in target.wheels:
            assert locked[name] == version, f"{name} of {target.name}"


def test_another_definition_is_another_folder(tmp_path: Path) -> None:
    other = replace(ARM64, wheels=(*ARM64.wheels[:-1], ("tflite-runtime", "2.13.0")))
    assert other.folder(tmp_path) != ARM64.folder(tmp_path)


def test_a_processor_with_dot_products_says_so_and_another_does_not() -> None:
    assert "asimddp" in ARM64.cpu("cortex-a76").cpuinfo()
    assert "asimddp" not in ARM64.cpu("cortex-a53").cpuinfo()
    assert ARM64.cpu(None).name == "cortex-a76"


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="not one of: arm64, armv7"):
        find("riscv")
    with pytest.raises(InputError, match="cortex-a76, cortex-a53"):
        ARM64.cpu("cortex-m4")
    with pytest.raises(InputError, match=r"not one of: litert@arm64"):
        engines.get("litert@armv7")


def test_a_recipe_may_not_name_an_emulated_engine() -> None:
    assert engines.target_names() == (
        "wasm",
        "browser",
        "browser-webgpu",
        "litert@arm64",
        "tflite-runtime@arm64",
        "tflite-runtime@armv7",
    )
    assert not set(engines.names()) & set(engines.target_names())


def test_the_cache_folder_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("EDGETAG_TARGETS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_cache() == tmp_path / ".cache" / "edgetag" / "targets"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert default_cache() == tmp_path / "x" / "edgetag" / "targets"
    monkeypatch.setenv("EDGETAG_TARGETS", str(tmp_path / "own"))
    assert default_cache() == tmp_path / "own"


def test_a_target_that_was_never_set_up_says_how_to(tmp_path: Path) -> None:
    told = problem(ARM64, tmp_path)
    assert told == "the emulated arm64 is not set up; run: edgetag target setup arm64"
    with pytest.raises(InputError, match="target setup arm64"):
        open_target(ARM64, tmp_path)


def test_a_whole_target_is_ready(finished: tuple[Path, Path]) -> None:
    assert problem(ARM64, finished[0]) is None


def test_a_half_built_target_counts_as_none(finished: tuple[Path, Path]) -> None:
    cache, folder = finished
    (folder / MARKER).unlink()
    assert "not set up" in (problem(ARM64, cache) or "")
    (folder / MARKER).write_text("{")
    assert "not set up" in (problem(ARM64, cache) or "")


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda folder: (folder / "root/libc.so.6").unlink(), "root/libc.so.6 is missing"),
        (lambda folder: (folder / "root/libc.so.6").write_bytes(b"cut"), "libc.so.6 has changed"),
        (lambda folder: (folder / "root/libc.so").unlink(), "the link root/libc.so has changed"),
    ],
)
def test_damage_is_named(finished: tuple[Path, Path], harm: object, told: str) -> None:
    cache, folder = finished
    assert callable(harm)
    harm(folder)
    wrong = problem(ARM64, cache) or ""
    assert told in wrong
    assert "run: edgetag target setup arm64" in wrong


def test_a_machine_carried_to_another_architecture_is_to_be_set_up_there(
    finished: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, folder = finished
    installed = Installed.from_json((folder / MARKER).read_text(), "test")
    there = installed.replace(machine=platform.machine())
    there.write(folder / MARKER)
    assert problem(ARM64, cache) is None
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    wrong = problem(ARM64, cache) or ""
    assert "another architecture" in wrong
    assert "run: edgetag target setup arm64" in wrong


def test_an_emulator_that_was_taken_away_or_exchanged_is_seen(
    finished: tuple[Path, Path], tmp_path: Path
) -> None:
    cache, folder = finished
    qemu = tmp_path / "qemu-aarch64"
    qemu.write_bytes(b"one")
    installed = Installed.from_json((folder / MARKER).read_text(), "test")
    own = installed.replace(emulator=str(qemu), emulator_bytes=3)
    own.write(folder / MARKER)
    assert problem(ARM64, cache) is None
    qemu.write_bytes(b"other")
    assert "is another one now" in (problem(ARM64, cache) or "")
    qemu.unlink()
    assert "is gone" in (problem(ARM64, cache) or "")


@pytest.mark.slow
@pytest.mark.skipif(
    not (shutil.which("apt-get") and shutil.which("dpkg-deb")), reason="needs apt-get and dpkg-deb"
)
def test_packages_without_a_network_are_one_line_that_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{closed.getsockname()[1]}")
        apt = Apt("arm64", tmp_path / "apt")
        apt.update()
        with pytest.raises(InputError, match="there seems to be no network") as caught:
            apt.download(["libc6"])
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_wheels_without_a_network_are_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with socket.socket() as closed:  # bound and never listening: connections are refused
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{closed.getsockname()[1]}/simple")
        monkeypatch.setenv("PIP_RETRIES", "1")
        with pytest.raises(InputError, match=r"wheels of arm64 .* no network") as caught:
            install_wheels(ARM64, tmp_path / "site")
    assert "\n" not in str(caught.value)


def test_a_change_of_the_same_size_is_seen_when_setting_up(finished: tuple[Path, Path]) -> None:
    _, folder = finished
    installed = Installed.from_json((folder / MARKER).read_text(), "test")
    (folder / "root" / "libc.so.6").write_bytes(b"librarx")
    assert damage(installed, folder) is None
    assert damage(installed, folder, thorough=True) == "root/libc.so.6 has changed"


def test_bytecode_that_came_later_is_no_damage(finished: tuple[Path, Path]) -> None:
    _, folder = finished
    before = record_files(folder)
    (folder / "bytecode").mkdir()
    (folder / "bytecode" / "x.pyc").write_bytes(b"")
    assert record_files(folder) == before


@pytest.mark.slow
def test_a_system_without_apt_is_told_so(programs: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="apt-get is not on the PATH"):
        building.set_up(ARM64, tmp_path / "cache", SilentProgress())
    assert not list((tmp_path / "cache").glob("arm64-*")), "nothing half-built stays"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Err:1 Temporary failure resolving 'somewhere'", "no network"),
        ("E: Write error - write (28: No space left on device)", "no space left on the disk"),
        ("E: Unable to locate package libc6", "Unable to locate package libc6 for arm64"),
    ],
)
def test_why_apt_fails_is_one_line(programs: Path, tmp_path: Path, said: str, told: str) -> None:
    _program(programs, "dpkg-deb", "exit 0")
    _program(
        programs, "apt-get", f'case "$*" in *update*) exit 0;; esac; echo "{said}" >&2; exit 100'
    )
    apt = Apt("arm64", tmp_path / "apt")
    apt.update()
    with pytest.raises(InputError, match=told) as caught:
        apt.download(["libc6"])
    assert "\n" not in str(caught.value)


def test_lists_that_did_not_come_are_the_reason_for_a_missing_package(
    programs: Path, tmp_path: Path
) -> None:
    _program(programs, "dpkg-deb", "exit 0")
    script = (
        'case "$*" in *update*) echo "Could not resolve host"; exit 100;; esac; '
        'echo "E: Unable to locate package libc6"; exit 100'
    )
    _program(programs, "apt-get", script)
    apt = Apt("arm64", tmp_path / "apt")
    apt.update()
    with pytest.raises(InputError, match="no network"):
        apt.download(["libc6"])


def test_what_a_tool_says_cannot_write_to_the_terminal() -> None:
    assert "\x1b" not in str(explain("it failed", "E: \x1b[2Jboo"))


def test_a_machine_without_an_emulator_to_download_is_told_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(InputError, match="architecture, riscv64"):
        emulator.download("qemu-aarch64", tmp_path / "apt", tmp_path / "target")


def test_an_emulator_that_loads_no_plugins_is_passed_over(programs: Path) -> None:
    _program(programs, "qemu-aarch64", "echo '-cpu model -strace'")
    assert emulator.on_path("qemu-aarch64") is None
    _program(programs, "qemu-aarch64", "echo '-cpu model -plugin file'")
    assert emulator.on_path("qemu-aarch64") == str(programs / "qemu-aarch64")
