"""Tables of `bench/phones.json` and of the phones that adb sees."""

from collections.abc import Iterator
from typing import NamedTuple

from edgetag.phones.figures import AppMeasurement, Condition, Delegation, PhoneMeasurement
from edgetag.phones.result import PhoneList, PhonesResult
from edgetag.tables import Column, Number, Prose, Rows, Table, yes_or_no
from edgetag.tables.formats import counted, format_fraction, format_mean, format_ms, format_percent

SHOWN_OPERATORS = 8
"""Types of operators of a profile that are shown; the JSON has them all."""


def phone_list_tables(result: PhoneList) -> tuple[Table, ...]:
    """Show each phone with its serial number, which is for the eyes of who asked."""
    table = Rows(result.phones).table(
        f"Phones that adb {result.adb_version} sees",
        Column("serial", lambda phone: phone.serial),
        Column("id", lambda phone: phone.id),
        Column("ready", lambda phone: yes_or_no(phone.ready)),
        Prose("reason", lambda phone: phone.detail),
    )
    return (table,)


def phone_tables(result: PhonesResult) -> tuple[Table, ...]:
    """Show latency, scores, profiles, and what was not measured."""
    return tuple(_of_phones(result))


def _of_phones(result: PhonesResult) -> Iterator[Table]:
    kinds = sum(map(bool, (result.results, result.apps, result.scores)))
    if result.elsewhere or kinds > 1:
        yield _side_by_side(result)
    if result.results:
        yield _latency(result)
    if result.apps:
        yield _app_latency(result)
    if taken := _known_shares(result):
        yield _taken_table(result, taken)
    if doubts := _doubts(result):
        yield Rows(doubts).table(
            "Figures to doubt",
            Column("phone", lambda doubt: doubt[0]),
            Column("variant", lambda doubt: doubt[1]),
            Number("threads", lambda doubt: doubt[2]),
            Prose("reason", lambda doubt: doubt[3]),
        )
    if result.scores:
        yield _scores(result)
    yield from (_operators(result, entry) for entry in result.results if entry.operators)
    if result.failures:
        yield Rows(result.failures).table(
            "Not measured",
            Column("phone", lambda failure: failure.name),
            Column("variant", lambda failure: failure.variant),
            Column("problem", lambda failure: failure.problem.value),
            Prose("reason", lambda failure: failure.reason),
        )


class _Line(NamedTuple):
    """One row of the table that holds all figures: a file, a phone, and whose figures they are."""

    phone: str
    file: str
    by: str
    threads: int | None
    accuracy: str | None
    runs: int | None
    p50_ms: float | None
    p90_ms: float | None
    p95_ms: float | None
    init_ms: float | None
    memory_mb: float | None
    delegates: str | None
    notes: tuple[str, ...]


def _side_by_side(result: PhonesResult) -> Table:
    return Rows(sorted(_lines(result), key=lambda line: line[:3])).table(
        "Phones side by side, ours and others'",
        Column("phone", lambda line: line.phone),
        Column("file", lambda line: line.file),
        Column("by", lambda line: line.by),
        Number("threads", lambda line: line.threads, optional=True),
        Number("accuracy", lambda line: line.accuracy, optional=True),
        Number("runs", lambda line: line.runs),
        Number("p50", lambda line: format_ms(line.p50_ms), unit="ms"),
        Number("p90", lambda line: format_ms(line.p90_ms), unit="ms", optional=True),
        Number("p95", lambda line: format_ms(line.p95_ms), unit="ms", optional=True),
        Number("init", lambda line: format_ms(line.init_ms), unit="ms", optional=True),
        Number("memory", lambda line: _megabytes(line.memory_mb), unit="MB", optional=True),
        Column("delegates", lambda line: line.delegates, optional=True),
        Prose("doubts", lambda line: "; ".join(line.notes) or None, optional=True),
    )


