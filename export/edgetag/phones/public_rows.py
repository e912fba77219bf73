"""Rows of LiteRT's public leaderboard, as `leaderboard` writes them, from whoever wrote them."""

from pydantic import ValidationError

from edgetag.errors import InputError
from edgetag.phones.delegates import delegate_of
from edgetag.phones.elsewhere import Amount, Count, MeasuredElsewhere, ReadPart, Share, Word
from edgetag.phones.figures import Delegation
from edgetag.records import first_problem

PHONES = ("android", "ios")
"""The leaderboard has computers, too."""

MOST_ROWS = 100_000


class _Latency(ReadPart):
    median: Amount | None
    p95: Amount | None = None
    init: Amount | None = None


class _Memory(ReadPart):
    overall_footprint: Amount | None = None


class _OfEdgetag(ReadPart):
    sha256: Word
    threads: Count
    throttled: bool
    notes: tuple[Word, ...]
    map: Share | None


class _Row(ReadPart):
    row_id: Word
    model: Word
    file: Word
    platform: Word
    device: Word
    os: Word
    accelerator: Word
    delegate: Word | None = None
    nodes_delegated: Count | None = None
    nodes_total: Count | None = None
    partitions: Count | None = None
    latency_ms: _Latency
    memory_mb: _Memory | None = None
    runs: Count | None = None
    runtime: Word
    runtime_version: Word
    date: Word = ""
    edgetag: _OfEdgetag | None = None


def is_rows(content: bytes) -> bool:
    """Return whether these look like rows of the leaderboard."""
    return content.startswith(b"{") and b'"row_id"' in content.partition(b"\n")[0][:1000]


def read_rows(content: bytes, where: object) -> tuple[MeasuredElsewhere, ...]:
    """Return the figures of phones; of those with one name the last, as the leaderboard shows.

    Args:
        content: JSON Lines.
        where: The file, for the error's text.

    Raises:
        InputError: A line is no such row, or none is of a phone.
    """
    lines = content.splitlines()
    if len(lines) > MOST_ROWS:
        raise InputError(f"{where}: over {MOST_ROWS} rows; this is refused")
    rows = [_row(line, f"{where}:{number}") for number, line in enumerate(lines, 1) if line.strip()]
    figures = {row.row_id: _measured(row) for row in rows if row.platform in PHONES}
    if not figures:
        raise InputError(f"{where}: none of {len(rows)} rows is of a phone; nothing to read")
    return tuple(figures.values())


def _row(line: bytes, where: str) -> _Row:
    try:
        return _Row.model_validate_json(line)
    except ValidationError as error:
        raise InputError(
            f"{where}: {first_problem(error, 'the line')}; it is no row of LiteRT's leaderboard"
        ) from None


def _measured(row: _Row) -> MeasuredElsewhere:
    ours = row.edgetag
    return MeasuredElsewhere(
        source="LiteRT leaderboard",
        id=row.row_id,
        phone=f"{row.device}, {row.os}",
        file=row.file,
        sha256=ours.sha256 if ours else None,
        runtime=f"{row.runtime} {row.runtime_version}",
        accelerator=row.accelerator,
        threads=ours.threads if ours else None,
        runs=row.runs,
        p50_ms=row.latency_ms.median,
        p90_ms=None,
        p95_ms=row.latency_ms.p95,
        init_ms=row.latency_ms.init,
        memory_mb=row.memory_mb.overall_footprint if row.memory_mb else None,
        delegations=_delegations(row),
        accuracy=ours.map if ours else None,
        accuracy_kind="mAP" if ours and ours.map is not None else "",
        date=row.date,
        notes=ours.notes if ours else (),
    )


def _delegations(row: _Row) -> tuple[Delegation, ...]:
    if not row.delegate:
        return ()
    nodes, whole = row.nodes_delegated, row.nodes_total
    known = nodes is not None and whole is not None
    taken = "unknown" if not known else "none" if not nodes else "all" if nodes == whole else "part"
    return (
        Delegation(delegate=delegate_of(row.delegate), taken=taken, nodes=nodes, of_nodes=whole),
    )
