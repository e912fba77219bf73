"""The float network under PyTorch: onnx2torch makes modules of the ONNX file's operators."""

from importlib import import_module
from importlib.metadata import version
from typing import Any

from edgetag.desktop.availability import wanted_gpu
from edgetag.desktop.engine import Floats
from edgetag.desktop.job import FloatModel


class TorchModel:
    """A module of any batch.

    Args:
        model: Says which file, and where it computes.
    """

    def __init__(self, model: FloatModel) -> None:
        # By name: an export, which asks ONNX Runtime alone, does not follow from PyTorch's version.
        self._torch = torch = import_module("torch")
        self.gpu = wanted_gpu(model.device, torch.cuda.device_count())
        self.name = "" if self.gpu is None else str(torch.cuda.get_device_name(self.gpu))
        self.why_no_gpu = "PyTorch sees no GPU" if self.gpu is None else ""
        self.versions = {"torch": str(torch.__version__), "onnx2torch": version("onnx2torch")}
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = model.tf32
        self._device = "cpu" if self.gpu is None else f"cuda:{self.gpu}"
        convert = import_module("onnx2torch").convert
        self._module = convert(str(model.file)).eval().to(self._device)

    def place(self, images: Floats) -> Any:
        """Return a tensor on the device."""
        placed = self._torch.from_numpy(images).to(self._device)
        if self.gpu is not None:
            self._torch.cuda.synchronize(self.gpu)
        return placed

    def infer(self, placed: Any) -> Floats:
        """Return scores."""
        with self._torch.inference_mode():
            scores: Floats = self._module(placed).cpu().numpy()
        return scores


open_model = TorchModel
