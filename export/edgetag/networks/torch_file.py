"""Reads a state dict from PyTorch's legacy file layout, without torch and without trust.

The layout (torch.serialization, `_legacy_save`): three pickles (magic number, protocol version,
system information), the pickled state dict, the pickled list of storage keys, then for each
storage an int64 count and its raw little-endian values. The unpickler here knows four harmless
names and refuses every other one, so that a hostile file cannot run code.
"""

import io
import pickle  # only as the base of a restricted unpickler
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edgetag.errors import InputError

MAGIC = 0x1950A86A20F9469CFC6C
DTYPES: dict[str, np.dtype[Any]] = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}
MAX_BYTES = 512 * 1024 * 1024


class _Storage(NamedTuple):
    dtype: np.dtype[Any]
    key: str
    size: int


class _Tensor(NamedTuple):
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


def _rebuild_tensor(
    storage: _Storage, offset: int, shape: tuple[int, ...], stride: tuple[int, ...], *_: object
) -> _Tensor:
    return _Tensor(storage, offset, shape, stride)


_ALLOWED: dict[tuple[str, str], Callable[..., Any] | str] = {  # storage types stay names
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch", "FloatStorage"): "FloatStorage",
    ("torch", "LongStorage"): "LongStorage",
}


class _RestrictedUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed here") from None

    def persistent_load(self, pid: Any) -> _Storage:
        kind, storage_type, key, _device, size = pid[:5]
        if kind != "storage" or storage_type not in DTYPES:
            raise pickle.UnpicklingError(f"unknown storage {storage_type!r}")
        return _Storage(DTYPES[str(storage_type)], str(key), int(size))


def read_state_dict(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Read every tensor of a `.pth` file in the legacy layout.

    Returns:
        Name → array, float32 or int64, in torch's axis order.

    Raises:
        InputError: The file is no such file, is damaged, or names anything but tensors.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path}: over {MAX_BYTES} bytes; this is not the expected file")
        data = path.read_bytes()
        return _parse(data)
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except Exception as error:  # unpickling damaged bytes raises nearly anything
        raise InputError(f"{path}: not a state dict in torch's legacy layout: {error}") from None


def _parse(data: bytes) -> dict[str, npt.NDArray[Any]]:
    file = io.BytesIO(data)
    if _RestrictedUnpickler(file).load() != MAGIC:
        raise ValueError("wrong magic number")
    _RestrictedUnpickler(file).load()  # protocol version
    _RestrictedUnpickler(file).load()  # system information
    tensors: dict[str, _Tensor] = _RestrictedUnpickler(file).load()
    keys: list[str] = _RestrictedUnpickler(file).load()
    needed = {t.storage.key: t.storage for t in tensors.values()}
    storages: dict[str, npt.NDArray[Any]] = {}
    for key in keys:
        count = int(np.frombuffer(file.read(8), "<i8")[0])
        storage = needed[str(key)]
        if count != storage.size:
            raise ValueError(f"storage {key} holds {count} values instead of {storage.size}")
        raw = file.read(count * storage.dtype.itemsize)
        storages[str(key)] = np.frombuffer(raw, storage.dtype, count)
    return {name: _view(tensor, storages[tensor.storage.key]) for name, tensor in tensors.items()}


def _view(tensor: _Tensor, storage: npt.NDArray[Any]) -> npt.NDArray[Any]:
    last = sum((n - 1) * step for n, step in zip(tensor.shape, tensor.stride, strict=True))
    if min((tensor.offset, *tensor.stride, *tensor.shape), default=0) < 0:
        raise ValueError("a tensor has a negative offset, shape or stride")
    if tensor.offset + last >= len(storage):
        raise ValueError("a tensor reaches beyond its storage")
    strides = [step * storage.itemsize for step in tensor.stride]
    return np.lib.stride_tricks.as_strided(
        storage[tensor.offset :], tensor.shape, strides, writeable=False
    ).copy()