def _lines(result: PhonesResult) -> Iterator[_Line]:
    for timed in result.results:
        yield _Line(
            phone=result.name_of(timed.phone),
            file=timed.variant,
            by="benchmark_model",
            threads=timed.threads,
            accuracy=_map_beside(result, timed),
            runs=timed.latency_ms.runs,
            p50_ms=timed.latency_ms.p50,
            p90_ms=None,
            p95_ms=timed.latency_ms.p95,
            init_ms=timed.init_ms,
            memory_mb=timed.memory_overall_mb,
            delegates=_delegates(timed.delegations),
            notes=timed.notes,
        )
    for app in result.apps:
        yield _Line(
            phone=result.name_of(app.phone),
            file=app.variant,
            by=app.engine.label,
            threads=app.engine.threads,
            accuracy=_map_beside(result, app),
            runs=app.latency_ms.runs,
            p50_ms=app.latency_ms.p50,
            p90_ms=app.latency_ms.p90,
            p95_ms=None,
            init_ms=app.load_ms,
            memory_mb=None,
            delegates=None,
            notes=app.notes,
        )
    for entry in result.elsewhere:
        yield _Line(
            phone=entry.phone,
            file=entry.file,
            by=", ".join(filter(None, (entry.source, entry.runtime, entry.accelerator))),
            threads=entry.threads,
            accuracy=_accuracy(entry.accuracy, entry.accuracy_kind),
            runs=entry.runs,
            p50_ms=entry.p50_ms,
            p90_ms=entry.p90_ms,
            p95_ms=entry.p95_ms,
            init_ms=entry.init_ms,
            memory_mb=entry.memory_mb,
            delegates=_delegates(entry.delegations),
            notes=entry.notes,
        )


def _map_beside(result: PhonesResult, figure: PhoneMeasurement | AppMeasurement) -> str | None:
    scored = result.scores_beside(figure)
    return _accuracy(scored.map, "mAP") if scored else None


def _accuracy(value: float | None, kind: str) -> str | None:
    return None if value is None else f"{format_fraction(value)} {kind}".strip()


def _megabytes(value: float | None) -> str | None:
    return None if value is None else f"{value:.1f}"


def _latency(result: PhonesResult) -> Table:
    return Rows(result.results).table(
        f"Latency on phones, as benchmark_model gives it, over {result.rounds or 1} rounds",
        Column("phone", lambda entry: result.name_of(entry.phone)),
        Column("variant", lambda entry: entry.variant),
        Number("threads", lambda entry: entry.threads),
        Number("runs", lambda entry: entry.latency_ms.runs),
        Number("avg", lambda entry: format_ms(entry.latency_ms.avg), unit="ms"),
        Number("std", lambda entry: format_ms(entry.latency_ms.std)),
        Number("p5", lambda entry: format_ms(entry.latency_ms.p5), unit="ms"),
        Number("p50", lambda entry: format_ms(entry.latency_ms.p50), unit="ms"),
        Number("p95", lambda entry: format_ms(entry.latency_ms.p95), unit="ms"),
        Number("init", lambda entry: format_ms(entry.init_ms), unit="ms"),
        Column("delegates", lambda entry: _delegates(entry.delegations)),
        Column("clocks", lambda entry: "held" if result.held(entry) else None),
        Column("heat", _heating),
        Column("marks", marks),
    )


def _app_latency(result: PhonesResult) -> Table:
    return Rows(result.apps).table(
        "Latency in the app",
        Column("phone", lambda entry: result.name_of(entry.phone)),
        Column("variant", lambda entry: entry.variant),
        Column("engine", lambda entry: entry.engine.label),
        Number("threads", lambda entry: entry.engine.threads),
        Number("runs", lambda entry: entry.latency_ms.runs),
        Number("p50", lambda entry: format_ms(entry.latency_ms.p50), unit="ms"),
        Number("p90", lambda entry: format_ms(entry.latency_ms.p90), unit="ms"),
        Number("p99", lambda entry: format_ms(entry.latency_ms.p99), unit="ms"),
        Number("load", lambda entry: format_ms(entry.load_ms), unit="ms"),
        Column("self-test", lambda entry: entry.engine.self_test_family or None),
        Column("cpuset", lambda entry: ", ".join(entry.cpusets) or None, optional=True),
        Column("clocks", lambda entry: "held" if result.held(entry) else None),
        Column("heat", _heating),
        Column("marks", marks),
    )


