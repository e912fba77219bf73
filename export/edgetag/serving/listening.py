"""An address that is listened on: the socket, and the HTTP server on it."""

import contextlib
import resource
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn

from edgetag.errors import InputError
from edgetag.serving.connections import protocol_of
from edgetag.serving.lingering import Lingering
from edgetag.serving.logs import Tell
from edgetag.serving.settings import Settings

BACKLOG = 2048
"""Connections that the system holds until they are taken."""

OTHER_FILES = 1024
"""Files that are open beside connections: pictures, workers' pipes, what Python needs."""

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def is_loopback(settings: Settings) -> bool:
    """Whether this machine alone reaches the address."""
    return settings.host in LOOPBACK


@contextlib.contextmanager
def bound(settings: Settings) -> Iterator[socket.socket]:
    """Take the address, before anything that takes time.

    Raises:
        InputError: It cannot be had.
    """
    where = f"{settings.host}:{settings.port}"
    try:
        known = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
        family, kind, _, _, address = known[0]
        listening = socket.socket(family, kind)
    except (OSError, UnicodeError) as error:  # the latter of what is no name of a host
        reason = getattr(error, "strerror", None) or "no name of a host"
        raise InputError(f"{where}: {reason}; give another --host") from None
    with listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(address)
        except OSError as error:
            raise InputError(f"{where}: {error.strerror}; give another --port or --host") from None
        yield listening


def allow_connections(settings: Settings) -> None:
    """Have the system allow as many as the settings do, where the user may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = settings.connections + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def url_of(listening: socket.socket) -> str:
    """Return the address of a socket as a browser takes it."""
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


class Server(uvicorn.Server):
    """Leaves signals to the caller, which ends with 0 when all requests are answered."""

    def __init__(self, config: uvicorn.Config, connections: int) -> None:
        super().__init__(config)
        self._connections = connections

    @property
    def is_full(self) -> bool:
        """Whether more connections are open than may be.

        uvicorn has such a limit too, but nothing counts or logs what that refuses.
        """
        return len(self.server_state.connections) > self._connections

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield

    def stop(self, tell: Tell) -> None:
        """Take no more requests and answer those that came; at the second time, end at once."""
        tell("ending", detail="requests that came are answered")
        self.force_exit = self.should_exit
        self.should_exit = True


def server_of(app: Any, settings: Settings) -> Server:
    """Return the HTTP server of an ASGI application, within the settings' limits."""
    return Server(
        uvicorn.Config(
            Lingering(app, settings.body_s),
            http=protocol_of(settings),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            # uvicorn waits for parts of a second too, but says that it takes whole ones.
            timeout_keep_alive=settings.idle_s,  # type: ignore[arg-type]
            timeout_graceful_shutdown=settings.stop_s,  # type: ignore[arg-type]
        ),
        settings.connections,
    )
