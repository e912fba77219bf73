"""Files measured on phones that are folders: figures, marks, and how far a phone's trouble goes."""

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgetag.errors import InputError
from edgetag.phones.benchmark import NOT_FLOAT32
from edgetag.phones.figures import DelegateName
from edgetag.phones.fixed_performance import fixed_performance
from edgetag.phones.problems import Problem
from edgetag.phones.settings import Options
from edgetag.phones.stage import list_phones
from edgetag.phones.state import identify
from edgetag.workspace import digest_file
from tests.phones.measuring import SETTINGS, Run, bench
from tests.phones.street import (
    OUTPUTS,
    PROPERTIES,
    FolderPhone,
    Street,
    make_run,
    only_phone,
    script,
    thermal,
)
from tests.support.run_folders import write_export


@pytest.mark.slow
def test_figures_of_every_file_are_kept_with_what_they_were_measured_on(
    street: Street, run_folder: Run
) -> None:
    phone = street.phone()
    result = bench(street, run_folder, replace(SETTINGS, threads=(1, 4), profile=True))
    assert result.failures == ()
    assert [(e.variant, e.threads) for e in result.results] == [
        ("fp32", 1),
        ("fp32", 4),
        ("int8", 1),
        ("int8", 4),
    ]
    first = result.results[0]
    assert first.sha256 == digest_file(run_folder[1].export / "fp32.tflite")
    assert result.benchmark_model_sha256 == digest_file(street.tool)
    assert result.phones[0].model == "Pixel 8"
    assert result.versions["adb"] == "1.0.41"
    # Times are those of the run without profiling.
    assert first.latency_ms.avg == pytest.approx(2.94227)
    assert {o.operator for o in first.operators if not o.within_delegate} == {
        "QUANTIZE",
        "DEQUANTIZE",
    }
    assert (first.throttled, first.notes) == (False, ())
    assert "SERIAL1" not in result.to_json()
    assert len(phone.runs) == 8


@pytest.mark.slow
def test_flags_reach_benchmark_model_as_they_were_asked_for(
    street: Street, run_folder: Run
) -> None:
    phone = street.phone()
    phone.benchmark(OUTPUTS / "2020_gpu.txt")
    settings = replace(SETTINGS, delegate="gpu", cores="f0", threads=(2,), profile=True)
    bench(street, run_folder, settings, variants=("int8",))
    timed, profiled = (set(line.split()) for line in phone.runs)
    flags = {
        "--num_threads=2",
        "--warmup_runs=5",
        "--num_runs=50",
        "--min_secs=0.5",
        "--max_secs=10",
        "--use_gpu=true",
        "--gpu_precision_loss_allowed=false",
        "--gpu-precision=fp32",
    }
    assert flags < timed
    assert not any("profiling" in flag for flag in timed)
    assert "--enable_op_profiling=true" in profiled
    command = bench(street, run_folder, settings, variants=("int8",)).results[0].command
    assert command.startswith("taskset f0 /data/local/tmp/edgetag/")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("delegate", "flag"), [("cpu", "--use_xnnpack=false"), ("xnnpack", "--use_xnnpack=true")]
)
def test_xnnpack_can_be_turned_on_and_off(
    street: Street, run_folder: Run, delegate: DelegateName, flag: str
) -> None:
    phone = street.phone()
    bench(street, run_folder, replace(SETTINGS, delegate=delegate), variants=("int8",))
    assert flag in phone.runs[0].split()


