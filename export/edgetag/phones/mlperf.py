"""Runs of MLPerf on phones: the logs of its LoadGen, and the file of its mobile app.

- `mlperf_log_summary.txt` is for people, `mlperf_log_detail.txt` has the same figures as one JSON
  object a line behind `:::MLLOG` (`loadgen/results.cc` and `logging.cc` in mlcommons/inference).
  Neither names the phone or the model: the folders do, as results are handed in to MLPerf:
  `PHONE/MODEL/SingleStream/log_performance/`. What a submitter's evaluation of the accuracy run
  says is in `log_accuracy/accuracy.txt` beside it: `accuracy=76.014%, good=38007, total=50000`
  (`accuracy-imagenet.py` there). `mlperf_log_accuracy.json` has answers without labels, so it
  tells no accuracy by itself.
- `result.json` of the app (mlcommons/mobile_app_open) names both, and has the accuracy.

Of both only runs of one picture after another are read (`SingleStream`): what `Offline` times is
a batch of thousands.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from edgetag.errors import InputError
from edgetag.phones.elsewhere import Amount, Count, MeasuredElsewhere, ReadPart, Share, Word
from edgetag.phones.figures import Delegation
from edgetag.records import first_problem
from edgetag.tables.text import printable
from edgetag.userfiles import read_file

SCENARIO = "SingleStream"
SUMMARY_NAME, DETAIL_NAME = "mlperf_log_summary.txt", "mlperf_log_detail.txt"
SUMMARY_TITLE = b"MLPerf Results Summary"
DETAIL_MARK = b":::MLLOG "
CLASSIFICATION = "image_classification"
LONGEST_LINE = 2_000
LONGEST_NAME = 100
ACCURACY_PLACES = ("log_accuracy", "accuracy")
"""Of results of phones, and of those of computers."""

MOST_ACCURACY_BYTES = 1 << 20
INVALID = "MLPerf calls the run invalid: too short, or too few inferences"

_LINE = re.compile(r"^([A-Za-z0-9.() ]{1,60}?) *: (\S.*)$")
_ACCURACY = re.compile(rb"^accuracy=([0-9]{1,3}(?:\.[0-9]{1,12})?)%", re.MULTILINE)
_COUNT = re.compile(r"[0-9]{1,15}")
_QUERIES = re.compile(r"^ \* Processed at least [0-9]{1,9} queries \(([0-9]{1,9})\)")
_PERCENTILES = ("{} percentile latency (ns)", "result_{}_percentile_latency_ns")
"""How the two logs call a percentile."""


def is_summary(content: bytes) -> bool:
    """Return whether this looks like LoadGen's summary."""
    return SUMMARY_TITLE in content[:1000]


def is_detail(content: bytes) -> bool:
    """Return whether this looks like LoadGen's detailed log."""
    return content.startswith(DETAIL_MARK)


def is_told_by_another(path: Path, paths: Sequence[Path]) -> bool:
    """Return whether this is the summary of a run whose detailed log is given too."""
    return path.name == SUMMARY_NAME and path.with_name(DETAIL_NAME) in paths


def read_summary(content: bytes, path: Path) -> MeasuredElsewhere:
    """Return the figures of `mlperf_log_summary.txt`.

    Raises:
        InputError: It times no single pictures, or its folders do not name phone and model.
    """
    values: dict[str, str] = {}
    for line in content.decode("utf-8", errors="replace").splitlines():
        if match := _LINE.match(line[:LONGEST_LINE]):
            values.setdefault(match[1], match[2])
        elif match := _QUERIES.match(line[:LONGEST_LINE]):
            values["queries"] = match[1]
    return _of_log(
        path,
        scenario=values.get("Scenario", ""),
        mode=values.get("Mode", ""),
        engine=values.get("SUT name", ""),
        is_valid=values.get("Result is") == "VALID",
        queries=values.get("queries"),
        values=values,
    )


