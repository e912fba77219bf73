"""What runs on this machine, as /proc tells it."""

from pathlib import Path


def children(parent: int) -> list[int]:
    """Return the processes that a process has started and that run."""
    return _by_parent().get(parent, [])


def descendants(parent: int) -> list[int]:
    """Return the processes that run below one: its children, theirs, and so on."""
    by_parent, below = _by_parent(), [parent]
    for process in below:  # which grows meanwhile
        below += by_parent.get(process, [])
    return below[1:]


def _by_parent() -> dict[int, list[int]]:
    by_parent: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent, *_ = status.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
        if state != "Z":
            by_parent.setdefault(int(parent), []).append(int(status.parent.name))
    return by_parent


def busy(pid: int) -> bool:
    """Tell whether a process has worked for a second, so that it is at its job."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12]) > 100


def runs(pid: int) -> bool:
    """Tell whether a process runs; one whose end nobody has looked at does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
