"""What a tool's process is asked, and what it answers."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter

from edgetag.children import Launch
from edgetag.pixels import Normalization
from edgetag.study.peers.tools import Kind, Runs

WORKER = Path(__file__).with_name("worker.py")


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job of `worker`, which knows nothing of edgetag.

    Attributes:
        do: Which.
        pictures: `.npy` of `[n, size, size, 3]` uint8.
        contract: How pixels become input.
        tool: Key of what makes files.
        source: The float `.tflite` file that they are made of.
        files: Kind → where it goes.
        runtime: What opens `file`.
        file: What is scored or timed.
        scores: Where scores go.
        exact: Whether floats are computed as floats, where the runtime would take shorter ones.
    """

    do: Literal["make", "score", "time"]
    pictures: str
    contract: Normalization
    tool: str = ""
    source: str = ""
    files: dict[Kind, str] = field(default_factory=dict)
    runtime: Runs = "litert"
    file: str = ""
    scores: str = ""
    exact: bool = False


@dataclass(frozen=True, kw_only=True)
class Said:
    """An event: whatever of it there is to tell.

    Attributes:
        images: Pictures scored so far.
        precision: What floats are computed in.
        ready: The file is open.
        times_ns: One per inference that was asked for.
    """

    images: int = 0
    precision: str | None = None
    ready: bool = False
    times_ns: tuple[int, ...] = ()


SAID: TypeAdapter[Said] = TypeAdapter(Said)


def started_by(python: Path, job: str) -> Launch:
    """Return how a tool's Python does a job: alone, without this environment's packages."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return Launch([str(python), "-I", str(WORKER), job], kept)
