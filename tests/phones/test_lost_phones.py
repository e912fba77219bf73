"""How far the trouble of one phone, or of one file on it, reaches."""

from contextlib import ExitStack
from dataclasses import replace

import pytest

from edgetag.errors import InputError
from edgetag.phones.current import read_current
from edgetag.phones.figures import DelegateName
from edgetag.phones.holding import alone_on
from edgetag.phones.listing import Listed
from edgetag.phones.problems import Problem
from edgetag.phones.result import PhonesResult
from edgetag.phones.settings import Options
from edgetag.phones.stage import run
from edgetag.workspace import digest_file
from tests.phones.measuring import SETTINGS, Run, bench
from tests.phones.street import OUTPUTS, Street
from tests.support.small_run import Lines


def fell_back(street: Street, folder: Run, output: str, delegate: DelegateName) -> PhonesResult:
    street.phone().benchmark(OUTPUTS / f"{output}.txt")
    return bench(street, folder, replace(SETTINGS, delegate=delegate))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("output", "delegate"),
    [
        ("gpu_not_executed", "gpu"),
        ("gpu_undone", "gpu"),
        ("gpu_silent", "gpu"),
        ("xnnpack_not_executed", "xnnpack"),
    ],
)
def test_times_of_a_run_that_fell_back_to_the_cpu_are_not_kept(
    street: Street, run_folder: Run, output: str, delegate: DelegateName
) -> None:
    result = fell_back(street, run_folder, output, delegate)
    assert result.results == ()
    assert {(f.variant, f.problem) for f in result.failures} == {
        ("fp32", Problem.FELL_BACK),
        ("int8", Problem.FELL_BACK),
    }


def other_phones_results_are_kept(result: PhonesResult, problem: Problem) -> str:
    """Check that one phone gave all, and return what is said of the other."""
    (failure,) = result.failures
    assert failure.problem is problem
    assert {entry.variant for entry in result.results if entry.phone != failure.phone} == {
        "fp32",
        "int8",
    }
    return failure.reason


@pytest.mark.slow
@pytest.mark.parametrize(
    ("state", "problem", "advice"),
    [
        ("unauthorized", Problem.UNAUTHORIZED, "accept the dialog"),
        ("offline", Problem.OFFLINE, "adb reconnect"),
    ],
)
def test_a_phone_that_takes_no_commands_leaves_the_others_alone(
    street: Street, run_folder: Run, state: str, problem: Problem, advice: str
) -> None:
    street.phone("GOOD")
    street.phone("BAD").describe(state)
    assert advice in other_phones_results_are_kept(bench(street, run_folder), problem)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("trouble", "problem", "advice"),
    [
        ({"kind": "unplugged", "verb": "push"}, Problem.DISCONNECTED, "check the cable"),
        (
            {"kind": "unplugged", "verb": "shell", "containing": "getprop"},
            Problem.DISCONNECTED,
            "check the cable",
        ),
        (
            {"kind": "unplugged", "verb": "shell", "containing": "--graph"},
            Problem.DISCONNECTED,
            "check the cable",
        ),
        ({"kind": "full", "verb": "push", "containing": ".tflite"}, Problem.FULL, "--clean"),
        ({"kind": "encrypted", "verb": "push"}, Problem.LOCKED, "unlock it once"),
    ],
    ids=[
        "unplugged in a push",
        "unplugged at the start",
        "unplugged in a run",
        "full",
        "encrypted",
    ],
)
def test_a_phone_that_is_lost_on_the_way_leaves_the_others_alone(
    street: Street, run_folder: Run, trouble: dict[str, str], problem: Problem, advice: str
) -> None:
    street.phone("GOOD")
    street.phone("BAD").describe(**trouble)
    assert advice in other_phones_results_are_kept(bench(street, run_folder), problem)


@pytest.mark.slow
def test_what_a_phone_measured_before_it_was_unplugged_is_kept(
    street: Street, run_folder: Run
) -> None:
    int8 = digest_file(run_folder[1].export / "int8.tflite")
    street.phone().describe(
        kind="unplugged", verb="shell", containing=f"--graph=/data/local/tmp/edgetag/{int8}"
    )
    result = bench(street, run_folder)
    assert [entry.variant for entry in result.results] == ["fp32"]
    assert [(f.variant, f.problem) for f in result.failures] == [("int8", Problem.DISCONNECTED)]


