"""Stands before the routes: who may ask, from where, and how many at one time.

Without a token only this machine asks. But any page in a browser on it could ask, too: by a name
of its own that leads here, or by sending a form. So a request must name this machine as its host,
and what changes something must come from the page itself.
"""

from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edgetag.serving.refusals import BusyError, RefusalError, refuse
from edgetag.serving.tokens import NO_TOKEN, Token

LOCAL = frozenset({b"127.0.0.1", b"localhost", b"[::1]"})
HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
ELSEWHERE = RefusalError(
    403, "this page is for this machine alone; open it as http://127.0.0.1, or start with a token"
)
STALE = RefusalError(
    503, "the data were built anew since this server was started; start edgetag review again"
)
OTHER_PAGE = RefusalError(403, "another page sent this; answers come from the review page alone")


class Guard:
    """An ASGI application around another.

    Args:
        app: The other.
        token: What requests must bear; empty for none, and only for this machine then.
        is_stale: Tells whether the pictures are others by now, so that rows do not fit.
        is_full: Tells whether more connections are open than may be; every request is refused then.
    """

    def __init__(
        self,
        app: ASGIApp,
        token: str,
        is_stale: Callable[[], bool],
        is_full: Callable[[], bool],
    ) -> None:
        self._app = app
        self._is_local = not token
        self._is_stale = is_stale
        self._is_full = is_full
        self._token = Token(token)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *HEADERS]
            await send(message)

        headers = dict(scope["headers"])
        host = headers.get(b"host", b"")
        origin = headers.get(b"origin")
        if self._is_local and host.rsplit(b":", 1)[0].lower() not in LOCAL and host not in LOCAL:
            await refuse(send_marked, ELSEWHERE)
        elif scope["path"] != "/" and not self._token.is_borne(scope):
            await refuse(send_marked, NO_TOKEN)
        elif origin is not None and origin.partition(b"://")[2] != host:
            await refuse(send_marked, OTHER_PAGE)
        elif self._is_full():
            await refuse(send_marked, BusyError("connections"))
        elif scope["path"] != "/" and self._is_stale():
            await refuse(send_marked, STALE)
        else:
            await self._app(scope, receive, send_marked)
