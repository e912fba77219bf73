"""Starts a server, opens new bundles while it runs, and ends it when it is told to."""

import asyncio
import os
import signal
import socket
from pathlib import Path

import uvloop

from edgetag.errors import InputError
from edgetag.serving.app import make_app
from edgetag.serving.cache import Cache
from edgetag.serving.fleet import Fleet
from edgetag.serving.guard import Guard
from edgetag.serving.lateness import Lateness
from edgetag.serving.listening import (
    BACKLOG,
    allow_connections,
    bound,
    is_loopback,
    server_of,
    url_of,
)
from edgetag.serving.logs import adopt_other_logs, tell
from edgetag.serving.metrics import Metrics
from edgetag.serving.opening import open_fleet
from edgetag.serving.service import Service
from edgetag.serving.settings import Settings
from edgetag.serving.sources import Sources
from edgetag.serving.tokens import read_token


def run(model: Path, settings: Settings) -> None:
    """Serve until the process is told to end: SIGTERM or SIGINT. SIGHUP opens the model anew.

    Args:
        model: A bundle, or a `.tflite` file.
        settings: What the server may do.

    Raises:
        InputError: The model, the address or the token cannot be used.
    """
    token = read_token(settings)
    allow_connections(settings)
    with bound(settings) as listening:
        uvloop.run(_serve(model, settings, token, listening))


async def _serve(model: Path, settings: Settings, token: str, listening: socket.socket) -> None:
    sources, metrics = Sources(settings), Metrics()
    cache = Cache(settings, metrics, tell)
    loop, replaced = asyncio.get_running_loop(), asyncio.Event()
    opening = asyncio.create_task(_open(model, settings, metrics))
    # An exception that the command's own handler raises would be lost in the loop.
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, opening.cancel)
    loop.add_signal_handler(signal.SIGHUP, replaced.set)
    try:
        fleet = await opening
    except asyncio.CancelledError:
        tell("ended")
        return
    adopt_other_logs()
    service = Service(fleet, cache, metrics, settings.deadline_s)
    metrics.watch("queue", "Jobs that wait for a worker", lambda: service.fleet.waiting)
    metrics.watch("running", "Jobs that workers are at", lambda: service.fleet.running)
    metrics.watch("workers", "Workers that run", lambda: service.fleet.live)
    metrics.watch("held_bytes", "Uploads that are held", lambda: sources.held_bytes)
    lateness = Lateness()

    def is_late() -> bool:
        return lateness.seconds > settings.deadline_s

    routes = make_app(service, sources, settings, metrics)
    app = Guard(routes, token, is_late, lambda: server.is_full, metrics, tell)
    server = server_of(app, settings)
    open_now = server.server_state.connections
    metrics.watch("connections", "Connections that are open", lambda: len(open_now))
    reloading = _Reloading(model, settings, metrics, service)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop, tell)
    loop.add_signal_handler(signal.SIGHUP, reloading.begin)
    if replaced.is_set():
        reloading.begin()
    url = url_of(listening)
    if not token and not is_loopback(settings):
        tell("no token", level="warning", detail=f"anyone who reaches {url} may ask")
    known = service.fleet.model
    listening.listen(BACKLOG)  # so that whoever reads the next line is answered
    tell(
        "serving",
        url=url,
        model=f"{known.name} {known.version} {known.variant}".replace("  ", " "),
        bundle=known.bundle_sha256,
        workers=settings.workers,
        pid=os.getpid(),
    )
    watching = asyncio.create_task(lateness.watch())
    await server.serve(sockets=[listening])
    watching.cancel()
    await reloading.end()
    await service.fleet.close()
    await service.cache.close()
    tell("ended")


class _Reloading:
    """Opens the model's file anew while requests are answered; one that is broken stays out."""

    def __init__(self, model: Path, settings: Settings, metrics: Metrics, service: Service) -> None:
        self._model = model
        self._settings = settings
        self._metrics = metrics
        self._service = service
        self._task: asyncio.Task[None] | None = None
        self._is_asked_again = False

    def begin(self) -> None:
        """Begin, or do it once more when what is going on has ended."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._reload())
        else:
            self._is_asked_again = True

    async def end(self) -> None:
        """Wait for what is going on."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _reload(self) -> None:
        while True:
            self._is_asked_again = False
            try:
                fleet = await _open(self._model, self._settings, self._metrics)
            except InputError as error:
                self._metrics.reloads.labels("refused").inc()
                tell("reload refused", level="error", detail=str(error), kept=True)
            else:
                former, self._service.fleet = self._service.fleet, fleet
                self._metrics.reloads.labels("opened").inc()
                tell("reloaded", bundle=fleet.model.bundle_sha256, version=fleet.model.version)
                await former.close()
            if not self._is_asked_again:
                return


async def _open(model: Path, settings: Settings, metrics: Metrics) -> Fleet:
    def count(event: str, level: str = "info", **more: object) -> None:
        if event == "worker ended":
            metrics.workers_ended.inc()
        tell(event, level, **more)

    return await open_fleet(model, settings, count)