@pytest.mark.slow
@pytest.mark.parametrize("trouble", ["unauthorized", "held"])
def test_a_phone_on_which_nothing_was_tried_keeps_what_it_measured_before(
    street: Street, run_folder: Run, trouble: str
) -> None:
    phone = street.phone()
    measured = bench(street, run_folder, variants=("int8",))
    with ExitStack() as stack:
        if trouble == "held":
            stack.enter_context(alone_on(Listed(phone.serial, "device", "")))
        else:
            phone.describe(trouble)
        again = bench(street, run_folder, variants=("int8",))
    assert (again.results, again.phones) == (measured.results, measured.phones)
    (failure,) = again.failures
    assert {"unauthorized": "accept the dialog", "held": "another edgetag command"}[trouble] in (
        failure.reason
    )


@pytest.mark.slow
def test_a_file_whose_turn_did_not_come_keeps_what_was_measured_before(
    street: Street, run_folder: Run
) -> None:
    phone = street.phone()
    first, last = bench(street, run_folder).results
    phone.describe(kind="unplugged", verb="shell", containing=first.sha256)
    again = bench(street, run_folder)
    assert again.results == (last,)
    assert [failure.variant for failure in again.failures] == [first.variant]


class Stopping(Lines):
    """Stops the command at the first line of a phone's trouble."""

    def say(self, message: str) -> None:
        if "Failed to load model" in message:
            raise InputError("stopped")
        super().say(message)


@pytest.mark.slow
def test_what_a_phone_gave_is_kept_where_the_command_is_stopped_at_another_one(
    street: Street, run_folder: Run
) -> None:
    done, other = street.phone("DONE"), street.phone("OTHER")
    other.benchmark(OUTPUTS / "failed_load.txt", 1)
    let_go = f"case $(cat {done.root}/cmd) in *false*) break;; esac"
    (other.root / "after-run").write_text(f"while :; do {let_go}; sleep 0.1; done\n")
    options = Options(SETTINGS, tool=street.tool)
    with pytest.raises(InputError, match="stopped"):
        run(*run_folder, Stopping(), options)
    kept = read_current(run_folder[1])
    assert kept is not None
    assert [(entry.phone, entry.variant) for entry in kept.results] == [
        (Listed("DONE", "device", "").id, variant) for variant in ("fp32", "int8")
    ]


@pytest.mark.slow
def test_an_output_cut_short_at_any_line_is_never_a_figure(street: Street, run_folder: Run) -> None:
    phone = street.phone()
    text = (OUTPUTS / "litert_xnnpack.txt").read_text()
    whole = text.index("INFO: Inference timings")
    for end in (0, 200, whole // 2, whole - 1):
        phone.benchmark(text[:end])
        result = bench(street, run_folder, variants=("int8",))
        assert result.results == ()
        assert result.failures[0].problem is Problem.BENCHMARK_FAILED


@pytest.mark.slow
@pytest.mark.parametrize(
    ("output", "code", "problem", "said"),
    [
        ("failed_load", 1, Problem.BENCHMARK_FAILED, "Failed to load model"),
        ("failed_gpu", 1, Problem.BENCHMARK_FAILED, "Failed to apply GPU delegate"),
        ("litert_xnnpack", 139, Problem.CRASHED, "signal 11"),
    ],
)
def test_a_file_that_fails_says_why_and_the_next_one_is_tried(
    street: Street, run_folder: Run, output: str, code: int, problem: Problem, said: str
) -> None:
    street.phone().benchmark(OUTPUTS / f"{output}.txt", code)
    result = bench(street, run_folder)
    assert [(f.variant, f.problem) for f in result.failures] == [
        ("fp32", problem),
        ("int8", problem),
    ]
    assert all(said in f.reason for f in result.failures)


@pytest.mark.slow
def test_a_run_that_hangs_costs_its_time_limit_and_no_more(street: Street, run_folder: Run) -> None:
    phone = street.phone()
    slow = digest_file(run_folder[1].export / "fp32.tflite")
    (phone.root / "after-run").write_text(f"case $graph in *{slow}*) exec sleep 60;; esac\n")
    result = bench(street, run_folder, replace(SETTINGS, limit_s=1.5))
    assert [(f.variant, f.problem) for f in result.failures] == [("fp32", Problem.TIMED_OUT)]
    assert [entry.variant for entry in result.results] == ["int8"]