@pytest.mark.slow
def test_a_program_that_cannot_turn_xnnpack_off_is_not_taken_for_one_that_did(
    street: Street, run_folder: Run
) -> None:
    street.phone().benchmark(OUTPUTS / "litert2_cpu.txt")
    asked = bench(street, run_folder, replace(SETTINGS, delegate="cpu"), variants=("int8",))
    assert asked.results == ()
    assert "does not know --use_xnnpack=false" in asked.failures[0].reason
    assert asked.failures[0].requested == "cpu"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flag", "is_kept"), [("--num_threads=1", False), ("--min_secs=0.5", True)]
)
def test_figures_of_a_program_that_does_not_know_a_flag_say_so_and_of_threads_are_none(
    street: Street, run_folder: Run, flag: str, is_kept: bool
) -> None:
    warning = f"WARN: Unconsumed cmdline flags: {flag} --gpu-precision=fp32\n"
    street.phone().benchmark(warning + (OUTPUTS / "litert_xnnpack.txt").read_text())
    asked = bench(street, run_folder, variants=("int8",))
    said = [note for entry in asked.results for note in entry.notes]
    said += [failure.reason for failure in asked.failures]
    assert any(f"does not know {flag}" in line for line in said)
    assert bool(asked.results) is is_kept


@pytest.mark.slow
@pytest.mark.parametrize(
    ("output", "precision"),
    [
        ((OUTPUTS / "litert2_gpu.txt").read_text(), "float32"),
        ((OUTPUTS / "2020_gpu.txt").read_text(), None),
        (
            f"INFO: Allow lower precision in gpu: [0]\n{(OUTPUTS / '2020_gpu.txt').read_text()}",
            "float32",
        ),
    ],
    ids=["litert 2", "a build that does not say", "litert 1"],
)
def test_what_a_gpu_computed_in_is_recorded_where_the_build_tells_it(
    street: Street, run_folder: Run, output: str, precision: str | None
) -> None:
    street.phone().benchmark(output)
    (entry,) = bench(
        street, run_folder, replace(SETTINGS, delegate="gpu"), variants=("int8",)
    ).results
    assert entry.gpu_precision == precision
    assert (NOT_FLOAT32 in entry.notes) == (precision is None)


@pytest.mark.slow
def test_a_retrained_file_of_the_same_size_is_measured_and_not_the_old_one(
    street: Street, run_folder: Run
) -> None:
    phone = street.phone()
    before = bench(street, run_folder, variants=("int8",)).results[0]
    path = run_folder[1].export / "int8.tflite"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    write_export(run_folder[1])
    after = bench(street, run_folder, variants=("int8",)).results[0]
    assert after.size_bytes == before.size_bytes
    assert after.sha256 != before.sha256
    assert before.sha256 in phone.runs[0]
    assert after.sha256 in phone.runs[1]
    # The program itself was there already.
    assert len([name for name in street.pushes() if name.endswith(".bin")]) == 1


@pytest.mark.slow
def test_cleaning_leaves_only_what_is_needed_now(street: Street, run_folder: Run) -> None:
    phone = street.phone()
    bench(street, run_folder)
    assert len(phone.files) == 3
    bench(street, run_folder, variants=("int8",), clean=True)
    assert len(phone.files) == 2


@pytest.mark.slow
def test_a_hot_phone_is_measured_and_marked(street: Street, run_folder: Run) -> None:
    phone = street.phone()
    phone.answer("hot", thermal(3, 71.0))
    (phone.root / "after-run").write_text(
        'cat "$PHONE/answers/hot" > "$PHONE/answers/thermalservice"\n'
    )
    first, second = bench(street, run_folder).results
    assert first.before.thermal_status == 0
    assert first.after.thermal_status == 3
    assert second.before.thermal_status == 3
    assert first.throttled
    assert second.throttled
    assert first.after.temperatures_c == {"CPU0": 71.0}


@pytest.mark.slow
def test_a_program_for_another_instruction_set_is_refused_before_it_is_pushed(
    street: Street, run_folder: Run, tmp_path: Path
) -> None:
    phone = street.phone()
    phone.answer("getprop", PROPERTIES)
    tool = tmp_path / "linux_benchmark_model"
    tool.write_bytes(b"\x7fELF\x02\x01\x01".ljust(18, b"\0") + b"\x3e\0")
    (failure,) = bench(street, run_folder, tool=tool).failures
    assert failure.problem is Problem.WRONG_BINARY
    assert "built for x86_64, but the phone runs arm64-v8a" in failure.reason
    assert street.pushes() == []
    tool.write_bytes(b"\x7fELF\x02\x01\x01".ljust(18, b"\0") + b"\xb7\0")
    assert bench(street, run_folder, tool=tool).failures[0].problem is not Problem.WRONG_BINARY


