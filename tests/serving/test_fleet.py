"""A worker is lost with the picture that has harmed it, and with no other."""

import asyncio
import resource
import sys

import pytest

from edgetag.serving import fleet as fleets
from edgetag.serving.fleet import Fleet
from edgetag.serving.logs import Tell, tell
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


async def _garbling_fleet(tell: Tell) -> tuple[Fleet, asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        GARBLES,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    worker = WorkerProcess(process, asyncio.create_task(asyncio.sleep(0)))
    start = Start(model="none.zip", variant=None, max_pixels=1)
    return Fleet(MODEL, Settings(), tell, start, lambda: None, [worker]), process


async def _ask(fleet: Fleet) -> str:
    with pytest.raises(RefusalError) as refused:
        await fleet.do(Job(operation=Tags()), b"picture", b"", asyncio.get_running_loop().time())
    return str(refused.value)


async def _ask_one_that_garbles() -> tuple[str, int, bool]:
    fleet, process = await _garbling_fleet(tell)
    fleet._closing = True  # so that no other is started
    told = await _ask(fleet)
    await fleet.close()
    return told, fleet.live, process.returncode is not None


@pytest.mark.slow
def test_a_worker_that_answers_nonsense_is_ended_and_the_request_is_told() -> None:
    told, live, ended = asyncio.run(asyncio.wait_for(_ask_one_that_garbles(), 60))
    assert told.startswith("the picture's worker: ")
    assert (live, ended) == (0, True)


async def _lose_a_worker_where_no_file_can_be_opened() -> list[str]:
    reasons: list[str] = []
    tried_again = asyncio.Event()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)

    def note(event: str, level: str = "info", **more: object) -> None:
        if event == "worker not started":
            reasons.append(str(more["detail"]))
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            if len(reasons) == 2:
                tried_again.set()

    fleet, _ = await _garbling_fleet(note)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
        await _ask(fleet)
        await tried_again.wait()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    await fleet.close()
    return reasons


@pytest.mark.slow
def test_a_worker_that_the_system_has_no_place_for_is_started_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fleets, "RESTART_S", (0.0,))
    reasons = asyncio.run(asyncio.wait_for(_lose_a_worker_where_no_file_can_be_opened(), 60))
    assert "Too many open files" in reasons[0]
    assert "none.zip" in reasons[1]
