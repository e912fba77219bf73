"""Scores and times of the demo app: what it answers is checked, and every failure has a line."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgetag.arrays import read_arrays
from edgetag.errors import InputError
from edgetag.phones.instrument import DEFAULT_PACKAGE
from edgetag.phones.problems import Problem
from edgetag.phones.result import PhonesResult
from edgetag.workspace import digest_file
from tests.phones.measuring import SETTINGS, Run
from tests.phones.measuring import bench as bench_all
from tests.phones.street import IMAGES, FolderPhone, Street, thermal

FILES = f"/storage/emulated/0/Android/media/{DEFAULT_PACKAGE}"
QUICK = replace(SETTINGS, warmup_runs=1, runs=10)


def bench(street: Street, folder: Run, **more: object) -> PhonesResult:
    more = {"settings": QUICK, "tool": None, "app": DEFAULT_PACKAGE, "images": 10} | more
    return bench_all(street, folder, **more)  # type: ignore[arg-type]


@pytest.mark.slow
def test_the_app_on_the_same_engine_gives_the_same_scores_and_times(
    street: Street, run_folder: Run
) -> None:
    device = street.phone()
    result = bench(street, run_folder, settings=replace(QUICK, rounds=2))
    assert result.failures == ()
    assert result.results == ()
    assert [entry.variant for entry in result.scores] == ["fp32", "int8"]
    for entry in result.scores:
        assert (entry.images, entry.lacking, entry.runner_sha256) == (10, 0, None)
        assert entry.max_difference < 1e-6
        assert entry.map == entry.host_map
        assert entry.engine is not None
        assert (entry.engine.label, entry.engine.self_test_family) == (
            "LiteRT 2.3.0, CPU",
            "litert",
        )
        kept = read_arrays(run_folder[1].root / entry.file)
        assert kept["scores"].shape == (10, 3)
        assert kept["identities"][[0, -1]].tolist() == ["id0", f"id{IMAGES - 1}"]
    for timed in result.apps:
        assert timed.sha256 == digest_file(run_folder[1].export / f"{timed.variant}.tflite")
        assert [one.runs for one in timed.rounds] == [5, 5]
        assert timed.latency_ms.runs == 10
        assert 0 < timed.latency_ms.p50 <= timed.latency_ms.p90 <= timed.latency_ms.p99
        assert not timed.throttled
        assert timed.cpusets == ("/top-app",)
        assert not any("/top-app" in note for note in timed.notes)
    # Neither jobs nor answers stay on the phone.
    assert sorted({name.rsplit(".", 1)[1] for name in device.files}) == ["npy", "tflite"]
    assert list((device.root / f"root{FILES}").iterdir()) == []


CRASHED = "INSTRUMENTATION_RESULT: shortMsg=Process crashed.\nINSTRUMENTATION_CODE: 0"
THROWN = (
    "INSTRUMENTATION_RESULT: shortMsg=java.lang.OutOfMemoryError\n"
    "INSTRUMENTATION_RESULT: longMsg=java.lang.OutOfMemoryError: Failed to allocate\n"
    "INSTRUMENTATION_CODE: 0"
)
REFUSED = "INSTRUMENTATION_RESULT: error=the model has 2 inputs\nINSTRUMENTATION_CODE: 0"
OUTSIDE = "INSTRUMENTATION_RESULT: scores={path}\nINSTRUMENTATION_CODE: -1"


def told(text: str) -> str:
    return f"cat <<'END'\n{text}\nEND"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "problem", "said"),
    [
        (CRASHED, Problem.CRASHED, "crashed: Process crashed."),
        (THROWN, Problem.CRASHED, "OutOfMemoryError: Failed to allocate"),
        ("INSTRUMENTATION_ABORTED: System has crashed.", Problem.CRASHED, "the system stopped it"),
        (REFUSED, Problem.FAILED, "the app says: the model has 2 inputs"),
        (
            "INSTRUMENTATION_RESULT: error=write failed: No space left on device\n"
            "INSTRUMENTATION_CODE: 0",
            Problem.FULL,
            "no space is left",
        ),
        (
            "android.util.AndroidException: INSTRUMENTATION_FAILED: dev.edgetag.demo/.Headless",
            Problem.NOT_INSTALLED,
            "adb install",
        ),
        ("", Problem.WRONG_OUTPUT, "gives no answer: it printed nothing"),
        ("INSTRUMENTATION_CODE: -1", Problem.WRONG_OUTPUT, "gives no answer"),
        (OUTSIDE.format(path="/data/local/tmp/x.json"), Problem.WRONG_OUTPUT, "outside its own"),
        (
            OUTSIDE.format(path=f"{FILES}/../../../secret.json"),
            Problem.WRONG_OUTPUT,
            "outside its own",
        ),
        (OUTSIDE.format(path=f"{FILES}/gone.json"), Problem.WRONG_OUTPUT, "left no file"),
    ],
)
def test_what_the_app_or_android_says_is_told(
    street: Street, run_folder: Run, text: str, problem: Problem, said: str
) -> None:
    street.phone().am(told(text))
    result = bench(street, run_folder, variants=("int8",))
    assert (result.apps, result.scores) == ((), ())
    (failure,) = result.failures  # what failed is not tried a second time
    assert failure.problem is problem
    assert said in failure.reason


@pytest.mark.slow
def test_an_app_that_is_not_installed_is_said_once(street: Street, run_folder: Run) -> None:
    street.phone().app(installed=())
    (failure,) = bench(street, run_folder).failures
    assert (failure.problem, failure.variant) == (Problem.NOT_INSTALLED, None)
    assert "adb install" in failure.reason


@pytest.mark.slow
def test_an_app_that_hangs_is_stopped_and_the_other_phone_is_kept(
    street: Street, run_folder: Run
) -> None:
    phone = street.phone()
    phone.am('case "$1" in instrument) exec sleep 60;; esac')
    result = bench(street, run_folder, settings=replace(QUICK, limit_s=1.0), variants=("int8",))
    assert {failure.problem for failure in result.failures} == {Problem.TIMED_OUT}
    assert f"the app {DEFAULT_PACKAGE}: no end after 1 s" in result.failures[0].reason
    assert f"force-stop {DEFAULT_PACKAGE}" in phone.asked_of_am


@pytest.mark.slow
@pytest.mark.parametrize("package", ["", "demo", "a.b; reboot", "a.b/.C", "x" * 300 + ".y"])
def test_what_is_no_id_of_an_app_is_refused(street: Street, run_folder: Run, package: str) -> None:
    street.phone()
    with pytest.raises(InputError, match="not an app's id"):
        bench(street, run_folder, app=package)
    assert street.log == []


ENGINE = {
    "name": "LiteRT",
    "version": "2.3.0",
    "threads": 1,
    "delegate": "cpu",
    "requested_delegate": "gpu",
    "fell_back": "no OpenCL",
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("delegate", "answer", "problem", "said"),
    [
        ("gpu", {"engine": ENGINE}, Problem.FELL_BACK, "ran on the CPU: no OpenCL"),
        (
            "cpu",
            {"self_test": {"passed": False, "family": None, "max_difference": 0.7}},
            Problem.SELF_TEST,
            "largest difference 0.7",
        ),
        ("cpu", {"latency_ms": None}, Problem.WRONG_OUTPUT, "was to time the file"),
    ],
)
def test_an_answer_that_is_not_what_was_asked_for_is_no_result(
    street: Street,
    run_folder: Run,
    delegate: str,
    answer: dict[str, Any],
    problem: Problem,
    said: str,
) -> None:
    street.phone().app(**answer)
    settings = replace(QUICK, delegate=delegate)  # type: ignore[arg-type]
    result = bench(street, run_folder, settings=settings, variants=("int8",), images=1)
    assert result.apps == ()
    assert result.scores == ()
    (failure,) = result.failures
    assert failure.problem is problem
    assert said in failure.reason


def image(name: str, **more: object) -> dict[str, object]:
    return {"name": name} | more


@pytest.mark.slow
def test_images_without_scores_are_told_and_the_others_are_kept(
    street: Street, run_folder: Run
) -> None:
    phone = street.phone()
    phone.app(images=[image("0", scores=[0.1, 0.2, 0.3])])
    only = bench(street, run_folder, variants=("int8",), images=1, time_app=False)
    assert only.failures == ()
    phone.app(images=[image("1", scores=[0.1, 0.2, 0.3]), image("0", error="bad \x1b[2J pixels")])
    result = bench(street, run_folder, variants=("int8",), images=2, time_app=False)
    (scores,) = result.scores
    assert (scores.images, scores.lacking) == (1, 1)
    kept = read_arrays(run_folder[1].root / scores.file)
    assert kept["identities"].tolist() == [f"id{IMAGES - 1}"]
    (lacking,) = result.failures
    assert "1 of 2 images have no scores" in lacking.reason
    assert lacking.reason.isprintable()


@pytest.mark.slow
def test_a_throttled_phone_marks_the_times_of_the_app(street: Street, run_folder: Run) -> None:
    street.phone().answer("thermalservice", thermal(3, 66))
    (timed,) = bench(street, run_folder, variants=("int8",), images=1).apps
    assert timed.throttled
    assert any(note.startswith("throttled") for note in timed.notes)


@pytest.mark.slow
def test_a_phone_lost_in_the_app_leaves_the_others_alone(street: Street, run_folder: Run) -> None:
    street.phone("GOOD")
    street.phone("BAD").describe(kind="unplugged", verb="shell", containing="am instrument")
    result = bench(street, run_folder, variants=("int8",), images=2)
    (failure,) = result.failures
    assert failure.problem is Problem.DISCONNECTED
    assert len(result.apps) == len(result.scores) == 1
    assert result.scores[0].phone != failure.phone


@pytest.mark.slow
def test_a_huge_answer_is_not_copied(street: Street, run_folder: Run, tmp_path: Path) -> None:
    def huge(phone: FolderPhone) -> None:
        folder = phone.root / f"root{FILES}"
        folder.mkdir(parents=True)
        with (folder / "big.json").open("wb") as file:
            file.truncate(1 << 30)

    phone = street.phone()
    huge(phone)
    phone.am(told(OUTSIDE.format(path=f"{FILES}/big.json")))
    result = bench(street, run_folder, variants=("int8",))
    assert all("make sense" in failure.reason for failure in result.failures)
    assert not any(line[1] == "pull" for line in street.log)
