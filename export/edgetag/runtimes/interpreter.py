"""A session over the interpreter class that LiteRT and tflite-runtime have in common."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from edgetag.errors import one_line
from edgetag.runtimes.protocol import ModelLoadError
from edgetag.runtimes.session import Signature, Tensor, Values

IDENTIFIER = b"TFL3"
"""FlatBuffers file identifier of TensorFlow Lite, at byte 4."""

DTYPES = ("float32", "uint8", "int8", "int16")


class InterpreterSession:
    """A loaded model.

    The plain tensor calls are used, not signatures: a file with a second signature (for the heat
    map) then needs no special case, since subgraph 0 is the first one.

    Args:
        interpreter: Its tensors are allocated before it runs.

    Raises:
        ModelLoadError: The model does not take one image or gives no list of scores.
    """

    def __init__(self, interpreter: Any) -> None:
        self.interpreter = interpreter
        inputs = interpreter.get_input_details()
        if len(inputs) != 1:
            raise ModelLoadError(f"the model has {len(inputs)} inputs, expected one image")
        self.input, self.input_index = _tensor(inputs[0])
        if len(self.input.shape) != 4 or self.input.shape[0] != 1 or self.input.shape[3] != 3:
            raise ModelLoadError(
                f"the input's shape is {list(self.input.shape)}, expected [1, height, width, 3]"
            )
        output, self.output_index = _tensor(_scores(interpreter.get_output_details()))
        self.output = replace(output, shape=(1, output.shape[-1]))

    def feed(self, values: Values) -> None:
        """Set the input: `[1, height, width, 3]` of the input's type."""
        self.interpreter.set_tensor(self.input_index, values)

    def run(self) -> None:
        """Run the model once on what was fed."""
        self.interpreter.invoke()

    def read(self) -> Values:
        """Return the raw output `[tags]` of the output's type."""
        return self.interpreter.get_tensor(self.output_index).reshape(-1)

    def tensor(self, position: int) -> Values:
        """Return any tensor as it is stored; only for an interpreter that preserves them all."""
        return self.interpreter.get_tensor(position)

    def signature(self, name: str) -> Signature:
        """Return another signature; see `Session.signature`."""
        try:
            runner = self.interpreter.get_signature_runner(name)
            inputs, outputs = runner.get_input_details(), runner.get_output_details()
        except (ValueError, RuntimeError) as error:
            raise ModelLoadError(f"no signature {name}: {one_line(str(error))}") from None
        if len(inputs) != 1:
            raise ModelLoadError(f"its signature {name} has {len(inputs)} inputs, expected one")
        ((key, details),) = inputs.items()
        return Signature(
            input=_tensor(details)[0],
            outputs={output: _tensor(end)[0] for output, end in outputs.items()},
            run=lambda values: runner(**{key: values}),
        )


def _scores(outputs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the one output that is a list of scores: `[1, tags]`, or `[1, 1, 1, tags]` alone."""
    shapes = [tuple(int(n) for n in details["shape"]) for details in outputs]
    lists = [i for i, shape in enumerate(shapes) if len(shape) == 2 and shape[0] == 1]
    if not lists and len(outputs) == 1 and len(shapes[0]) == 4 and shapes[0][:3] == (1, 1, 1):
        lists = [0]
    if len(lists) != 1:
        raise ModelLoadError("the model has no single output of shape [1, tags]")
    return outputs[lists[0]]


def _tensor(details: dict[str, Any]) -> tuple[Tensor, int]:
    dtype = np.dtype(details["dtype"]).name
    scale, zero_point = details["quantization"]
    if dtype not in DTYPES:
        raise ModelLoadError(f"{details['name']} is {dtype}, expected one of {', '.join(DTYPES)}")
    if dtype != "float32" and not scale > 0:
        raise ModelLoadError(f"{details['name']} is {dtype} but has no quantization scale")
    shape = tuple(int(n) for n in details["shape"])
    return Tensor(details["name"], shape, dtype, float(scale), int(zero_point)), details["index"]


def open_session(make: Callable[..., Any], model: Path | bytes, threads: int) -> InterpreterSession:
    """Load a file with an interpreter class and allocate its tensors.

    Raises:
        ModelLoadError: The file is no TensorFlow Lite model, or the interpreter refuses it.
    """
    session = describe(make, model, threads)
    try:
        session.interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise ModelLoadError(one_line(str(error))) from None
    return session


def describe(make: Callable[..., Any], model: Path | bytes, threads: int = 1) -> InterpreterSession:
    """Open a file with an interpreter class without allocating: its ends are known, nothing runs.

    Raises:
        ModelLoadError: The file is no TensorFlow Lite model, or the interpreter refuses it.
    """
    try:
        head = model[:8] if isinstance(model, bytes) else _head(model)
    except OSError as error:
        raise ModelLoadError(f"the file cannot be read: {error.strerror}") from None
    if not head:
        raise ModelLoadError("the file is empty")
    if head[4:8] != IDENTIFIER:
        raise ModelLoadError("the file is not a TensorFlow Lite model: it lacks the mark TFL3")
    try:
        given = {"model_content": model} if isinstance(model, bytes) else {"model_path": str(model)}
        return InterpreterSession(make(**given, num_threads=threads))
    except (ValueError, RuntimeError, SystemError) as error:
        # UnicodeDecodeError, a ValueError, comes from messages that quote a damaged file.
        raise ModelLoadError(one_line(str(error))) from None


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(8)
