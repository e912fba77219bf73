"""LiteRT's CompiledModel on the CPU, the interface of LiteRT 2.x, by the package ai-edge-litert."""

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgetag.catalogue.engines import ENGINES
from edgetag.errors import one_line
from edgetag.runtimes.here import EngineHere
from edgetag.runtimes.interpreter import describe
from edgetag.runtimes.protocol import ModelLoadError
from edgetag.runtimes.session import Signature, Values

if TYPE_CHECKING:
    from edgetag.runtimes.session import Session


class LiteRTCompiled(EngineHere):
    """The engine `litert-compiled`."""

    name = "litert-compiled"
    package = "ai-edge-litert"

    def load(self, model: Path | bytes, threads: int) -> "Session":
        """Load a file; see `protocol.Loader.load`."""
        return CompiledSession(model, threads)


class CompiledSession:
    """A compiled model, a `Session`.

    `CompiledModel` tells no scales and zero points, so an interpreter that is never allocated
    describes the file's ends.

    Args:
        model: A `.tflite` file, or its bytes.
        threads: Of the CPU.

    Raises:
        ModelLoadError: LiteRT refuses the file, or it is no image classifier.
    """

    def __init__(self, model: Path | bytes, threads: int) -> None:
        from ai_edge_litert.compiled_model import (
            CompiledModel,
            CpuOptions,
            HardwareAccelerator,
            Options,
        )
        from ai_edge_litert.interpreter import Interpreter

        self._described = ends = describe(Interpreter, model)
        self.input, self.output = ends.input, ends.output
        for end in (self.input, self.output):
            if end.dtype == "int16":
                raise ModelLoadError(f"{end.name} is int16, which CompiledModel takes no arrays of")
        asked = ENGINES["litert-compiled"].accelerator
        options = Options(
            hardware_accelerators=HardwareAccelerator[asked.upper()],
            cpu_options=CpuOptions(num_threads=threads),
        )
        try:
            if isinstance(model, bytes):
                self._model = CompiledModel.from_buffer(model, options=options)
            else:
                self._model = CompiledModel.from_file(str(model), options=options)
            signature = self._model.get_signature_by_index(0)
            outputs = self._model.get_output_tensor_details(signature["key"])
            order = [outputs[name]["index"] for name in signature["outputs"]]
            self._inputs = self._model.create_input_buffers(0)
            self._outputs = self._model.create_output_buffers(0)
        except RuntimeError as error:
            raise ModelLoadError(one_line(str(error))) from None
        if ends.output_index not in order:
            raise ModelLoadError("its first signature does not give the scores")
        self._scores = self._outputs[order.index(ends.output_index)]

    def feed(self, values: Values) -> None:
        """Set the input: `[1, height, width, 3]` of the input's type."""
        self._inputs[0].write(values)

    def run(self) -> None:
        """Run the model once on what was fed."""
        self._model.run_by_index(0, self._inputs, self._outputs)

    def read(self) -> Values:
        """Return the raw output `[tags]` of the output's type."""
        return self._scores.read(self.output.shape[1], self.output.dtype)

    def signature(self, name: str) -> Signature:
        """Return another signature; see `Session.signature`."""
        described = self._described.signature(name)
        place = self._model.get_signature_index(name)
        names = self._model.get_signature_by_index(place)["outputs"]
        inputs = self._model.create_input_buffers(place)
        outputs = dict(zip(names, self._model.create_output_buffers(place), strict=True))

        def run(values: Values) -> dict[str, Values]:
            inputs[0].write(values)
            self._model.run_by_index(place, inputs, list(outputs.values()))
            return {
                output: outputs[output].read(math.prod(end.shape), end.dtype).reshape(end.shape)
                for output, end in described.outputs.items()
            }

        return replace(described, run=run)


ENGINE = LiteRTCompiled()
