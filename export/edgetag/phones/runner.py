"""Scores from a phone by a runner of the user's, an executable started as `RUNNER JOB.json`.

`job` says what the job holds. Exit code 0 says that all is written; what it prints is shown when
it fails.
"""

import io
import json
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgetag.arrays import write_array
from edgetag.errors import InputError
from edgetag.metrics import Scores
from edgetag.phones.job import RunnerJob, RunsOn
from edgetag.phones.phone import FOLDER, Phone
from edgetag.phones.problems import PhoneError, Problem
from edgetag.phones.store import LocalFile, put
from edgetag.preprocess import Preprocessing
from edgetag.scratch import scratch_folder
from edgetag.workspace import digest_file, write_text

SECONDS_AN_IMAGE = 2.0
START_S = 120.0
HEAD_BYTES = 4096
VALUE_BYTES = 32
"""A score as text with its comma; a float32 takes 4."""

ROUNDING = 1e-3
"""Scores this far outside 0..1 are rounding and are cut."""


@dataclass(frozen=True)
class RunnerScores:
    """Scores `[n, tags]` of a runner, and the seconds it took."""

    scores: Scores
    seconds: float


def find_runner(path: Path) -> LocalFile:
    """Return the runner that a user names.

    Raises:
        InputError: There is no such file.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; --runner names an executable for the phone")
    return LocalFile(path, digest_file(path), "run")


def write_images(pixels: npt.NDArray[np.uint8], folder: Path, name: str) -> LocalFile:
    """Write images once for all phones.

    Args:
        pixels: `[n, size, size, 3]`.
        folder: Where; it must outlive the pushes.
        name: Name of the file.
    """
    path = folder / f"{name}.npy"
    write_array(path, pixels)
    return LocalFile(path, digest_file(path), "npy")


def score(
    phone: Phone,
    runner: LocalFile,
    model: LocalFile,
    images: LocalFile,
    shape: tuple[int, int],
    contract: Preprocessing,
    delegate: RunsOn,
) -> RunnerScores:
    """Score a file on a phone.

    Args:
        phone: With runner, model and images on it.
        runner: The user's.
        model: The file.
        images: What `write_images` wrote.
        shape: `(n, tags)` of the scores.
        contract: How pixels become input.
        delegate: What to run on.

    Raises:
        PhoneError: The phone is gone, the runner fails, or what it writes are no such scores.
    """
    name = secrets.token_hex(8)
    job = RunnerJob(
        model=model.remote,
        images=images.remote,
        scores=f"{FOLDER}/{name}.scores",
        threads=1,
        contract=contract,
        delegate=delegate,
    )
    with scratch_folder() as folder:
        sheet = folder / "job.json"
        write_text(sheet, job.to_json())
        job_file = LocalFile(sheet, digest_file(sheet), "json")
        put(phone, job_file)
        started = time.monotonic()
        limit_s = START_S + SECONDS_AN_IMAGE * shape[0]
        answer = phone.run(FOLDER, [runner.remote, job_file.remote], limit_s)
        seconds = time.monotonic() - started
        if answer.code:
            last = answer.text.strip().splitlines()[-1:] or ["it printed nothing"]
            raise PhoneError(
                Problem.FAILED, f"the runner ended with exit code {answer.code}: {last[0]}"
            )
        target = folder / "scores"
        phone.pull(job.scores, target, HEAD_BYTES + VALUE_BYTES * shape[0] * shape[1])
        phone.shell("rm", "-f", job.scores, job_file.remote)
        return RunnerScores(read_scores(target.read_bytes(), shape), seconds)


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
