"""What the machine is like while it is timed: load and frequency."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from edgetag.proc import text_of

CPUFREQ = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")


@dataclass(frozen=True)
class Moment:
    """One look at the machine; None where the system does not tell."""

    load: float | None
    cpu_mhz: float | None
    governor: str | None


def look() -> Moment:
    """Look at the machine now."""
    try:
        load = os.getloadavg()[0]
    except OSError:
        load = None
    return Moment(load, mean_mhz(text_of(Path("/proc/cpuinfo"))), text_of(CPUFREQ).strip() or None)


def mean_mhz(cpuinfo: str) -> float | None:
    """Return the mean of the frequencies in the text of `/proc/cpuinfo`, None without any."""
    frequencies = [
        float(mhz) for mhz in re.findall(r"^cpu MHz\s*:\s*([\d.]+)$", cpuinfo, re.MULTILINE)
    ]
    return sum(frequencies) / len(frequencies) if frequencies else None
