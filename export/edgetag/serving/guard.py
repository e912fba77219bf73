"""Stands before all routes: asks for the token, marks, counts and logs every request."""

import time
import uuid
from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edgetag.serving.logs import Tell
from edgetag.serving.metrics import Metrics
from edgetag.serving.refusals import BusyError, refuse
from edgetag.serving.tokens import NO_TOKEN, Token

OPEN = frozenset({"/", "/healthz", "/readyz"})
"""Routes that need no token: they tell nothing of pictures."""

ROUTES = frozenset(
    {"/", "/healthz", "/readyz", "/metrics", "/openapi.json", "/v1/model"}
    | {f"/v1/{name}" for name in ("tags", "heatmap", "mosaic", "crop")}
)
"""Routes that are counted by their names, all others together."""

QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked every few seconds by machines: not logged where all is well."""

HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
]


class Guard:
    """An ASGI application around another.

    Args:
        app: The other.
        token: What a request must bear; empty for none.
        is_late: Tells whether this process is so far behind that an answer would come too late;
            what is asked about pictures is refused unread then.
        is_full: Tells whether more connections are open than may be; every request is refused then.
        metrics: Counts.
        tell: Is told of each request.
    """

    def __init__(
        self,
        app: ASGIApp,
        token: str,
        is_late: Callable[[], bool],
        is_full: Callable[[], bool],
        metrics: Metrics,
        tell: Tell,
    ) -> None:
        self._app = app
        self._is_late = is_late
        self._is_full = is_full
        self._token = Token(token)
        self._metrics = metrics
        self._tell = tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        started = time.perf_counter()
        request_id = uuid.uuid4().hex[:16]
        status, sent_bytes = 0, 0

        async def send_marked(message: Message) -> None:
            nonlocal status, sent_bytes
            if message["type"] == "http.response.start":
                status = message["status"]
                mark = (b"x-request-id", request_id.encode())
                message["headers"] = [*message["headers"], *HEADERS, mark]
            else:
                sent_bytes += len(message.get("body", b""))
            await send(message)

        try:
            if scope["path"] not in OPEN and not self._token.is_borne(scope):
                await refuse(send_marked, NO_TOKEN)
            elif reason := self._too_much(scope["path"]):
                self._metrics.refused.labels(reason).inc()
                await refuse(send_marked, BusyError(reason))
            else:
                await self._app(scope, receive, send_marked)
        finally:
            seconds = time.perf_counter() - started
            path = scope["path"]
            route = path if path in ROUTES else "other"
            self._metrics.requests.labels(route, str(status)).inc()
            self._metrics.seconds.labels(route).observe(seconds)
            if route not in QUIET or status != 200:
                self._log(scope, request_id, status, seconds, sent_bytes)

    def _too_much(self, path: str) -> str:
        if self._is_full():
            return "connections"
        return "late" if path.startswith("/v1/") and self._is_late() else ""

    def _log(
        self, scope: Scope, request_id: str, status: int, seconds: float, sent_bytes: int
    ) -> None:
        more: dict[str, Any] = scope.get("edgetag", {})
        self._tell(
            "request",
            level="error" if status in (0, 500) else "info",
            id=request_id,
            client=(scope.get("client") or ("",))[0],
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            status=status,
            ms=round(seconds * 1e3, 2),
            bytes=sent_bytes,
            **more,
        )
