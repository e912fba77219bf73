"""The lowest runtime version of a file, read from its operators, held against an old runtime."""

from edgetag.conversion.op_versions import parse_version
from edgetag.conversion.result import ExportedVariant
from edgetag.matrix.result import Proof
from edgetag.runtimes import Engine, FailureKind, LoadFailure, ScoreRun

OLD_RUNTIME = "tflite-runtime"
"""The oldest runtime that can still be installed, and the last of its line."""

REFUSALS = (FailureKind.NOT_LOADABLE, FailureKind.CRASHED)


def prove(file: ExportedVariant, engine: Engine, outcome: ScoreRun | LoadFailure) -> Proof:
    """Compare what the file's operators need with whether the old runtime took the file.

    Args:
        file: With the lowest version that its operators need.
        engine: The old runtime.
        outcome: Of scoring at least one image there.
    """
    version = None if engine.available() else engine.version()
    loads = _loads(outcome)
    needs = file.min_runtime_version
    reason = outcome.reason if isinstance(outcome, LoadFailure) else ""

    def proof(conclusion: str, detail: str) -> Proof:
        return Proof.model_validate(
            {
                "variant": file.variant,
                "min_runtime_version": needs,
                "runtime": engine.name,
                "runtime_version": version,
                "loads": loads,
                "conclusion": conclusion,
                "detail": detail,
            }
        )

    if version is None or loads is None:
        return proof("not proved", reason)
    if not needs:
        told = "it loads" if loads else f"it does not load: {reason}"
        return proof("not proved", f"not all of its operators are known; {told}")
    expected = parse_version(needs) <= parse_version(version)
    if loads and expected:
        return proof("proved", "it loads, as its operators say")
    if loads:
        return proof("contradicted", f"its operators need {needs}, but it loads in {version}")
    if expected:
        return proof(
            "contradicted", f"its operators need only {needs}, but {version} refuses it: {reason}"
        )
    return proof("proved", f"it is refused, as its operators say: {reason}")


def _loads(outcome: ScoreRun | LoadFailure) -> bool | None:
    """Return whether a file was taken; None where that cannot be told."""
    if isinstance(outcome, ScoreRun) or outcome.kind is FailureKind.WRONG_OUTPUT:
        return True
    return False if outcome.kind in REFUSALS else None
