"""Runs a file's signature `explain`: `python -m edgetag.runtimes.maps_worker JOB.json`.

It takes the job of the scoring process. What it writes is one array, since a job has one place
for what comes out: `[n, height + 1, width, tags]` float32, the maps, and in one row of cells more
the scores, in its first cell.
"""

import time
from typing import Any

import numpy as np
import numpy.typing as npt

from edgetag.children import Emit
from edgetag.errors import one_line
from edgetag.image_cache import ImageCache
from edgetag.runtimes.encoding import ImageEncoder, decode, encoding_table
from edgetag.runtimes.interpreter import InterpreterSession
from edgetag.runtimes.messages import Done, Job, Scored
from edgetag.runtimes.protocol import ModelLoadError, Session, Tensor
from edgetag.runtimes.worker import REPORT_EVERY_S, WrongOutputError, checked, main

SIGNATURE = "explain"
IMAGE, SCORES, MAPS = "image", "scores", "maps"


def map_rows(session: Session, job: Job, cache: ImageCache, emit: Emit) -> None:
    """Run the signature over the job's rows; see `worker.Work`.

    Raises:
        ModelLoadError: The file or the runtime lacks the signature, or it fails while it runs.
        WrongOutputError: What it gives are no scores or no maps.
    """
    runner, scores_end, maps_end = _runner(session)
    rows = np.load(job.rows, allow_pickle=False)
    encoder = ImageEncoder(encoding_table(job.contract, session.input), cache.index.input_size)
    _, height, width, tags = maps_end.shape
    out = np.zeros((len(rows), height + 1, width, tags), dtype=np.float32)
    started, cpu_started = time.monotonic(), time.process_time()
    reported = started
    for image in range(len(rows)):
        try:
            found = runner(**{IMAGE: encoder.encode(cache[rows[image : image + 1]])})
        except (RuntimeError, ValueError) as error:
            reason = one_line(str(error))
            raise ModelLoadError(f"its signature {SIGNATURE} fails to run: {reason}") from None
        # A signature gives integers as they are stored, so they are still to be scaled.
        out[image, :height] = _maps(decode(found[MAPS], maps_end), maps_end)
        out[image, height, 0] = checked(decode(found[SCORES], scores_end), scores_end)
        now = time.monotonic()
        if now - reported >= REPORT_EVERY_S:
            emit(Scored(images=image + 1))
            reported = now
    seconds, cpu_seconds = time.monotonic() - started, time.process_time() - cpu_started
    from edgetag.workspace import write_array  # imported late, as in `worker`

    write_array(job.scores, out)
    emit(Scored(images=len(rows)))
    emit(Done(seconds=seconds, cpu_seconds=cpu_seconds))


def _runner(session: Session) -> tuple[Any, Tensor, Tensor]:
    """Return what runs the signature, and its outputs scores and maps."""
    if not isinstance(session, InterpreterSession):
        raise ModelLoadError("this runtime runs no signature but the first")
    try:
        runner = session.interpreter.get_signature_runner(SIGNATURE)
        outputs = {name: _end(found) for name, found in runner.get_output_details().items()}
        inputs = [_end(found) for found in runner.get_input_details().values()]
    except (ValueError, RuntimeError) as error:
        raise ModelLoadError(f"no signature {SIGNATURE}: {one_line(str(error))}") from None
    if set(outputs) != {SCORES, MAPS} or [one.shape for one in inputs] != [session.input.shape]:
        raise ModelLoadError(f"its signature {SIGNATURE} has other inputs or outputs")
    scores, maps = outputs[SCORES], outputs[MAPS]
    if len(maps.shape) != 4 or maps.shape[0] != 1 or maps.shape[3] != scores.shape[-1]:
        raise ModelLoadError(f"the shape of its maps is {list(maps.shape)}")
    return runner, scores, maps


def _end(details: dict[str, Any]) -> Tensor:
    scale, zero_point = details["quantization"]
    return Tensor(
        name=details["name"],
        shape=tuple(int(n) for n in details["shape"]),
        dtype=np.dtype(details["dtype"]).name,
        scale=float(scale),
        zero_point=int(zero_point),
    )


def _maps(found: npt.NDArray[np.float32], end: Tensor) -> npt.NDArray[np.float32]:
    if found.shape != end.shape:
        raise WrongOutputError(f"its maps have the shape {list(found.shape)}, not {end.shape}")
    if not np.isfinite(found).all():
        raise WrongOutputError("it gives maps that are not numbers")
    return found[0]


if __name__ == "__main__":
    main(map_rows)
