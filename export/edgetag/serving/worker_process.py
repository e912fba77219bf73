"""One worker process, as the front sees it: started, asked, ended."""

import asyncio

from edgetag.children import python_command, python_environment
from edgetag.errors import InputError, one_line
from edgetag.process import NOISE, describe_end
from edgetag.serving.logs import Tell
from edgetag.serving.messages import LENGTH, ModelDescription, Ready, Start
from edgetag.serving.packed import unpack

START_S = 120.0
"""A worker that has not opened its model by then never will."""

MOST_BYTES = 1 << 31
"""Of a message; more is no message."""


MOST_WORDS = 4096
"""Of a line without end on stderr."""


class WorkerEndedError(Exception):
    """A worker has crashed, or was ended since it took too long."""


class WorkerProcess:
    """A process that answers one job at a time."""

    def __init__(self, process: asyncio.subprocess.Process, listening: asyncio.Task[None]) -> None:
        self._process = process
        self._listening = listening

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    async def ask(self, message: bytes, seconds: float) -> bytes:
        """Return the answer to a message.

        Raises:
            WorkerEndedError: There is none; the process is gone.
        """
        stdin = self._process.stdin
        assert stdin is not None  # noqa: S101 - PIPE was asked for
        try:
            async with asyncio.timeout(seconds):
                stdin.writelines([LENGTH.pack(len(message)), message])
                await stdin.drain()
                return await self.hear()
        except TimeoutError:
            await self.end()
            raise WorkerEndedError(f"it took more than {seconds:g} s and was ended") from None
        except (OSError, asyncio.IncompleteReadError):
            raise WorkerEndedError(await self._ending()) from None

    async def hear(self) -> bytes:
        """Return the next message.

        Raises:
            asyncio.IncompleteReadError: The process has ended.
        """
        stdout = self._process.stdout
        assert stdout is not None  # noqa: S101 - PIPE was asked for
        length: int = LENGTH.unpack(await stdout.readexactly(LENGTH.size))[0]
        if length > MOST_BYTES:
            raise asyncio.IncompleteReadError(b"", length)
        return await stdout.readexactly(length)

    async def end(self) -> None:
        """End the process, whatever it does."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._listening

    async def _ending(self) -> str:
        await self.end()
        return describe_end(self._process.returncode or 0)


async def start_worker(start: Start, tell: Tell) -> tuple[WorkerProcess, ModelDescription]:
    """Start a worker, and wait until it has opened its model.

    Raises:
        InputError: It cannot open it.
    """
    process = await asyncio.create_subprocess_exec(
        *python_command("edgetag.serving.worker", start.model_dump_json()),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=python_environment(),
    )
    assert process.stderr is not None  # noqa: S101 - PIPE was asked for
    listening = asyncio.create_task(_listen(process.stderr, process.pid, tell))
    worker = WorkerProcess(process, listening)
    try:
        async with asyncio.timeout(START_S):
            ready, _ = unpack(Ready, await worker.hear())
    except (TimeoutError, asyncio.IncompleteReadError):
        await worker.end()
        raise InputError(
            f"{start.model}: no worker opens it: {describe_end(process.returncode or 0)}"
        ) from None
    except BaseException:
        await worker.end()
        raise
    if ready.model is None:
        await worker.end()
        raise InputError(ready.error)
    return worker, ready.model


async def _listen(stderr: asyncio.StreamReader, pid: int, tell: Tell) -> None:
    """Tell what a worker says of itself: the last words of a crash."""
    rest = ""
    while said := await stderr.read(1 << 16):
        *lines, rest = (rest + said.decode(errors="replace")).split("\n")
        rest = rest[-MOST_WORDS:]
        if words := [line for line in lines if line.strip() and not line.startswith(NOISE)]:
            tell("worker said", level="warning", pid=pid, detail=one_line("\n".join(words)))
