"""What runs in a peer's environment: it converts, scores and times, and knows nothing of edgetag.

It imports the standard library, numpy and the peer's packages alone. Its first argument is a job as
JSON; it answers with lines of JSON on stdout, and ends when its parent does.
"""

import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

SAID_EVERY = 50
"""Pictures between two lines of progress."""


class Opened:
    """A file in a runtime, on one thread.

    Attributes:
        prepare: Pixels `[1, size, size, 3]` uint8 → the input.
        run: Input → scores `[tags]`.
        precision: What the runtime says that it computes in; "" where it says nothing.
    """

    def __init__(
        self,
        prepare: Callable[[Array], Array],
        run: Callable[[Array], Array],
        precision: str = "",
    ) -> None:
        self.prepare = prepare
        self.run = run
        self.precision = precision


def open_litert(job: dict[str, Any]) -> Opened:
    """Open a `.tflite` file."""
    module = importlib.import_module("ai_edge_litert.interpreter")
    interpreter = module.Interpreter(model_path=job["file"], num_threads=1)
    interpreter.allocate_tensors()
    (fed,), (read,) = interpreter.get_input_details(), interpreter.get_output_details()

    def prepare(pixels: Array) -> Array:
        values = scaled(pixels, job)
        if fed["dtype"] == np.float32:
            return values
        (scale, zero), limits = fed["quantization"], np.iinfo(fed["dtype"])
        return (np.rint(values / scale) + zero).clip(limits.min, limits.max).astype(fed["dtype"])

    def run(values: Array) -> Array:
        interpreter.set_tensor(fed["index"], values)
        interpreter.invoke()
        scores = interpreter.get_tensor(read["index"])[0]
        if read["dtype"] == np.float32:
            return np.asarray(scores)
        scale, zero = read["quantization"]
        return (scores.astype(np.float32) - zero) * np.float32(scale)

    return Opened(prepare, run)


