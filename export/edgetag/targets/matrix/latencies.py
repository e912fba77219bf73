"""What the benchmark measured of the very files that are in the matrix."""

from edgetag.benchmarking.result import BenchResult
from edgetag.conversion.result import ExportedVariant
from edgetag.targets.matrix.result import Latency
from edgetag.workspace import Workspace


class Latencies:
    """The benchmark of a run, where there is one.

    Args:
        workspace: The run.

    Raises:
        InputError: The benchmark is damaged.
    """

    def __init__(self, workspace: Workspace) -> None:
        path = workspace.bench / "bench.json"
        self._result = BenchResult.read(path, "bench") if path.exists() else None

    def of(self, file: ExportedVariant, runtime: str) -> Latency | None:
        """Return the median latency with one thread; of another file it is none."""
        if self._result is None:
            return None
        measured = self._result.find(file.variant, runtime, 1)
        if measured is None or measured.sha256 != file.sha256:
            return None
        return Latency(
            p50_ms=measured.latency_ms.p50, stable=measured.stable, mode=self._result.mode
        )
