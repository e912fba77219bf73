"""tflite-runtime with its reference kernels, to compare other machines with."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from edgetag.runtimes.tflite_runtime import TFLiteRuntime

if TYPE_CHECKING:
    from edgetag.runtimes.session import Session


class TFLiteReference(TFLiteRuntime):
    """The engine `tflite-runtime-reference`.

    Its kernels are slow and plain, and what tflite-runtime on ARM computes in integers is bit for
    bit what they compute on x86; the default kernels of x86 round otherwise.
    """

    name = "tflite-runtime-reference"

    def load(self, model: Path | bytes, threads: int) -> "Session":
        """Load a file; see `protocol.Loader.load`."""
        from tflite_runtime.interpreter import Interpreter, OpResolverType

        from edgetag.runtimes.interpreter import open_session

        make = partial(Interpreter, experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
        return open_session(make, model, threads)


ENGINE = TFLiteReference()
