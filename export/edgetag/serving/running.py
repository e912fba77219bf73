"""Starts a server, opens new bundles while it runs, and ends it when it is told to."""

import asyncio
import contextlib
import os
import resource
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import uvicorn
import uvloop

from edgetag.errors import InputError
from edgetag.serving.app import make_app
from edgetag.serving.cache import Cache
from edgetag.serving.connections import protocol_of
from edgetag.serving.fleet import Fleet
from edgetag.serving.guard import Guard
from edgetag.serving.lateness import Lateness
from edgetag.serving.logs import Tell, adopt_other_logs, tell
from edgetag.serving.metrics import Metrics
from edgetag.serving.opening import open_fleet
from edgetag.serving.service import Service
from edgetag.serving.settings import Settings
from edgetag.serving.sources import Sources
from edgetag.userfiles import read_file

TOKEN = "EDGETAG_TOKEN"  # noqa: S105 - the variable's name
MOST_TOKEN_BYTES = 4096
LEAST_TOKEN = 16
OTHER_FILES = 1024
"""Files that are open beside connections: pictures, workers' pipes, what Python needs."""

BACKLOG = 2048
"""Connections that the system holds until they are taken."""

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def run(model: Path, settings: Settings) -> None:
    """Serve until the process is told to end: SIGTERM or SIGINT. SIGHUP opens the model anew.

    Args:
        model: A bundle, or a `.tflite` file.
        settings: What the server may do.

    Raises:
        InputError: The model, the address or the token cannot be used.
    """
    token = _token(settings)
    _allow_connections(settings.connections)
    with _bound(settings) as listening:
        uvloop.run(_serve(model, settings, token, listening))


async def _serve(model: Path, settings: Settings, token: str, listening: socket.socket) -> None:
    sources, metrics = Sources(settings), Metrics()
    fleet = await _open(model, settings, metrics)
    adopt_other_logs()
    service = Service(fleet, Cache(settings, metrics, tell), metrics, settings.deadline_s)
    metrics.watch("queue", "Jobs that wait for a worker", lambda: service.fleet.waiting)
    metrics.watch("running", "Jobs that workers are at", lambda: service.fleet.running)
    metrics.watch("workers", "Workers that run", lambda: service.fleet.live)
    metrics.watch("held_bytes", "Uploads that are held", lambda: sources.held_bytes)
    lateness = Lateness()

    def is_late() -> bool:
        return lateness.seconds > settings.deadline_s

    def is_full() -> bool:
        # uvicorn has such a limit too, but nothing counts or logs what that refuses.
        return len(server.server_state.connections) > settings.connections

    routes = make_app(service, sources, settings, metrics)
    app = Guard(routes, token, is_late, is_full, metrics, tell)
    server = _Server(
        uvicorn.Config(
            app,
            http=protocol_of(settings),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=int(settings.idle_s),
            timeout_graceful_shutdown=int(settings.stop_s),
        )
    )
    open_now = server.server_state.connections
    metrics.watch("connections", "Connections that are open", lambda: len(open_now))
    reloading = _Reloading(model, settings, metrics, service)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop, tell)
    loop.add_signal_handler(signal.SIGHUP, reloading.begin)
    host, port = listening.getsockname()[:2]
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
    if not token and host not in LOOPBACK:
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


class _Server(uvicorn.Server):
    """Leaves signals to the caller, which ends with 0 when all requests are answered."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop(self, tell: Tell) -> None:
        """Take no more requests and answer those that came; at the second time, end at once."""
        tell("ending", detail="requests that came are answered")
        self.force_exit = self.should_exit
        self.should_exit = True


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


def _allow_connections(count: int) -> None:
    """Have the system allow so many, beside files and workers, where the user may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


@contextlib.contextmanager
def _bound(settings: Settings) -> Iterator[socket.socket]:
    """Take the address, before anything that takes time.

    Raises:
        InputError: It cannot be had.
    """
    where = f"{settings.host}:{settings.port}"
    try:
        known = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
        family, kind, _, _, address = known[0]
        listening = socket.socket(family, kind)
    except OSError as error:
        raise InputError(f"{where}: {error.strerror}; give another --host") from None
    with listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(address)
        except OSError as error:
            raise InputError(f"{where}: {error.strerror}; give another --port or --host") from None
        yield listening


def _token(settings: Settings) -> str:
    """Return what requests must bear; empty for nothing.

    Raises:
        InputError: The file cannot be read, or a token is too short to be one.
    """
    path, where = settings.token_file, str(settings.token_file or TOKEN)
    if path is None:
        if TOKEN not in os.environ:
            return ""
        token = os.environ[TOKEN].strip()
    else:
        try:
            token = read_file(path, "token", MOST_TOKEN_BYTES).decode().strip()
        except OSError as error:
            raise InputError(f"{path}: {error.strerror}; give a file with the token") from None
        except UnicodeDecodeError:
            raise InputError(f"{path}: no text; give a file with the token") from None
    if len(token) < LEAST_TOKEN:
        raise InputError(f"{where}: a token has at least {LEAST_TOKEN} characters")
    return token
