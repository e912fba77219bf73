"""A worker is lost with the picture that has harmed it, and with no other."""

import asyncio
import sys

import pytest

from edgetag.serving.fleet import Fleet
from edgetag.serving.logs import tell
from edgetag.serving.messages import Job, ModelDescription, Start
from edgetag.serving.operations import Tags
from edgetag.serving.refusals import RefusalError
from edgetag.serving.settings import Settings
from edgetag.serving.worker_process import WorkerProcess

GARBLES = """
import sys
from edgetag.serving.messages import read_message, write_message
while read_message(sys.stdin.buffer) is not None:
    write_message(sys.stdout.buffer, b"no answer")
"""
MODEL = ModelDescription(
    name="a",
    version="1",
    variant="int8",
    digest="",
    bundle_sha256="",
    tags=("cat",),
    sensitive=(),
    explains=False,
)


async def _ask_one_that_garbles() -> tuple[str, int, bool]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        GARBLES,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    worker = WorkerProcess(process, asyncio.create_task(asyncio.sleep(0)))
    start = Start(model="none.zip", variant=None, max_pixels=1)
    fleet = Fleet(MODEL, Settings(), tell, start, lambda: None, [worker])
    fleet._closing = True  # so that no other is started
    with pytest.raises(RefusalError) as refused:
        await fleet.do(Job(operation=Tags()), b"picture", b"", asyncio.get_running_loop().time())
    await fleet.close()
    return str(refused.value), fleet.live, process.returncode is not None


@pytest.mark.slow
def test_a_worker_that_answers_nonsense_is_ended_and_the_request_is_told() -> None:
    told, live, ended = asyncio.run(asyncio.wait_for(_ask_one_that_garbles(), 60))
    assert told.startswith("the picture's worker: ")
    assert (live, ended) == (0, True)
