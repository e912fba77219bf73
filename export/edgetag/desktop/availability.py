"""Whether an engine is installed, whether the name of a device is one, and what it came to."""

import re
from importlib.util import find_spec

from edgetag.catalogue.desktop import DESKTOP
from edgetag.catalogue.engines import Accelerator
from edgetag.errors import InputError
from edgetag.machine import Acceleration

CPU = "cpu"

NO_GPU = "TensorFlow sees no GPU"


def missing(engine: str) -> str | None:
    """Return None, or one line saying what an engine lacks here and how to install it."""
    line = DESKTOP[engine]
    lacking = [name for name in line.imports if find_spec(name) is None]
    if not lacking:
        return None
    verb = "is" if len(lacking) == 1 else "are"
    return f"{' and '.join(lacking)} {verb} not installed; install with: {line.install}"


def require_device(device: str) -> None:
    """Refuse what names no device.

    Raises:
        InputError: It is neither empty, nor `cpu`, nor `cuda:` and a number.
    """
    if device and device != CPU and not re.fullmatch(r"cuda:\d{1,3}", device):
        raise InputError(
            f"--device {device}: there is no such device; use cpu, or cuda:0 for the first GPU"
        )


def wanted_gpu(device: str, count: int) -> int | None:
    """Return the number of the GPU to compute on, None for the CPU.

    Args:
        device: What was asked for; empty takes the first GPU where there is one.
        count: GPUs that the engine sees.

    Raises:
        InputError: It sees no such GPU.
    """
    if not device:
        return 0 if count else None
    if device == CPU:
        return None
    number = int(device.partition(":")[2])
    if number >= count:
        seen = f"only {count}, from cuda:0 on" if count else "none"
        raise InputError(f"{device} was asked for, but of GPUs the engine sees {seen}")
    return number


def acceleration(device: str, gpu: int | None, why: str) -> Acceleration:
    """Return what an engine was asked for, and what computes.

    Args:
        device: What was asked for; empty asks for the first GPU, and for the CPU where none is.
        gpu: Number of the GPU that computes; None for the CPU.
        why: Why no GPU does, where one was asked for.
    """
    requested: Accelerator = "cpu" if device == CPU else "gpu"
    used: Accelerator = "cpu" if gpu is None else "gpu"
    return Acceleration(requested=requested, used=used, reason="" if used == requested else why)
