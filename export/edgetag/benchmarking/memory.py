"""Peak resident memory of this process, from Linux's `/proc`.

`getrusage` will not do: a child's `ru_maxrss` starts at what its parent had when it forked.
"""

import re
from pathlib import Path

STATUS = Path("/proc/self/status")
CLEAR_REFS = Path("/proc/self/clear_refs")


def reset_peak() -> None:
    """Bring the recorded peak down to what the process holds now, where the kernel lets us.

    Otherwise memory that importing took and gave back would hide what comes after.
    """
    try:
        CLEAR_REFS.write_text("5")
    except OSError:
        return  # the peak is then measured from the import's own, which is a little lower


def peak_bytes() -> int | None:
    """Return the peak resident memory so far (VmHWM), None where the system does not tell."""
    try:
        match = re.search(r"^VmHWM:\s+(\d+) kB$", STATUS.read_text(), re.MULTILINE)
    except OSError:
        return None
    return int(match[1]) * 1024 if match else None
