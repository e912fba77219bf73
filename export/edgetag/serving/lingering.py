"""Lets clients that still send read why they are refused.

A connection that is closed while more comes is reset by the system. The client, or a proxy before
the server, then meets an error of the connection while it writes, and may never read the answer:
nginx makes a 502 of it.
"""

import asyncio
import contextlib

from starlette.types import ASGIApp, Message, Receive, Scope, Send

CLOSE = (b"connection", b"close")


class Lingering:
    """An ASGI application around another: what it leaves unread is read on and dropped.

    Args:
        app: The other, which says `connection: close` where it reads no more.
        body_s: So long after its request's head a connection is closed in any case.
    """

    def __init__(self, app: ASGIApp, body_s: float) -> None:
        self._app = app
        self._body_s = body_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have a request answered, and close its connection when the client has sent all."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        latest = asyncio.get_running_loop().time() + self._body_s
        closes = is_read = is_held = False

        async def receive_noted() -> Message:
            nonlocal is_read
            message = await receive()
            is_read = not message.get("more_body", False)  # also of a client that has gone
            return message

        async def send_held(message: Message) -> None:
            nonlocal closes, is_held
            if message["type"] == "http.response.start":
                closes = CLOSE in message["headers"]
            elif closes and not is_read and not message.get("more_body", False):
                is_held = True  # the connection is closed when an answer is said to be whole
                message = {**message, "more_body": True}
            await send(message)

        await self._app(scope, receive_noted, send_held)
        if is_held:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(latest):
                    while not is_read:
                        await receive_noted()
            await send({"type": "http.response.body", "body": b""})
