"""Figures of phones as rows of LiteRT's public leaderboard.

The rows are those of `benchmark/leaderboard/data/measurements.jsonl` in google-ai-edge's
litert-samples: one JSON object a line for each file, phone and accelerator. What benchmark_model
did not tell is null.
"""

from collections.abc import Iterator
from typing import Literal

from edgetag import __version__
from edgetag.errors import InputError
from edgetag.phones.delegates import CALLED
from edgetag.phones.figures import Delegation, PhoneMeasurement, PhoneScores
from edgetag.phones.result import PhoneRecord, PhonesResult
from edgetag.records import Record

BYTES_PER_MB = 1e6


class RowLatency(Record):
    """Milliseconds of one inference over all rounds, and of what comes before."""

    median: float | None
    avg: float
    p5: float | None
    p95: float | None
    min: float
    max: float
    stddev: float | None
    init: float
    first_inference: float | None
    warm_up_avg: float | None


class RowMemory(Record):
    """Growth of memory as benchmark_model prints it, in MB."""

    init_footprint: float | None
    overall_footprint: float | None


class RowOfEdgetag(Record):
    """What a row of the leaderboard has no name for.

    Attributes:
        sha256: Of the file.
        threads: Given to benchmark_model.
        rounds: Medians of each round, in milliseconds.
        throttled: Whether the phone was slowing itself down at any of its rounds.
        fixed_performance: Whether its clocks were held; None where nobody asked.
        notes: What speaks against the figures.
        map: Mean average precision of the scores that the phone gave there, None without any,
        host_map: and of LiteRT's here, of the same pictures.
        pictures: How many.
    """

    sha256: str
    threads: int
    rounds: tuple[float | None, ...]
    throttled: bool
    fixed_performance: bool | None
    notes: tuple[str, ...]
    map: float | None
    host_map: float | None
    pictures: int


class Row(Record):
    """A line; names are the leaderboard's."""

    row_id: str
    model: str
    file: str
    task: Literal["image-classification"] = "image-classification"
    model_size_mb: float
    platform: Literal["android"] = "android"
    device_id: str
    device: str
    os: str
    accelerator: Literal["cpu", "gpu"]
    delegate: str | None
    nodes_delegated: int | None
    nodes_total: int | None
    partitions: int | None
    latency_ms: RowLatency
    memory_mb: RowMemory
    runs: int
    warmup_runs: None = None
    throughput_mb_s: None = None
    source: Literal["log"] = "log"
    runtime: Literal["litert"] = "litert"
    runtime_version: str
    binary: str
    runner: str
    session: str
    job: str
    status: Literal["measured"] = "measured"
    date: str
    edgetag: RowOfEdgetag


def rows_of(result: PhonesResult | None, model: str, runtime_version: str) -> tuple[Row, ...]:
    """Return a row for each latency that benchmark_model measured.

    Args:
        result: Of `edgetag phone bench`; None where there is none.
        model: How the leaderboard is to call the model, such as `owner/name`.
        runtime_version: Of the LiteRT that benchmark_model was built from; it does not tell.

    Raises:
        InputError: benchmark_model measured nothing.
    """
    if result is None or not result.results:
        raise InputError(
            "nothing was measured by benchmark_model, whose figures the leaderboard has; run: "
            "edgetag phone bench RECIPE --benchmark-model FILE"
        )
    return tuple(_rows(result, model, runtime_version))


def _rows(result: PhonesResult, model: str, runtime_version: str) -> Iterator[Row]:
    phones = {record.id: record for record in result.phones}
    places = set[str]()
    for entry in result.results:
        phone = phones[entry.phone]
        accelerator: Literal["cpu", "gpu"] = "gpu" if entry.requested == "gpu" else "cpu"
        device, file = _device_id(phone), f"{entry.variant}.tflite"
        place = f"{model}:{file}@{runtime_version}/android/{device}/{accelerator}"
        for more in (f"{entry.threads}-threads", entry.phone):
            if place in places:  # of two rows with one name the leaderboard shows the last
                place += f"/{more}"
        places.add(place)
        taken, measured_at = _main_delegation(entry), entry.measured_at or result.measured_at
        whole = taken is not None and taken.taken == "all"
        yield Row(
            row_id=place,
            model=model,
            file=file,
            model_size_mb=entry.size_bytes / BYTES_PER_MB,
            device_id=device,
            device=phone.model,
            os=f"Android {phone.android or 'of an unknown version'}{_api(phone, ' (API {})')}",
            accelerator=accelerator,
            delegate=taken.delegate if taken else None,
            nodes_delegated=taken.nodes if taken else None,
            nodes_total=taken.of_nodes if taken else None,
            partitions=1 if whole else None,
            latency_ms=RowLatency.like(
                entry.latency_ms,
                median=entry.latency_ms.p50,
                stddev=entry.latency_ms.std,
                init=entry.init_ms,
                first_inference=entry.first_ms,
                warm_up_avg=entry.warmup_avg_ms,
            ),
            memory_mb=RowMemory(
                init_footprint=entry.memory_init_mb, overall_footprint=entry.memory_overall_mb
            ),
            runs=entry.latency_ms.runs,
            runtime_version=runtime_version,
            binary=f"sha256:{result.benchmark_model_sha256}",
            runner=f"edgetag {__version__}",
            session=f"edgetag-{measured_at}",
            job=f"{accelerator}-{device}",
            date=measured_at[:10],
            edgetag=_more(entry, result.held(entry), result.scores_beside(entry)),
        )


def _device_id(phone: PhoneRecord) -> str:
    """Return code name and API level, such as `shiba-35`: the device of its build's fingerprint."""
    parts = phone.build.partition(":")[0].split("/")
    name = parts[2] if len(parts) == 3 and parts[2] else phone.id
    return f"{name}{_api(phone, '-{}')}"


def _api(phone: PhoneRecord, form: str) -> str:
    return form.format(phone.api) if phone.api is not None else ""


def _main_delegation(entry: PhoneMeasurement) -> Delegation | None:
    """Return what was asked for, or the first where nothing was."""
    wanted = CALLED.get(entry.requested)
    named = [taken for taken in entry.delegations if taken.delegate == wanted]
    return next(iter(named or entry.delegations), None)


def _more(entry: PhoneMeasurement, held: bool | None, scored: PhoneScores | None) -> RowOfEdgetag:
    return RowOfEdgetag(
        sha256=entry.sha256,
        threads=entry.threads,
        rounds=tuple(part.latency_ms.p50 for part in entry.rounds),
        throttled=entry.throttled,
        fixed_performance=held,
        notes=entry.notes,
        map=scored.map if scored else None,
        host_map=scored.host_map if scored else None,
        pictures=scored.images if scored else 0,
    )
