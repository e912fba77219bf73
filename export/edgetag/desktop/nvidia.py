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
        handle = handle_of(library, number)
        return None if handle is None else Gpu(library, handle)
    except library.NVMLError:
        return None


def count_as_the_system_does() -> None:
    """Let CUDA number GPUs as the management library does; call before an engine is imported."""
    os.environ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"


def handle_of(library: Any, number: int) -> Any:
    """Return the library's handle of a GPU by the number that engines give it.

    CUDA_VISIBLE_DEVICES shows engines some alone, by the system's numbers or by the beginnings of
    their UUIDs, as schedulers do. None of a part of a GPU (MIG), which is no GPU to the library.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    name = visible[number].strip() if number < len(visible) else ""
    if not name or name.isdecimal():
        return library.nvmlDeviceGetHandleByIndex(int(name) if name else number)
    every = map(library.nvmlDeviceGetHandleByIndex, range(library.nvmlDeviceGetCount()))
    return next(
        (gpu for gpu in every if _text(library.nvmlDeviceGetUUID(gpu)).startswith(name)), None
    )


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
