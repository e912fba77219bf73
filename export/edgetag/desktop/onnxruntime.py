"""The float network under ONNX Runtime, from the ONNX file."""

from typing import Any

import onnxruntime as runtime

from edgetag.desktop.availability import CPU, wanted_gpu
from edgetag.desktop.engine import Floats
from edgetag.desktop.job import FloatModel
from edgetag.errors import InputError

ON_GPU, ON_CPU = "CUDAExecutionProvider", "CPUExecutionProvider"
ERRORS_ALONE = 3
"""ONNX Runtime's level of its log."""

MOST_GPUS = 1000
"""ONNX Runtime does not tell how many there are; whether one is there, opening a session tells."""


class OnnxRuntimeModel:
    """A session of any batch.

    Args:
        model: Says which file, and where it computes.

    Raises:
        InputError: A GPU was asked for, and ONNX Runtime fell back to the CPU.
    """

    def __init__(self, model: FloatModel) -> None:
        runtime.set_default_logger_severity(ERRORS_ALONE)
        built_for_gpus = ON_GPU in runtime.get_available_providers()
        if model.device not in ("", CPU) and not built_for_gpus:
            raise InputError(
                f"{model.device} was asked for, but this onnxruntime has no CUDA; with an NVIDIA "
                "GPU: pip uninstall onnxruntime; pip install onnxruntime-gpu"
            )
        gpu = wanted_gpu(model.device, MOST_GPUS if built_for_gpus else 0)
        on_gpu = [(ON_GPU, {"device_id": gpu, "use_tf32": int(model.tf32)})]
        self._session = runtime.InferenceSession(
            str(model.file), providers=[*(on_gpu if gpu is not None else []), ON_CPU]
        )
        # Where it cannot use the GPU, it computes on the CPU and says so in a log alone.
        on_cpu = self._session.get_providers()[0] != ON_GPU
        if on_cpu and gpu is not None and model.device:
            raise InputError(f"{model.device} was asked for, but ONNX Runtime cannot use it")
        self.gpu = None if on_cpu else gpu
        self.name = ""
        self.why_no_gpu = ""
        if self.gpu is None:
            cannot = "ONNX Runtime cannot use the GPU"
            self.why_no_gpu = cannot if built_for_gpus else "this onnxruntime has no CUDA"
        self.versions = {"onnxruntime": str(runtime.__version__)}
        (given,), (wanted,) = self._session.get_inputs(), self._session.get_outputs()
        self._input, self._outputs = given.name, [wanted.name]

    def place(self, images: Floats) -> Any:
        """Return a value of ONNX Runtime's, on its device."""
        where = ("cpu", 0) if self.gpu is None else ("cuda", self.gpu)
        return runtime.OrtValue.ortvalue_from_numpy(images, *where)

    def infer(self, placed: Any) -> Floats:
        """Return scores."""
        (scores,) = self._session.run_with_ort_values(self._outputs, {self._input: placed})
        values: Floats = scores.numpy()
        return values


open_model = OnnxRuntimeModel