def marks(entry: PhoneMeasurement | AppMeasurement) -> str:
    """Return in a word or two what speaks against a figure; `_doubts` has the sentences."""
    words = ["throttled"] if entry.throttled else []
    words += ["unstable"] if any(note.startswith("unstable") for note in entry.notes) else []
    return ", ".join(words) or ("see below" if entry.notes else "")


class _Share(NamedTuple):
    entry: PhoneMeasurement
    delegation: Delegation


def _known_shares(result: PhonesResult) -> list[_Share]:
    """Return what delegates took, wherever more than a delegate's name is known."""
    return [
        _Share(entry, delegation)
        for entry in result.results
        for delegation in entry.delegations
        if delegation.share_of_operators is not None or delegation.share_of_time is not None
    ]


def _taken_table(result: PhonesResult, shares: list[_Share]) -> Table:
    return Rows(shares).table(
        "What delegates took",
        Column("phone", lambda share: result.name_of(share.entry.phone)),
        Column("variant", lambda share: share.entry.variant),
        Number("threads", lambda share: share.entry.threads),
        Column("delegate", lambda share: share.delegation.delegate),
        Number("took", lambda share: format_percent(share.delegation.share_of_operators, 0)),
        Number("of the time", lambda share: format_percent(share.delegation.share_of_time, 0)),
        Prose("operators", lambda share: _counted(share.delegation)),
    )


def _counted(delegation: Delegation) -> str | None:
    return ", ".join(f"{count} {name}" for name, count in delegation.operators.items()) or None


def _doubts(result: PhonesResult) -> list[tuple[str, str, int, str]]:
    timed: list[tuple[PhoneMeasurement | AppMeasurement, int]] = []
    timed += [(entry, entry.threads) for entry in result.results]
    timed += [(entry, entry.engine.threads) for entry in result.apps]
    return [
        (result.name_of(entry.phone), entry.variant, threads, "; ".join(entry.notes))
        for entry, threads in timed
        if entry.notes
    ]


def _delegates(delegations: tuple[Delegation, ...]) -> str | None:
    return ", ".join(map(_taken, delegations)) or None


def _taken(delegation: Delegation) -> str:
    if delegation.nodes is not None and delegation.of_nodes is not None:
        return f"{delegation.delegate} {delegation.nodes}/{delegation.of_nodes}"
    return f"{delegation.delegate}: {delegation.taken}"


def _heating(entry: PhoneMeasurement | AppMeasurement) -> str:
    return f"{_heat(entry.before)} → {_heat(entry.after)}"


def _heat(condition: Condition | None) -> str:
    if condition is None or condition.thermal_status is None:
        return "unknown"
    hottest = max(condition.temperatures_c.values(), default=None)
    degrees = "" if hottest is None else f" ({hottest:.0f} °C)"
    return f"{condition.thermal_status}{degrees}"


def _scores(result: PhonesResult) -> Table:
    return Rows(result.scores).table(
        "Scores on phones, beside LiteRT here",
        Column("phone", lambda entry: result.name_of(entry.phone)),
        Column("variant", lambda entry: entry.variant),
        Column("by", lambda entry: entry.by),
        Number(
            "images",
            lambda entry: f"{entry.images}" + f" ({entry.lacking} lack)" * (entry.lacking > 0),
        ),
        Number("mAP phone", lambda entry: format_mean(entry.map)),
        Number("mAP here", lambda entry: format_mean(entry.host_map)),
        Number("largest difference", lambda entry: format_fraction(entry.max_difference, 4)),
        Number("mean", lambda entry: format_fraction(entry.mean_difference, 5)),
        Number("seconds", lambda entry: format_fraction(entry.seconds, 1)),
    )


def _operators(result: PhonesResult, entry: PhoneMeasurement) -> Table:
    threads = counted(entry.threads, "thread")
    return Rows(entry.operators[:SHOWN_OPERATORS]).table(
        f"Operators of {entry.variant} on {result.name_of(entry.phone)}, {threads}, profiled",
        Column("operator", lambda operator: operator.operator),
        Column("ran in", lambda operator: "delegate" if operator.within_delegate else "CPU"),
        Number("rows", lambda operator: operator.count),
        Number("ms", lambda operator: format_ms(operator.avg_ms)),
    )
