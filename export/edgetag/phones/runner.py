"""Scores from a phone by a runner of the user's, over files.

The runner is an executable for the phone, started as `RUNNER JOB.json` in edgetag's folder. The
job (`RunnerJob`) names absolute paths on the phone:

- `model`: the `.tflite` file.
- `images`: a `.npy`, `[n, size, size, 3]` uint8, RGB, letterboxed as the contract says. A model
  with uint8 input takes these pixels as they are, if its scale is 1/std and its zero point mean,
  as edgetag's are. A float model takes `(pixel - mean) / std` with the contract's mean and std;
  an int8 or int16 model takes that, quantized with its own scale and zero point.
- `scores`: where the runner writes: a `.npy`, `[n, tags]` float32, dequantized, in 0..1; or the
  same as a JSON list of lists.

Exit code 0 says that all is written; what it prints is shown when it fails.
"""

import io
import json
import secrets
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from edgetag.errors import InputError
from edgetag.metrics import Scores
from edgetag.phones.device import FOLDER, Phone
from edgetag.phones.problems import PhoneError, Problem
from edgetag.phones.store import LocalFile, put
from edgetag.preprocess import Preprocessing
from edgetag.records import Result
from edgetag.workspace import digest_file, write_text

SECONDS_AN_IMAGE = 2.0
START_S = 120.0
HEAD_BYTES = 4096
VALUE_BYTES = 32
"""A score as text with its comma; a float32 takes 4."""

ROUNDING = 1e-3
"""Scores this far outside 0..1 are rounding and are cut."""


class RunnerJob(Result):
    """What a runner is told, as JSON.

    Attributes:
        model: Path of the `.tflite` file.
        images: Path of the images, `[n, size, size, 3]` uint8 `.npy`.
        scores: Path to write, `[n, tags]`.
        threads: For the runtime.
        contract: How pixels become input.
    """

    SCHEMA: ClassVar[str] = "edgetag.phone-job/1.0"
    model: str
    images: str
    scores: str
    threads: int
    contract: Preprocessing


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


def write_images(pixels: npt.NDArray[np.uint8], folder: Path) -> LocalFile:
    """Write images once for all phones.

    Args:
        pixels: `[n, size, size, 3]`.
        folder: Where; it must outlive the pushes.
    """
    path = folder / "images.npy"
    np.save(path, pixels, allow_pickle=False)
    return LocalFile(path, digest_file(path), "npy")


def score(
    phone: Phone,
    runner: LocalFile,
    model: LocalFile,
    images: LocalFile,
    shape: tuple[int, int],
    contract: Preprocessing,
) -> RunnerScores:
    """Score a file on a phone.

    Args:
        phone: With runner, model and images on it.
        runner: The user's.
        model: The file.
        images: What `write_images` wrote.
        shape: `(n, tags)` of the scores.
        contract: How pixels become input.

    Raises:
        PhoneError: The phone is gone, the runner fails, or what it writes are no such scores.
    """
    name = secrets.token_hex(8)
    job = RunnerJob(
        model=model.remote, images=images.remote, scores=f"{FOLDER}/{name}.scores", threads=1,
        contract=contract,
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="edgetag-") as folder:
        sheet = Path(folder) / "job.json"
        write_text(sheet, job.to_json())
        told = LocalFile(sheet, digest_file(sheet), "json")
        put(phone, told)
        started = time.monotonic()
        limit_s = START_S + SECONDS_AN_IMAGE * shape[0]
        answer = phone.run(FOLDER, [runner.remote, told.remote], limit_s)
        seconds = time.monotonic() - started
        if answer.code:
            last = answer.text.strip().splitlines()[-1:] or ["it printed nothing"]
            raise PhoneError(
                Problem.FAILED, f"the runner ended with exit code {answer.code}: {last[0]}"
            )
        target = Path(folder) / "scores"
        phone.pull(job.scores, target, HEAD_BYTES + VALUE_BYTES * shape[0] * shape[1])
        phone.shell("rm", "-f", job.scores, told.remote)
        return RunnerScores(read_scores(target.read_bytes(), shape), seconds)


def read_scores(content: bytes, shape: tuple[int, int]) -> Scores:
    """Read what a runner wrote: `.npy` or JSON.

    Args:
        content: Of its file; it may hold anything.
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
        found = f"{list(values.shape)} {values.dtype}"
        raise _wrong(f"the runner's scores are {found}, expected {list(shape)} float32")
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
