"""Tables of `bench/phones.json` and of the phones that adb sees, for the terminal."""

from edgetag.phones.figures import AppMeasurement, Condition, Delegation, PhoneMeasurement
from edgetag.phones.result import PhoneList, PhonesResult
from edgetag.reporting.tables import NONE, Sheet, format_fraction, format_ms

_TAKEN = ("phone", "variant", "threads", "delegate", "took", "of the time", "operators")
SHOWN_OPERATORS = 8
"""Types of operators of a profile that are shown; the JSON has them all."""


def phone_list_sheet(result: PhoneList) -> Sheet:
    """Show each phone with its serial number, which is for the eyes of who asked."""
    rows = tuple(
        (phone.serial, phone.id, "✓ yes" if phone.ready else "✗ no", phone.detail)
        for phone in result.phones
    )
    title = f"Phones that adb {result.adb_version} sees"
    return Sheet(title, ("serial", "id", "ready", "reason"), frozenset(), rows)


def phone_sheets(result: PhonesResult) -> tuple[Sheet, ...]:
    """Show latency, scores, profiles, and what was not measured."""
    sheets = []
    if result.results:
        sheets.append(_latency(result))
    if result.apps:
        sheets.append(_app_latency(result))
    if taken := _taken_rows(result):
        sheets.append(Sheet("What delegates took", _TAKEN, frozenset({2, 4, 5}), taken))
    if doubts := _doubts(result):
        headings = ("phone", "variant", "threads", "reason")
        sheets.append(Sheet("Figures to doubt", headings, frozenset({2}), doubts))
    if result.scores:
        sheets.append(_scores(result))
    sheets += [_operators(result, entry) for entry in result.results if entry.operators]
    if result.failures:
        rows = tuple(
            (f.name, f.variant or NONE, f.problem.value, f.reason) for f in result.failures
        )
        headings = ("phone", "variant", "problem", "reason")
        sheets.append(Sheet("Not measured", headings, frozenset(), rows))
    return tuple(sheets)


def _latency(result: PhonesResult) -> Sheet:
    headings = (
        "phone", "variant", "threads", "runs", "avg ms", "std", "p5 ms", "p50 ms", "p95 ms",
        "init ms", "delegates", "heat", "marks",
    )  # fmt: skip
    rows = tuple(
        (
            result.name_of(entry.phone), entry.variant, str(entry.threads),
            str(entry.latency_ms.runs), format_ms(entry.latency_ms.avg),
            format_ms(entry.latency_ms.std), format_ms(entry.latency_ms.p5),
            format_ms(entry.latency_ms.p50), format_ms(entry.latency_ms.p95),
            format_ms(entry.init_ms),
            ", ".join(_taken(found) for found in entry.delegations) or NONE,
            f"{_heat(entry.before)} → {_heat(entry.after)}", marks(entry),
        )
        for entry in result.results
    )  # fmt: skip
    title = f"Latency on phones, as benchmark_model gives it, over {result.rounds or 1} rounds"
    return Sheet(title, headings, frozenset(range(2, 10)), rows)


def _app_latency(result: PhonesResult) -> Sheet:
    headings = (
        "phone", "variant", "engine", "threads", "runs", "p50 ms", "p90 ms", "p99 ms", "load ms",
        "self-test", "heat", "marks",
    )  # fmt: skip
    rows = tuple(
        (
            result.name_of(entry.phone), entry.variant, entry.engine.label,
            str(entry.engine.threads), str(entry.latency_ms.runs), format_ms(entry.latency_ms.p50),
            format_ms(entry.latency_ms.p90), format_ms(entry.latency_ms.p99),
            format_ms(entry.load_ms), entry.engine.self_test_family or NONE,
            f"{_heat(entry.before)} → {_heat(entry.after)}", marks(entry),
        )
        for entry in result.apps
    )  # fmt: skip
    return Sheet("Latency in the app", headings, frozenset(range(3, 9)), rows)


def marks(entry: PhoneMeasurement | AppMeasurement) -> str:
    """Return in a word or two what speaks against a figure; `_doubts` has the sentences."""
    found = ["throttled"] if entry.throttled else []
    found += ["unstable"] if any(note.startswith("unstable") for note in entry.notes) else []
    return ", ".join(found) or ("see below" if entry.notes else "")


def _taken_rows(result: PhonesResult) -> tuple[tuple[str, ...], ...]:
    """Show how much each delegate took, wherever more than its name is known."""
    return tuple(
        (
            result.name_of(entry.phone), entry.variant, str(entry.threads), found.delegate,
            _share(found.share_of_operators), _share(found.share_of_time),
            ", ".join(f"{count} {name}" for name, count in found.operators.items()) or NONE,
        )
        for entry in result.results
        for found in entry.delegations
        if found.share_of_operators is not None or found.share_of_time is not None
    )  # fmt: skip


def _share(value: float | None) -> str:
    return NONE if value is None else f"{100 * value:.0f} %"


def _doubts(result: PhonesResult) -> tuple[tuple[str, ...], ...]:
    timed: list[tuple[PhoneMeasurement | AppMeasurement, int]] = []
    timed += [(entry, entry.threads) for entry in result.results]
    timed += [(entry, entry.engine.threads) for entry in result.apps]
    return tuple(
        (result.name_of(entry.phone), entry.variant, str(threads), "; ".join(entry.notes))
        for entry, threads in timed
        if entry.notes
    )


def _taken(found: Delegation) -> str:
    if found.nodes is not None and found.of_nodes is not None:
        return f"{found.delegate} {found.nodes}/{found.of_nodes}"
    return f"{found.delegate}: {found.taken}"


def _heat(found: Condition | None) -> str:
    if found is None or found.thermal_status is None:
        return "unknown"
    hottest = max(found.temperatures_c.values(), default=None)
    degrees = "" if hottest is None else f" ({hottest:.0f} °C)"
    return f"{found.thermal_status}{degrees}"


def _scores(result: PhonesResult) -> Sheet:
    headings = (
        "phone", "variant", "by", "images", "mAP phone", "mAP here", "largest difference", "mean",
        "seconds",
    )  # fmt: skip
    rows = tuple(
        (
            result.name_of(entry.phone), entry.variant,
            entry.engine.label if entry.engine else "runner",
            str(entry.images) + (f" ({entry.lacking} lack)" if entry.lacking else ""),
            format_fraction(entry.map), format_fraction(entry.host_map),
            f"{entry.max_difference:.4f}", f"{entry.mean_difference:.5f}",
            NONE if entry.seconds is None else f"{entry.seconds:.1f}",
        )
        for entry in result.scores
    )  # fmt: skip
    return Sheet("Scores on phones, beside LiteRT here", headings, frozenset(range(3, 9)), rows)


def _operators(result: PhonesResult, entry: PhoneMeasurement) -> Sheet:
    rows = tuple(
        (found.operator, "delegate" if found.within_delegate else "CPU", str(found.count),
         format_ms(found.avg_ms))
        for found in entry.operators[:SHOWN_OPERATORS]
    )  # fmt: skip
    title = f"Operators of {entry.variant} on {result.name_of(entry.phone)}, profiled"
    return Sheet(title, ("operator", "ran in", "rows", "ms"), frozenset({2, 3}), rows)
