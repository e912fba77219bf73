"""The doctor says what is there, and lets nothing that hangs or lies hold it up."""

import io
import sys
from importlib import metadata
from pathlib import Path

import pytest
from rich.console import Console

from edgetag import doctor
from edgetag.doctor import Component, DoctorReport
from edgetag.phones.listing import parse_devices
from edgetag.runtimes.emulation.machines import ARM64
from edgetag.tables import to_rich
from tests.support.programs import captured


@pytest.fixture(scope="module")
def report() -> DoctorReport:
    return doctor.examine()


def _program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that is the whole PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def _named(parts: tuple[Component, ...], name: str) -> Component:
    return next(part for part in parts if part.name == name)


@pytest.mark.slow
def test_engines_of_the_float_network_are_listed_with_what_installs_them(
    report: DoctorReport,
) -> None:
    assert [part.name for part in report.desktop] == ["ONNX Runtime", "PyTorch"]
    for part in report.desktop:
        if part.state == "ok":
            assert part.version
        else:
            assert "install with: pip install " in part.detail


@pytest.mark.slow
def test_litert_is_found_with_its_version(report: DoctorReport) -> None:
    litert = _named(report.runtimes, "litert")
    assert litert.state == "ok"
    assert litert.version == metadata.version("ai-edge-litert")


@pytest.mark.slow
def test_the_report_survives_json(report: DoctorReport) -> None:
    assert DoctorReport.from_json(report.to_json(), "test") == report


def test_the_tables_show_every_part(report: DoctorReport) -> None:
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(*(to_rich(table) for table in report.tables()))
    text = console.export_text()
    for part in report.parts:
        assert part.name in text
    assert report.machine.cpu in text


@pytest.mark.slow
def test_examining_never_imports_tensorflow() -> None:
    code = (
        "import sys; from edgetag import doctor; doctor.examine();"
        "print('tensorflow' in sys.modules)"
    )
    shown = captured([sys.executable, "-c", code], check=True)
    assert shown.stdout == "False\n"


def test_a_package_that_is_not_installed_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "path", [])  # nothing is found any more
    for part in doctor._training():
        assert part.state == "missing"
        assert "edgetag[train]" in part.detail


@pytest.mark.slow
def test_a_program_that_hangs_is_broken_not_waited_for(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "TIMEOUT_S", 0.3)
    for name in ("adb", "nvidia-smi", "npm"):
        _program(programs, name, "exec /bin/sleep 600")
    report = doctor.examine()
    assert _named(report.phones, "Android phone").state == "broken"
    assert _named(report.accelerators, "GPU").state == "broken"
    assert _named(report.tools, "npm").state == "broken"
    assert _named(report.tools, "node").state == "missing"
    bench = next(item for item in report.abilities if "data fetch" in item.name)
    assert not bench.able
    assert "apt-get" in bench.detail


def test_a_gpu_is_named_by_its_driver(programs: Path) -> None:
    _program(programs, "nvidia-smi", "echo 'NVIDIA L4, 23034 MiB, 550.54'")
    gpu = doctor._gpu()
    assert gpu.state == "ok"
    assert "NVIDIA L4" in gpu.detail
    assert gpu.version == "550.54"


def test_a_driver_that_fails_is_quoted(programs: Path) -> None:
    _program(programs, "nvidia-smi", "echo 'NVIDIA-SMI has failed' >&2; exit 9")
    assert doctor._gpu().state == "broken"
    assert "has failed" in doctor._gpu().detail


def test_the_emulator_gives_its_version(programs: Path) -> None:
    _program(programs, "qemu-aarch64-static", "echo 'qemu-aarch64 version 7.2.15 (Debian)'")
    assert doctor._emulator().version == "7.2.15"


def test_a_phone_is_named_and_its_serial_number_is_not() -> None:
    text = "List of devices attached\n0A1B2C3D  device usb:1-1 product:p model:Pixel_4 device:f\n\n"
    phone = doctor.phones_from_adb(parse_devices(text))
    assert phone.state == "ok"
    assert phone.detail == "Pixel 4"
    assert "0A1B2C3D" not in phone.model_dump_json()


def test_a_locked_phone_says_what_to_do() -> None:
    phone = doctor.phones_from_adb(parse_devices("X  unauthorized usb:1-1\n"))
    assert phone.state == "broken"
    assert "allow USB debugging" in phone.detail


def test_no_phone_is_missing() -> None:
    assert doctor.phones_from_adb(parse_devices("List of devices attached\n\n")).state == "missing"


def test_an_emulated_machine_that_is_not_set_up_says_how_to(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EDGETAG_TARGETS", str(tmp_path))
    part = _named(doctor._elsewhere(), "emulated arm64")
    assert part.state == "missing"
    assert "edgetag target setup arm64" in part.detail
    ARM64.folder(tmp_path).mkdir()
    assert _named(doctor._elsewhere(), "emulated arm64").state == "broken"


def test_webassembly_says_what_it_lacks_and_what_to_type(
    programs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EDGETAG_TARGETS", str(tmp_path))
    part = _named(doctor._elsewhere(), "wasm")
    assert part.state == "missing"
    assert "node is not installed" in part.detail
    assert "edgetag target setup wasm" in part.detail
