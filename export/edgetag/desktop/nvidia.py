"""What NVIDIA's driver tells of a GPU, by nvidia-ml-py; not tried on a GPU so far."""

import os
from importlib import import_module
from importlib.util import find_spec
from typing import Any


class Gpu:
    """A GPU, asked by NVIDIA's management library.

    Args:
        library: The module `pynvml`, initialized.
        handle: The library's, of the GPU.
    """

    def __init__(self, library: Any, handle: Any) -> None:
        self._library = library
        self._handle = handle
        self.name = _text(library.nvmlDeviceGetName(handle))
        self.driver = _text(library.nvmlSystemGetDriverVersion())

    def used_bytes(self) -> int:
        """Return the bytes in use, by all processes."""
        return int(self._library.nvmlDeviceGetMemoryInfo(self._handle).used)

    def joules(self) -> float | None:
        """Return the energy since the driver was loaded; None where the GPU does not count it."""
        try:
            return self._library.nvmlDeviceGetTotalEnergyConsumption(self._handle) / 1e3
        except self._library.NVMLError:
            return None


def open_gpu(number: int) -> Gpu | None:
    """Return a GPU by the number that engines give it; None without nvidia-ml-py or a driver."""
    if find_spec("pynvml") is None:
        return None
    library = import_module("pynvml")
    try:
        library.nvmlInit()
        return Gpu(library, library.nvmlDeviceGetHandleByIndex(_in_the_system(number)))
    except library.NVMLError:
        return None


def count_as_the_system_does() -> None:
    """Let CUDA number GPUs as the management library does; call before an engine is imported."""
    os.environ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"


def _in_the_system(number: int) -> int:
    """Return the system's number of a GPU where CUDA_VISIBLE_DEVICES shows engines some alone."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    if number < len(visible) and visible[number].strip().isdecimal():
        return int(visible[number])
    return number


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