def open_onnxruntime(job: dict[str, Any]) -> Opened:
    """Open an `.onnx` file on the processor."""
    runtime = importlib.import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = runtime.InferenceSession(job["file"], options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return Opened(
        lambda pixels: scaled(pixels, job), lambda values: session.run(None, {name: values})[0][0]
    )


def open_openvino(job: dict[str, Any]) -> Opened:
    """Open an OpenVINO model; `exact` has floats computed as floats."""
    openvino = importlib.import_module("openvino")
    options = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": "1"}
    if job.get("exact"):
        options["INFERENCE_PRECISION_HINT"] = "f32"
    compiled = openvino.Core().compile_model(job["file"], "CPU", options)
    request = compiled.create_infer_request()
    precision = compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
    return Opened(
        lambda pixels: scaled(pixels, job),
        lambda values: np.array(request.infer([values])[0][0]),
        precision,
    )


OPEN = {
    "litert": open_litert,
    "onnxruntime": open_onnxruntime,
    "openvino": open_openvino,
}


def scaled(pixels: Array, job: dict[str, Any]) -> Array:
    """Return the float input of pixels."""
    mean, std = np.float32(job["contract"]["mean"]), np.float32(job["contract"]["std"])
    return (pixels.astype(np.float32) - mean) / std


def inputs(job: dict[str, Any]) -> list[Array]:
    """Return the calibration pictures as float inputs."""
    pixels = np.load(job["pictures"])
    return [scaled(pixels[place : place + 1], job) for place in range(len(pixels))]


def make_litert_quantizer(job: dict[str, Any]) -> None:
    """Static int8 by the recipe that the package ships."""
    quantizer = importlib.import_module("litert_quantizer.quantizer")
    recipe = importlib.import_module("litert_quantizer.recipe")
    module = importlib.import_module("ai_edge_litert.interpreter")
    runners = module.Interpreter(model_path=job["source"]).get_signature_list()
    (signature,) = runners
    (name,) = runners[signature]["inputs"]
    engine = quantizer.Quantizer(job["source"], recipe.static_wi8_ai8())
    ranges = engine.calibrate({signature: [{name: values} for values in inputs(job)]})
    made = engine.quantize(ranges).quantized_model
    Path(job["files"]["int8"]).write_bytes(bytes(made))


def make_onnxruntime(job: dict[str, Any]) -> None:
    """ONNX by tf2onnx, then static QDQ int8 with a scale for each channel of weights."""
    convert = importlib.import_module("tf2onnx.convert")
    convert.from_tflite(job["source"], opset=18, output_path=job["files"]["float"])
    quantization = importlib.import_module("onnxruntime.quantization")
    prepare = importlib.import_module("onnxruntime.quantization.shape_inference")
    prepared = job["files"]["int8"] + ".prepared"
    prepare.quant_pre_process(job["files"]["float"], prepared)
    onnx = importlib.import_module("onnx")
    name = onnx.load(prepared).graph.input[0].name

    class Reader(quantization.CalibrationDataReader):  # type: ignore[name-defined]
        def __init__(self) -> None:
            self.left = iter(inputs(job))

        def get_next(self) -> Any:
            values = next(self.left, None)
            return None if values is None else {name: values}

    kinds = {"int8": quantization.QuantType.QInt8, "int8 unsigned": quantization.QuantType.QUInt8}
    for kind, activations in kinds.items():
        quantization.quantize_static(
            prepared,
            job["files"][kind],
            Reader(),
            quant_format=quantization.QuantFormat.QDQ,
            per_channel=True,
            activation_type=activations,
        )
    Path(prepared).unlink()


def make_openvino(job: dict[str, Any]) -> None:
    """OpenVINO's reader of `.tflite`, then NNCF's quantization after training."""
    openvino = importlib.import_module("openvino")
    nncf = importlib.import_module("nncf")
    model = openvino.convert_model(job["source"])
    openvino.save_model(model, job["files"]["float"], compress_to_fp16=False)
    pictures = inputs(job)
    made = nncf.quantize(model, nncf.Dataset(pictures), subset_size=len(pictures))
    openvino.save_model(made, job["files"]["int8"], compress_to_fp16=False)


MAKE = {
    "litert-quantizer": make_litert_quantizer,
    "onnxruntime": make_onnxruntime,
    "openvino": make_openvino,
}


def score(job: dict[str, Any], say: Callable[..., None]) -> None:
    """Score pictures, `[n, tags]` float32, into a file."""
    opened = OPEN[job["runtime"]](job)
    pixels = np.load(job["pictures"], mmap_mode="r")
    scores = []
    for place in range(len(pixels)):
        picture = np.array(pixels[place : place + 1])
        scores.append(np.asarray(opened.run(opened.prepare(picture)), np.float32).reshape(-1))
        if (place + 1) % SAID_EVERY == 0:
            say(images=place + 1)
    np.save(job["scores"], np.stack(scores))
    say(precision=opened.precision)


def take_turns(job: dict[str, Any], say: Callable[..., None], asked: Sequence[str]) -> None:
    """Time as many inferences as each line asks for, in nanoseconds; see `turns`."""
    opened = OPEN[job["runtime"]](job)
    pixels = np.load(job["pictures"])
    values = [opened.prepare(pixels[place : place + 1]) for place in range(len(pixels))]
    place = 0
    say(ready=True)
    for line in asked:
        times = []
        for _ in range(int(line)):
            fed = values[place % len(values)]
            begun = time.perf_counter_ns()
            opened.run(fed)
            times.append(time.perf_counter_ns() - begun)
            place += 1
        say(times_ns=times)


def main() -> None:
    """Do the job."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever libraries print is no event

    def say(**event: Any) -> None:
        events.write(json.dumps(event) + "\n")
        events.flush()

    if job["do"] == "make":
        MAKE[job["tool"]](job)
    elif job["do"] == "score":
        score(job, say)
    else:
        take_turns(job, say, sys.stdin)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