def read_detail(content: bytes, path: Path) -> MeasuredElsewhere:
    """Return the figures of `mlperf_log_detail.txt`.

    Raises:
        InputError: It times no single pictures, or its folders do not name phone and model.
    """
    values: dict[str, str] = {}
    for line in content.splitlines():
        if line.startswith(DETAIL_MARK):
            entry = _entry(line.removeprefix(DETAIL_MARK), path)
            values[str(entry.get("key"))] = str(entry.get("value"))[:LONGEST_LINE]
    return _of_log(
        path,
        scenario=values.get("effective_scenario", ""),
        mode=values.get("effective_test_mode", ""),
        engine=values.get("sut_name", ""),
        is_valid=values.get("result_validity") == "VALID",
        queries=values.get("result_query_count"),
        values=values,
        date=values.get("test_datetime", ""),
    )


def _entry(text: bytes, path: Path) -> dict[str, object]:
    try:
        entry = json.loads(text)
    except (ValueError, RecursionError):
        raise InputError(f"{path}: a line behind :::MLLOG is no JSON; copy the log again") from None
    return entry if isinstance(entry, dict) else {}


def _of_log(
    path: Path,
    *,
    scenario: str,
    mode: str,
    engine: str,
    is_valid: bool,
    queries: str | None,
    values: dict[str, str],
    date: str = "",
) -> MeasuredElsewhere:
    if scenario.replace(" ", "") != SCENARIO or not mode.startswith("Performance"):
        raise InputError(
            f"{path}: it times no single pictures (scenario {scenario or 'unknown'}, mode "
            f"{mode or 'unknown'}); give the log of a performance run of {SCENARIO}"
        )
    phone, model, folder = _folders(path)
    runtime, accuracy = printable(engine[:LONGEST_NAME]), _accuracy(folder)
    return MeasuredElsewhere(
        source="MLPerf",
        id=f"{phone}/{model}/{SCENARIO}/{runtime}",
        phone=phone,
        file=model,
        runtime=runtime,
        accelerator="",
        runs=_count(queries),
        p50_ms=_percentile(values, "50.00"),
        p90_ms=_percentile(values, "90.00"),
        p95_ms=_percentile(values, "95.00"),
        accuracy=accuracy,
        accuracy_kind="" if accuracy is None else "top-1",
        date=printable(date)[:40],
        notes=() if is_valid else (INVALID,),
    )


def _accuracy(folder: Path) -> float | None:
    """Return what a submitter's evaluation of a run says, 0..1; None where there is none."""
    for place in ACCURACY_PLACES:
        path = folder / place / "accuracy.txt"
        try:
            content = read_file(path, "submitter's accuracy", MOST_ACCURACY_BYTES)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise InputError(f"{path}: {error.strerror}") from None
        match = _ACCURACY.search(content)
        percent = float(match[1]) if match else None
        return percent / 100 if percent is not None and percent <= 100 else None
    return None


def _folders(path: Path) -> tuple[str, str, Path]:
    """Return phone and model by the folders that a log lies in, and the folder of its scenario."""
    folders = path.resolve().parent.parts
    places = [at for at, name in enumerate(folders) if name.replace("_", "") == SCENARIO]
    if not places or places[-1] < 3:
        raise InputError(
            f"{path}: a log of LoadGen names no phone and no model; put it where MLPerf has it: "
            f"PHONE/MODEL/{SCENARIO}/log_performance/{path.name}"
        )
    phone, model = folders[places[-1] - 2 : places[-1]]
    return printable(phone), printable(model), Path(*folders[: places[-1] + 1])


def _percentile(values: dict[str, str], percent: str) -> float | None:
    texts = (values.get(name.format(percent)) for name in _PERCENTILES)
    text = next((text for text in texts if text is not None), "")
    nanoseconds = _count(text)
    return None if nanoseconds is None else nanoseconds / 1e6


def _count(text: str | None) -> int | None:
    return int(text) if text and _COUNT.fullmatch(text) else None


