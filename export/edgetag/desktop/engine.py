"""What the file of an engine offers: `open_model(model) -> Opened`."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from edgetag.children import Emit
from edgetag.desktop.availability import acceleration
from edgetag.desktop.job import FloatModel, Place
from edgetag.desktop.nvidia import Gpu
from edgetag.errors import InputError, one_line
from edgetag.machine import this_machine
from edgetag.messages import Refused

Floats = npt.NDArray[np.float32]


class Opened(Protocol):
    """The float network in an engine."""

    gpu: int | None
    """Number of the GPU that computes; None for the CPU."""

    name: str
    """The GPU's, as far as the engine knows it."""

    versions: Mapping[str, str]
    """Package → version."""

    why_no_gpu: str
    """Why the CPU computes where a GPU was not ruled out; empty where a GPU does."""

    def place(self, images: Floats) -> Any:
        """Bring `[batch, size, size, 3]` scaled images to where the engine computes."""

    def infer(self, placed: Any) -> Floats:
        """Return `[batch, tags]` scores; waits until they are here."""


def open_model(model: FloatModel) -> Opened:
    """Open the network in the engine that the model names.

    Raises:
        InputError: The engine cannot, or has no such device.
    """
    opened: Opened = import_module(f"edgetag.desktop.{model.engine}").open_model(model)
    return opened


def place_of(opened: Opened, gpu: Gpu | None, asked: str) -> Place:
    """Return where a model computes.

    Args:
        opened: The model.
        gpu: What computes, if a GPU does and its driver tells of it.
        asked: Device that was asked for; see `job.FloatModel`.
    """
    if opened.gpu is None:
        device, driver = this_machine().cpu, ""
    else:
        device = opened.name or (gpu.name if gpu else f"GPU {opened.gpu}")
        driver = gpu.driver if gpu else ""
    versions = {**opened.versions, "numpy": np.__version__}
    given = acceleration(asked, opened.gpu, opened.why_no_gpu)
    return Place(
        device=device,
        gpu=opened.gpu,
        driver=driver,
        versions=versions,
        requested=given.requested,
        why=given.reason,
    )


@contextmanager
def refusals(emit: Emit) -> Iterator[None]:
    """Answer with one line where an engine refuses, or fails in a way of its own."""
    try:
        yield
    except InputError as error:
        emit(Refused(reason=str(error)))
    except Exception as error:  # engines raise kinds of their own
        emit(Refused(reason=f"it failed: {one_line(f'{type(error).__name__}: {error}')}"))
