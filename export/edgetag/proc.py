"""What Linux tells in `/proc`: free memory, and fields of its files."""

import math
from pathlib import Path

GROUP = Path("/sys/fs/cgroup")
"""The control group of a container, as it sees it; of version 2."""

RECLAIMABLE = ("inactive_file", "active_file", "slab_reclaimable")
"""Of `memory.stat`: what the kernel holds of files, and gives up for what is new."""


def free_memory_bytes() -> int | None:
    """Return the memory that new work finds without swapping; None where the system tells none.

    A limit of a container counts too, by the second version of control groups.
    """
    fields = first_fields(text_of(Path("/proc/meminfo")))
    kilobytes = fields.get("MemAvailable", "").partition(" ")[0]
    if not kilobytes.isdigit():
        return None
    free, in_group = int(kilobytes) << 10, group_free_bytes(GROUP)
    return free if in_group is None else min(free, in_group)


def group_free_bytes(group: Path) -> int | None:
    """Return what new work finds within a control group's limit; None where it has none.

    What was read of files counts as used there until it gives way, so it is taken off: a dataset
    that was read once would leave nothing.
    """
    limit, used = (text_of(group / name).strip() for name in ("memory.max", "memory.current"))
    if not (limit.isdecimal() and used.isdecimal()):
        return None
    amounts = dict(
        line.split()[:2] for line in text_of(group / "memory.stat").splitlines() if " " in line
    )
    held = (amounts.get(name, "") for name in RECLAIMABLE)
    reclaimable = sum(int(amount) for amount in held if amount.isdecimal())
    return max(0, int(limit) - int(used) + reclaimable)


def group_cores(group: Path) -> int | None:
    """Return how many cores' time a control group has, rounded up; None where it has no limit."""
    quota, _, period = text_of(group / "cpu.max").partition(" ")
    if not (quota.isdecimal() and period.strip().isdecimal()):
        return None
    return max(1, math.ceil(int(quota) / max(1, int(period))))


def text_of(path: Path) -> str:
    """Return a file's text; "" where the system has none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""  # not Linux, or a virtual machine that hides it


def first_fields(text: str) -> dict[str, str]:
    """Return the first value of each `name: value`; of `/proc/cpuinfo` that is the first core's."""
    fields: dict[str, str] = {}
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon:
            fields.setdefault(key.strip(), value.strip())
    return fields
