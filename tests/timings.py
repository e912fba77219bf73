"""How long commands take to start: `make timings`.

Prints for each command the median of its wall times with their quartiles, how many times as long
that is as starting Python, and which imports take most of it. Nothing is asserted: times are those
of this machine as busy as it is, which is why the load is printed too.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from edgetag.cli.terminal import print_tables
from edgetag.tables import Column, Number, Rows, Table

RECIPE = 'name = "timed"\n[data]\nsource = "images"\n'
MOST_IMPORTS = 3
_IMPORT = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \|( +)(\S+)")


class Timing:
    """One command, run several times.

    Attributes:
        name: As a user types it.
        seconds: Wall time of each run.
        imports: The packages that take most, as `numpy 0.08 s`.
    """

    def __init__(self, name: str, command: Sequence[str], runs: int) -> None:
        self.name = name
        run(command)  # what it reads is in memory afterwards, and its bytecode on the disk
        self.seconds = [run(command) for _ in range(runs)]
        self.imports = costly_imports(command)

    @property
    def median(self) -> float:
        """Median of the wall times, in seconds."""
        return statistics.median(self.seconds)

    @property
    def spread(self) -> str:
        """First and last quartile."""
        low, _, high = statistics.quantiles(self.seconds, n=4)
        return f"{low:.2f} to {high:.2f}"


def run(command: Sequence[str]) -> float:
    """Run a command and return its wall time in seconds."""
    started = time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    return time.perf_counter() - started


def costly_imports(command: Sequence[str]) -> str:
    """Name the packages whose modules take most time of their own to import.

    The times are those of a run that notes every import, which makes them somewhat longer.
    """
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *command], check=True, capture_output=True, text=True
    )
    by_package: dict[str, float] = {}
    for own_us, _, _, module in _IMPORT.findall(done.stderr):
        package = module.partition(".")[0]
        by_package[package] = by_package.get(package, 0.0) + int(own_us) / 1e6
    most = sorted(by_package, key=lambda package: -by_package[package])[:MOST_IMPORTS]
    return ", ".join(f"{package} {by_package[package]:.2f} s" for package in most)


def table(timings: Sequence[Timing]) -> Table:
    """Return the timings as a table; the first is what the others are compared with."""
    start = timings[0].median
    return Rows(timings).table(
        "Start-up times",
        Column("command", lambda timing: timing.name),
        Number("seconds", lambda timing: f"{timing.median:.2f}"),
        Number("quartiles", lambda timing: timing.spread),
        Number("÷ Python", lambda timing: f"{timing.median / start:.1f}"),
        Column("most costly imports", lambda timing: timing.imports),
    )


def main() -> None:
    """Time the commands that answer at once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=11, help="of each command; default: 11")
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        recipe = Path(folder) / "recipe.toml"
        recipe.write_text(RECIPE)
        commands = {
            "python -c pass": ["-c", "pass"],
            "edgetag --help": ["-m", "edgetag", "--help"],
            "edgetag --version": ["-m", "edgetag", "--version"],
            "edgetag train --help": ["-m", "edgetag", "train", "--help"],
            "edgetag recipe check": ["-m", "edgetag", "recipe", "check", str(recipe)],
            "edgetag doctor": ["-m", "edgetag", "doctor"],
        }
        timings = [Timing(name, command, runs) for name, command in commands.items()]
    print_tables([table(timings)])
    load = os.getloadavg()[0]
    print(f"medians of {runs} runs on {os.cpu_count()} CPUs with a load of {load:.1f}")


if __name__ == "__main__":
    main()
