"""What Linux tells in `/proc`: free memory, and fields of its files."""

from pathlib import Path


def free_memory_bytes() -> int | None:
    """Return the memory that new work finds without swapping; None where the system tells none.

    A limit of a container counts too, by the second version of control groups.
    """
    fields = first_fields(text_of(Path("/proc/meminfo")))
    kilobytes = fields.get("MemAvailable", "").partition(" ")[0]
    if not kilobytes.isdigit():
        return None
    free = int(kilobytes) << 10
    group = Path("/sys/fs/cgroup")
    limit, used = (text_of(group / name).strip() for name in ("memory.max", "memory.current"))
    return min(free, int(limit) - int(used)) if limit.isdigit() and used.isdigit() else free


def text_of(path: Path) -> str:
    """Return a file's text; "" where the system has none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""  # not Linux


def first_fields(text: str) -> dict[str, str]:
    """Return the first value of each `name: value`; of `/proc/cpuinfo` that is the first core's."""
    fields: dict[str, str] = {}
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon:
            fields.setdefault(key.strip(), value.strip())
    return fields