HOSTILE = "\x1b[2J\x1b]0;owned\x07\u202e| a | b |\r\n::error::x\n[bold]" + "y" * 3000


def hostile(phone: FolderPhone) -> None:
    for name in ("thermalservice", "battery", "power", "trust", "low_power"):
        phone.answer(name, HOSTILE)
    phone.answer("getprop", f"[ro.product.model]: [{HOSTILE}]\n[ro.soc.model]: [\x1b[31mchip]\n")


@pytest.mark.slow
@pytest.mark.parametrize("code", [0, 1])
def test_hostile_answers_do_no_harm(street: Street, run_folder: Run, code: int) -> None:
    phone = street.phone()
    hostile(phone)
    phone.benchmark(f"{HOSTILE}\nERROR: {HOSTILE}\n", code)
    result = bench(street, run_folder)
    assert result.results == ()
    texts = [f.reason for f in result.failures] + [found.name for found in result.phones]
    assert len(texts) == 3
    for text in texts:
        assert text.isprintable()
        assert len(text) < 500


@pytest.mark.slow
def test_hostile_lines_beside_good_figures_do_no_harm(street: Street, run_folder: Run) -> None:
    phone = street.phone()
    hostile(phone)
    phone.benchmark(HOSTILE + "\n" + (OUTPUTS / "litert_xnnpack.txt").read_text() + HOSTILE)
    result = bench(street, run_folder)
    assert [entry.latency_ms.runs for entry in result.results] == [337, 337]
    assert result.results[0].notes == ("it tells no thermal status",)


def test_without_a_program_the_message_says_where_to_get_it(
    street: Street, run_folder: Run, tmp_path: Path
) -> None:
    street.phone()
    with pytest.raises(InputError, match="build it with Bazel"):
        bench(street, run_folder, tool=None)
    with pytest.raises(InputError, match="nightly build"):
        bench(street, run_folder, tool=tmp_path / "missing")


def test_an_unknown_file_and_a_changed_file_are_refused(street: Street, run_folder: Run) -> None:
    street.phone()
    with pytest.raises(InputError, match="lists no fp16, only fp32, int8; run: edgetag export"):
        bench(street, run_folder, variants=("fp16",))
    with (run_folder[1].export / "int8.tflite").open("ab") as file:
        file.write(b"x")
    with pytest.raises(InputError, match="has changed"):
        bench(street, run_folder)
    assert street.log == []


@pytest.mark.parametrize("more", [{"cores": "f0"}, {"profile": True}])
def test_what_benchmark_model_alone_can_do_is_refused_without_it(more: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="give --benchmark-model"):
        Options(replace(SETTINGS, **more), app="dev.edgetag.demo")


@pytest.mark.parametrize(
    "more", [{"threads": (1, 96)}, {"runs": 2_000_000}, {"warmup_runs": 2_000_000}]
)
def test_what_of_the_recipes_benchmark_is_too_much_for_a_phone_is_refused(
    more: dict[str, Any],
) -> None:
    (key,) = more
    with pytest.raises(InputError, match=f"set phones.{key} in the recipe"):
        replace(SETTINGS, **more)


def test_cores_that_are_no_mask_are_refused() -> None:
    with pytest.raises(InputError, match="give a mask in hex"):
        replace(SETTINGS, cores="f0; reboot")


def test_phones_are_listed_with_what_to_do_about_them(street: Street) -> None:
    street.phone("A1")
    street.phone("B2").describe("unauthorized")
    found = {phone.serial: phone for phone in list_phones().phones}
    assert (found["A1"].ready, found["A1"].detail) == (
        True,
        "Pixel 8, Google Tensor G3, Android 15",
    )
    assert not found["B2"].ready
    assert "accept the dialog" in found["B2"].detail


