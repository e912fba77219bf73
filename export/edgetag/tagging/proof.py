"""Proves a model on this machine before it is trusted: once, in a process of its own.

A damaged file can crash a runtime, and kernels of another processor can round otherwise. So a
bundle's file first scores its golden inputs in a process that may be lost, as apps do on phones; a
plain file scores one grey picture there. What was proved is remembered by the digests of all that
it depends on.
"""

import hashlib
import json
from pathlib import Path

import numpy as np

from edgetag import __version__
from edgetag.bundling.replay import cells_over, nearest, run_over
from edgetag.errors import InputError
from edgetag.machine import this_machine
from edgetag.runtimes import Engine, LoadFailure
from edgetag.scratch import scratch_folder
from edgetag.tagging.errors import BundleError
from edgetag.tagging.opening import Model
from edgetag.temporary_images import images_on_disk
from edgetag.user_cache import user_cache
from edgetag.writing import write_text

GREY = 128


def prove(model: Model, engine: Engine, where: Path) -> None:
    """Run a model over what is known of it, unless that was done on this machine before.

    Raises:
        BundleError: It cannot be run, or gives other scores than are known.
    """
    proved = user_cache() / "proved" / f"{_key(model, engine)}.json"
    if proved.exists():
        return
    size = model.contract.input_size
    grey = np.full((1, size, size, 3), GREY, dtype=np.uint8)
    inputs = model.golden.inputs if model.golden else grey
    with scratch_folder() as folder, images_on_disk(inputs, size) as images:
        file = folder / "model.tflite"
        file.write_bytes(model.data)
        run = run_over(engine, file, images, len(inputs), model.contract)
        cells = None
        if model.golden and any(entry.cells is not None for entry in model.golden.known):
            cells = cells_over(engine, file, images, len(inputs), model.contract)
    if isinstance(run, LoadFailure):
        raise BundleError(f"{where}: {model.variant} does not run on {engine.name}: {run.reason}")
    if isinstance(cells, LoadFailure):
        raise BundleError(
            f"{where}: {model.variant} makes no heat maps on {engine.name}: {cells.reason}"
        )
    if run.scores.shape[1] != len(model.tags):
        raise BundleError(
            f"{where}: {model.variant} gives {run.scores.shape[1]} scores for "
            f"{len(model.tags)} tags"
        )
    if model.golden:
        distance = nearest(run.scores, cells, model.golden.known)
        if not distance.agrees:
            what, largest, allowed = distance.largest
            raise BundleError(
                f"{where}: {model.variant} on {engine.name} {engine.version()} does not give its "
                f"golden {what} on this machine (largest difference {largest:.4g}, allowed "
                f"{allowed:.4g}); use another runtime, or validate the model here"
            )
    try:
        write_text(proved, json.dumps({"model": model.sha256, "engine": engine.name}) + "\n")
    except InputError:
        return  # nothing is remembered where there is no place for it: the next time proves again


def _key(model: Model, engine: Engine) -> str:
    """Return a digest of all that scores depend on: model, golden scores, runtime, machine."""
    machine = this_machine()
    parts = (
        model.source_sha256,
        model.sha256,
        model.contract.digest(),
        engine.name,
        engine.version(),
        __version__,
        machine.architecture,
        machine.cpu,
        *machine.cpu_features,
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