class _Accuracy(ReadPart):
    normalized: Share


class _Loadgen(ReadPart):
    query_count: Count
    latency90: Amount
    is_result_valid: bool


class _Run(ReadPart):
    accuracy: _Accuracy | None = None
    loadgen: _Loadgen | None = None
    start_datetime: Word = ""


class _Setting(ReadPart):
    id: Word
    value: Word


class _Backend(ReadPart):
    accelerator_code: Word
    framework: Word
    delegate: Word = ""
    model_path: Word
    extra_settings: tuple[_Setting, ...] = ()


class _Benchmark(ReadPart):
    benchmark_id: Word
    loadgen_scenario: Word
    backend_settings: _Backend
    performance_run: _Run | None = None
    accuracy_run: _Run | None = None


class _System(ReadPart):
    os_version: Word
    model_name: Word = ""
    manufacturer: Word = ""


class _Systems(ReadPart):
    android: _System | None = None
    ios: _System | None = None


class _Environment(ReadPart):
    platform: Word
    value: _Systems


class _Meta(ReadPart):
    uuid: Word


class _MobileResult(ReadPart):
    meta: _Meta
    results: tuple[_Benchmark, ...]
    environment_info: _Environment


def is_mobile_result(content: bytes) -> bool:
    """Return whether this looks like the result of MLPerf's mobile app."""
    return b'"environment_info"' in content and b'"loadgen_scenario"' in content


def read_mobile_result(content: bytes, path: Path) -> tuple[MeasuredElsewhere, ...]:
    """Return the figures of the image classifiers in the result of MLPerf's mobile app.

    Raises:
        InputError: It is damaged, or classified no images one by one on a phone.
    """
    try:
        result = _MobileResult.model_validate_json(content)
    except ValidationError as error:
        raise InputError(f"{path}: {first_problem(error)}; copy the result again") from None
    system = result.environment_info.value.android or result.environment_info.value.ios
    figures = [
        _of_app(result, benchmark, run, system)
        for benchmark in result.results
        if (run := benchmark.performance_run) is not None and _is_read(benchmark)
        if system is not None
    ]
    if not figures:
        raise InputError(f"{path}: no {CLASSIFICATION} in {SCENARIO} on a phone; nothing to read")
    return tuple(figures)


def _is_read(benchmark: _Benchmark) -> bool:
    is_classifier = benchmark.benchmark_id.startswith(CLASSIFICATION)
    return is_classifier and benchmark.loadgen_scenario == SCENARIO


def _of_app(
    result: _MobileResult, benchmark: _Benchmark, run: _Run, system: _System
) -> MeasuredElsewhere:
    backend, timed = benchmark.backend_settings, run.loadgen
    accuracy = benchmark.accuracy_run.accuracy if benchmark.accuracy_run else None
    threads = [entry.value for entry in backend.extra_settings if entry.id == "num_threads"]
    name = " ".join(part for part in (system.manufacturer, system.model_name) if part)
    delegation = Delegation(delegate=backend.delegate, taken="unknown")
    return MeasuredElsewhere(
        source="MLPerf",
        id=f"{result.meta.uuid}/{benchmark.benchmark_id}",
        phone=f"{name or 'phone'}, {result.environment_info.platform} {system.os_version}",
        file=backend.model_path.rpartition("/")[2],
        runtime=backend.framework,
        accelerator=backend.accelerator_code,
        threads=_count(threads[0]) if threads else None,
        runs=timed.query_count if timed else None,
        p50_ms=None,
        p90_ms=timed.latency90 * 1000 if timed else None,
        p95_ms=None,
        delegations=(delegation,) if backend.delegate else (),
        accuracy=accuracy.normalized if accuracy else None,
        accuracy_kind="top-1" if accuracy else "",
        date=run.start_datetime,
        notes=(INVALID,) if timed and not timed.is_result_valid else (),
    )