@pytest.mark.slow
def test_several_phones_work_at_the_same_time(street: Street, tmp_path: Path) -> None:
    folder = make_run(tmp_path)
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    serials = ("A1", "B2", "C3")
    everybody = " -a ".join(f"-e {meeting}/{serial}" for serial in serials)
    for serial in serials:
        # Each waits in its first run until all have come to theirs.
        (street.phone(serial).root / "after-run").write_text(
            f"> {meeting}/{serial}\n"
            f"n=0; while [ $n -lt 400 ] && ! [ {everybody} ]; do sleep 0.05; n=$((n + 1)); done\n"
            f"[ {everybody} ] || exit 1\n"
        )
    result = bench(street, folder, variants=("int8",))
    assert result.failures == ()
    assert len({entry.phone for entry in result.results}) == len(serials)


SET = "power set-fixed-performance-mode-enabled"


def test_a_phone_that_adb_reaches_in_two_ways_is_not_measured_twice_at_once(
    street: Street, run_folder: Run
) -> None:
    for serial in ("SERIAL1", "192.168.1.5:5555"):
        street.phone(serial).answer("getprop", PROPERTIES + "[ro.serialno]: [SERIAL1]\n")
    with pytest.raises(InputError, match="are one phone, which adb reaches in two ways"):
        bench(street, run_folder)
    assert street.pushes() == []


@pytest.mark.slow
def test_emulators_that_tell_the_same_serial_number_are_several_phones(
    street: Street, run_folder: Run
) -> None:
    for serial in ("emulator-5554", "emulator-5556"):
        street.phone(serial).answer("getprop", PROPERTIES + "[ro.serialno]: [EMULATOR36X1]\n")
    assert len(bench(street, run_folder).phones) == 2


@pytest.mark.slow
def test_a_phone_is_held_at_fixed_clocks_where_it_has_them_and_let_go(
    street: Street, run_folder: Run
) -> None:
    phone = street.phone()
    (record,) = bench(street, run_folder, variants=("int8",)).phones
    assert record.fixed_performance
    assert phone.asked_of_cmd == [f"{SET} true", f"{SET} false"]
    script(phone.root / "bin" / "cmd", "#!/bin/sh\necho 'Failed to set' >&2\nexit 255\n")
    (record,) = bench(street, run_folder, variants=("int8",)).phones
    assert record.fixed_performance is False


@pytest.mark.slow
@pytest.mark.parametrize(("wanted", "sdk", "told"), [(False, 35, None), (True, 29, False)])
def test_clocks_are_left_alone_where_nobody_wants_or_knows_it(
    street: Street, run_folder: Run, wanted: bool, sdk: int, told: bool | None
) -> None:
    phone = street.phone()
    phone.answer("getprop", PROPERTIES.replace("[35]", f"[{sdk}]"))
    settings = replace(SETTINGS, fixed_performance=wanted)
    (record,) = bench(street, run_folder, settings, variants=("int8",)).phones
    assert record.fixed_performance is told
    assert phone.asked_of_cmd == []


@pytest.mark.slow
def test_clocks_are_let_go_where_a_file_fails(street: Street, run_folder: Run) -> None:
    phone = street.phone()
    phone.benchmark(OUTPUTS / "failed_load.txt", 1)
    assert bench(street, run_folder).results == ()
    assert phone.asked_of_cmd[-1] == f"{SET} false"


@pytest.mark.slow
def test_clocks_are_let_go_where_somebody_stops_the_command(street: Street) -> None:
    """Ctrl-C ends all that adb does; a phone would stay slow until it is started again."""
    device = street.phone()
    phone = only_phone()
    record = identify(phone)
    with suppress(KeyboardInterrupt), fixed_performance(phone, record, wanted=True) as held:
        assert held
        phone.adb.cancelled.set()
        raise KeyboardInterrupt
    assert device.asked_of_cmd == [f"{SET} true", f"{SET} false"]


@pytest.mark.slow
def test_the_schema_is_that_of_phones(street: Street, run_folder: Run) -> None:
    street.phone()
    bench(street, run_folder)
    told = json.loads((run_folder[1].bench / "phones.json").read_text())
    assert told["schema"] == "edgetag.phones/1.10"
