"""Starts the server of the review page, and ends it when it is told to."""

import asyncio
import signal
import socket
from collections.abc import Callable

import uvloop
from starlette.types import ASGIApp

from edgetag.dataset import open_dataset
from edgetag.errors import InputError
from edgetag.pool import open_pool
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.reviewing.app import make_app
from edgetag.reviewing.guard import Guard
from edgetag.reviewing.one_by_one import OneByOne
from edgetag.reviewing.opening import open_review
from edgetag.reviewing.pictures import Pictures
from edgetag.serving.listening import (
    BACKLOG,
    allow_connections,
    bound,
    is_loopback,
    server_of,
    url_of,
)
from edgetag.serving.logs import adopt_other_logs, tell
from edgetag.serving.settings import Settings
from edgetag.serving.tokens import TOKEN, read_token
from edgetag.workspace import Workspace


def run(recipe: Recipe, workspace: Workspace, settings: Settings, progress: Progress) -> None:
    """Serve until the process is told to end: SIGTERM or SIGINT.

    Args:
        recipe: Says what is reviewed, and where its pictures lie.
        workspace: The run, with built data.
        settings: Where to listen, and the limits of connections.
        progress: Is told the address.

    Raises:
        InputError: The data, the database, the address or the token cannot be used.
    """
    token = read_token(settings)
    if not token and not is_loopback(settings):
        raise InputError(
            f"--host {settings.host}: others would reach the page, so it needs a token; give "
            f"--token-file, or set {TOKEN}"
        )
    allow_connections(settings)
    built = _state(workspace)
    dataset = open_dataset(workspace)
    with (
        open_review(workspace, dataset) as (board, store),
        bound(settings) as listening,
        open_pool(1) as heat_thread,
        open_pool(1) as original_thread,
    ):
        routes = make_app(
            recipe.name,
            board,
            store,
            Pictures(recipe, dataset, workspace),
            OneByOne("heat maps", heat_thread),
            OneByOne("large pictures", original_thread),
            settings,
        )

        def is_stale() -> bool:
            return _state(workspace) != built

        uvloop.run(_serve(routes, token, is_stale, settings, listening, progress))


def _state(workspace: Workspace) -> tuple[int, ...]:
    """Return what changes when the data are built anew; nothing where they are gone."""
    try:
        state = workspace.manifest.stat()
    except OSError:
        return ()
    return state.st_ino, state.st_mtime_ns, state.st_size


async def _serve(
    routes: ASGIApp,
    token: str,
    is_stale: Callable[[], bool],
    settings: Settings,
    listening: socket.socket,
    progress: Progress,
) -> None:
    adopt_other_logs()
    app = Guard(routes, token, is_stale, lambda: server.is_full)
    server = server_of(app, settings)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop, tell)
    listening.listen(BACKLOG)  # so that whoever reads the next line is answered
    progress.say(f"review: {url_of(listening)} (Ctrl-C ends)")
    await server.serve(sockets=[listening])
