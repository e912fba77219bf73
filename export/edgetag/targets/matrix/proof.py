"""The lowest runtime version of a file, read from its operators, held against an old runtime.

Loading proves what it shows and no more. A file that the old runtime refuses for lack of an
operator needs a newer one, as its operators say. A file that runs there needs no newer one; whether
one older still would do was not tried, so its lowest version is then what its operators say.
"""

from pathlib import Path

from edgetag.conversion import flatfile
from edgetag.conversion.op_versions import parse_version, required_runtime, unknown_operators
from edgetag.conversion.result import ExportedVariant
from edgetag.errors import InputError
from edgetag.runtimes import Engine, FailureKind, LoadFailure, ScoreRun, engines
from edgetag.targets.matrix.result import Conclusion, Proof
from edgetag.targets.scoring import Outcome

OLD_RUNTIME = "tflite-runtime"
"""The oldest runtime that can still be installed, and the last of its line."""

REFUSALS = (FailureKind.NOT_LOADABLE, FailureKind.CRASHED)

LACKS = "Didn't find op for builtin opcode"
"""What TensorFlow Lite says of an operator, or a version of one, that it does not have."""


def prove(
    file: ExportedVariant, path: Path, engine: Engine, outcome: Outcome, reference: Outcome
) -> Proof:
    """Compare what a file's operators need with whether the old runtime took the file.

    Its operators are read again from the file. `outcome` is that of scoring at least one image
    on the old runtime; a file that a current one (`reference`) refuses too says nothing about
    versions.
    """
    version = None if engine.available() else engine.version()
    loads = _loads(outcome)
    needs, unknown = read_needs(path)
    conclusion, detail = _conclude(
        file.min_runtime_version, needs, unknown, version, outcome, reference
    )
    return Proof(
        variant=file.variant,
        min_runtime_version=file.min_runtime_version,
        runtime=engine.name,
        runtime_version=version,
        accelerator=engines.acceleration(engine.name, outcome),
        loads=loads,
        conclusion=conclusion,
        detail=detail,
    )


def read_needs(path: Path) -> tuple[str, tuple[str, ...]]:
    """Return the lowest runtime version by a file's contents, and operators not known about.

    Both are empty where the file cannot be read.
    """
    try:
        model = flatfile.read_model(path)
    except InputError:
        return "", ()
    return required_runtime(model), unknown_operators(model)


def _conclude(
    recorded: str,
    needs: str,
    unknown: tuple[str, ...],
    version: str | None,
    outcome: Outcome,
    reference: Outcome,
) -> tuple[Conclusion, str]:
    loads = _loads(outcome)
    reason = outcome.reason if isinstance(outcome, LoadFailure) else ""
    if recorded != needs and needs:
        return (
            "contradicted",
            f"export.json says {recorded or 'nothing'}, its operators say {needs}",
        )
    if version is None or loads is None:
        return "not proved", reason
    if not needs or unknown:
        why = f"not all of its operators are known ({', '.join(unknown) or 'it cannot be read'})"
        return "not proved", f"{why}; " + (f"{version} runs it" if loads else reason)
    expected = parse_version(needs) <= parse_version(version)
    if loads:
        return _runs(needs, version, expected)
    if not expected and LACKS in reason:
        return "proved", f"{version} refuses it, as its operators say: {reason}"
    if not expected:
        return "not proved", f"{version} refuses it, but names no operator: {reason}"
    if isinstance(reference, LoadFailure):
        return "not proved", f"a current runtime does not run it either: {reason}"
    return "contradicted", f"its operators need only {needs}, but {version} refuses it: {reason}"


def _runs(needs: str, version: str, expected: bool) -> tuple[Conclusion, str]:
    if not expected:
        return "contradicted", f"its operators need {needs}, but it runs in {version}"
    if parse_version(needs) == parse_version(version):
        return "not contradicted", f"it runs in {version}; no older runtime was tried"
    return (
        "not contradicted",
        f"it runs in {version}; older ones, from {needs} on, were not tried",
    )


def _loads(outcome: Outcome) -> bool | None:
    """Return whether a file was taken; None where that cannot be told."""
    if isinstance(outcome, ScoreRun) or outcome.kind is FailureKind.WRONG_OUTPUT:
        return True
    return False if outcome.kind in REFUSALS else None
