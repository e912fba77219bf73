"""The same engine elsewhere and here: which one it is, and whether a file's scores agree."""

from edgetag.conversion.result import ExportedVariant
from edgetag.runtimes import Engine
from edgetag.runtimes.emulation.engine import Emulated
from edgetag.runtimes.wasm import Wasm
from edgetag.targets import checking as compare
from edgetag.targets.matrix.proof import Outcome
from edgetag.targets.matrix.result import SameEngine


def host_of(file: ExportedVariant, engine: Engine) -> str | None:
    """Return the engine here that computes a file as another one elsewhere should.

    Args:
        file: Integers are computed by other kernels than floats.
        engine: One elsewhere; of one here, it is None.
    """
    if not isinstance(engine, Emulated | Wasm):
        return None
    return compare.host_of(file, engine.inner)


def same_engine(file: ExportedVariant, host: str, here: Outcome, there: Outcome) -> SameEngine:
    """Judge a file's scores elsewhere by those of the same engine here.

    Args:
        file: Decides what difference is accepted.
        host: The engine here.
        here: What came of it,
        there: and elsewhere.
    """
    limit = compare.tolerance(file)
    agreement, _, _, largest = compare.judge(here, there, limit)
    return SameEngine(host=host, tolerance=limit, agreement=agreement, largest_difference=largest)
