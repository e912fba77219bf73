"""Scores from a phone by a runner of the user's, an executable started as `RUNNER JOB.json`.

`job` says what the job holds. Exit code 0 says that all is written; what it prints is shown when
it fails.
"""

import io
import json
import secrets
from typing import Any

import numpy as np

from edgetag.metrics import Scores
from edgetag.phones.asking import SECONDS_AN_IMAGE, START_S, ask
from edgetag.phones.job import RunnerJob, RunsOn
from edgetag.phones.phone import FOLDER, Phone
from edgetag.phones.problems import PhoneError, Problem
from edgetag.phones.store import LocalFile
from edgetag.preprocess import Preprocessing

HEAD_BYTES = 4096
VALUE_BYTES = 32
"""A score as text with its comma; a float32 takes 4."""

ROUNDING = 1e-3
"""Scores this far outside 0..1 are rounding and are cut."""


def score(
    phone: Phone,
    runner: LocalFile,
    model: LocalFile,
    images: LocalFile,
    shape: tuple[int, int],
    contract: Preprocessing,
    delegate: RunsOn,
) -> tuple[Scores, float]:
    """Return the scores `[n, tags]` of a file on a phone, and the seconds that they took.

    `images` are `[n, size, size, 3]` uint8 in a `.npy`, `shape` is `(n, tags)`. Runner, model
    and images are on the phone.

    Raises:
        PhoneError: The phone is gone, the runner fails, or what it writes are no such scores.
    """
    job = RunnerJob(
        model=model.remote,
        images=images.remote,
        scores=f"{FOLDER}/{secrets.token_hex(8)}.scores",
        threads=1,
        contract=contract,
        delegate=delegate,
    )

    def run(job_file: LocalFile) -> str:
        limit_s = START_S + SECONDS_AN_IMAGE * shape[0]
        answer = phone.run(FOLDER, [runner.remote, job_file.remote], limit_s)
        if answer.code:
            raise PhoneError(
                Problem.FAILED,
                f"the runner ended with exit code {answer.code}: {answer.last_line}",
            )
        return job.scores

    content, seconds = ask(phone, job, run, HEAD_BYTES + VALUE_BYTES * shape[0] * shape[1])
    return read_scores(content, shape), seconds


def read_scores(content: bytes, shape: tuple[int, int]) -> Scores:
    """Read what a runner wrote: `.npy` or JSON.

    Args:
        content: Content of its file; it may hold anything.
        shape: `(n, tags)` that is expected.

    Raises:
        PhoneError: It holds something else than numbers in 0..1 of this shape.
    """
    try:
        values: Any
        if content.startswith(b"\x93NUMPY"):
            values = np.load(io.BytesIO(content), allow_pickle=False)
        else:
            values = np.array(json.loads(content))
    except Exception as error:  # numpy's and json's readers raise many kinds on damaged files
        raise _wrong(f"the runner's scores cannot be read: {error}") from None
    if values.shape != shape or values.dtype.kind not in "fiu":
        shown = f"{list(values.shape)} {values.dtype}"
        raise _wrong(f"the runner's scores are {shown}, expected {list(shape)} float32")
    with np.errstate(over="ignore"):
        scores = values.astype(np.float32)
    if not np.isfinite(scores).all():
        raise _wrong("the runner's scores hold values that are not numbers")
    if scores.min() < -ROUNDING or scores.max() > 1 + ROUNDING:
        worst = scores.flat[int(np.abs(scores - 0.5).argmax())]
        raise _wrong(f"the runner's scores leave 0..1, such as {worst:.4g}")
    clipped: Scores = scores.clip(0, 1)
    return clipped


def _wrong(text: str) -> PhoneError:
    return PhoneError(Problem.WRONG_OUTPUT, text)
