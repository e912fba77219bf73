"""Giving a phone a job, and bringing what comes of it here."""

import time
from collections.abc import Callable

from edgetag.phones.job import RunnerJob
from edgetag.phones.phone import Phone
from edgetag.phones.store import LocalFile, put
from edgetag.scratch import scratch_folder

START_S = 120.0
"""Beyond the seconds that are asked for: loading, preparing a GPU, which takes seconds."""

SECONDS_AN_IMAGE = 2.0


def ask(
    phone: Phone, job: RunnerJob, run: Callable[[LocalFile], str], most_bytes: int
) -> tuple[bytes, float]:
    """Have a phone do a job; return what it left, and the seconds that it took.

    `run` runs the job, whose file is on the phone, and returns the path there of what it left;
    more than `most_bytes` of that are refused.

    Raises:
        PhoneError: As `run`; the phone is gone, or left no such file.
    """
    with scratch_folder() as folder:
        sheet, target = folder / "job.json", folder / "answer"
        job.write(sheet)
        job_file = LocalFile.of(sheet, "json")
        put(phone, job_file)
        started = time.monotonic()
        path = run(job_file)
        seconds = time.monotonic() - started
        phone.pull(path, target, most_bytes)
        phone.shell("rm", "-f", path, job_file.remote)
        return target.read_bytes(), seconds
