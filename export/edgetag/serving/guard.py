"""Stands before all routes: asks for the token, marks, counts and logs every request."""

import hashlib
import hmac
import time
import uuid
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edgetag.serving.logs import Tell
from edgetag.serving.metrics import Metrics
from edgetag.serving.results import Problem

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
        metrics: Counts.
        tell: Is told of each request.
    """

    def __init__(self, app: ASGIApp, token: str, metrics: Metrics, tell: Tell) -> None:
        self._app = app
        self._token = _digest(token.encode()) if token else b""
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
            if self._token and scope["path"] not in OPEN and not self._is_borne(scope):
                await _refuse(send_marked)
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

    def _is_borne(self, scope: Scope) -> bool:
        for name, value in scope["headers"]:
            if name == b"authorization":
                kind, _, token = value.partition(b" ")
                return kind.lower() == b"bearer" and hmac.compare_digest(
                    _digest(token.strip()), self._token
                )
        return False

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


async def _refuse(send: Send) -> None:
    detail = "this server needs a token: Authorization: Bearer TOKEN"
    body = Problem(status=401, title="refused", detail=detail).model_dump_json().encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"www-authenticate", b"Bearer"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 401, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
