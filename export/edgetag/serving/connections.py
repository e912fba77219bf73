"""Connections of clients that send too slowly, or too much, or never take what they asked for."""

import asyncio
import sys
from typing import Any

from httptools import HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from edgetag.serving.settings import Settings

MOST_HEAD_BYTES = 32_768
"""Of a request's line and header fields together, and of what is sent beside a body's bytes; the
server itself would take any number."""

TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\n\r\n"
TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n\r\n"


def protocol_of(settings: Settings) -> type[HttpToolsProtocol]:
    """Return the protocol of connections, with the settings' limits."""

    class Connection(HttpToolsProtocol):
        """One client's connection."""

        _data = _anew = b""
        _other_bytes = 0
        _body_bytes = 0
        _head_timer: asyncio.TimerHandle | None = None
        _write_timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            # Whatever is not taken at once is waited for, and no longer than is allowed.
            transport.set_write_buffer_limits(high=0)
            self._await_head()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop("_head_timer")
            self._stop("_write_timer")
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            self._other_bytes += len(data)
            self._anew = data
            while self._anew:
                self._data, self._anew = self._anew, b""
                super().data_received(self._data)
            # Chunks of one byte, the smallest there are, bring six of their own.
            if self._other_bytes > MOST_HEAD_BYTES + 6 * self._body_bytes:
                self._end(TOO_LARGE)

        def on_message_begin(self) -> None:
            self._other_bytes = self._body_bytes = 0
            if self._head_timer is None:
                self._await_head()
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            self._stop("_head_timer")
            if not self._is_offered_another():
                super().on_headers_complete()

        def on_message_complete(self) -> None:
            if not self._is_offered_another():
                super().on_message_complete()

        def _unsupported_upgrade_warning(self) -> None:
            """Have a request read anew without its offer of another protocol, such as HTTP/2.

            HTTP allows that (RFC 9110, 7.8). To the parser, which takes the offer, the head is a
            whole request, and the body behind it another one.
            """
            if not self._is_offered_another():
                return
            offer, former = sys.exception(), self.parser
            assert isinstance(offer, HttpParserUpgrade)  # noqa: S101 - what uvicorn catches
            version = former.get_http_version().encode()
            lines = [
                b"%s %s HTTP/%s" % (former.get_method(), self.url, version),
                *(b"%s: %s" % field for field in self.headers if field[0] != b"upgrade"),
            ]
            self.parser = HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
            self._anew = b"\r\n".join([*lines, b"", self._data[offer.args[0] :]])

        def _is_offered_another(self) -> bool:
            return self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"

        def on_body(self, body: bytes) -> None:
            self._other_bytes -= len(body)
            self._body_bytes += len(body)
            super().on_body(body)

        def pause_writing(self) -> None:
            super().pause_writing()
            if self._write_timer is None:
                self._write_timer = self.loop.call_later(settings.write_s, self.transport.abort)

        def resume_writing(self) -> None:
            self._stop("_write_timer")
            super().resume_writing()

        def _await_head(self) -> None:
            self._head_timer = self.loop.call_later(settings.header_s, self._end, TOO_SLOW)

        def _end(self, answer: bytes) -> None:
            if not self.transport.is_closing():
                self.transport.write(answer)
                self.transport.close()

        def _stop(self, name: str) -> None:
            timer: Any = getattr(self, name)
            if timer is not None:
                timer.cancel()
                setattr(self, name, None)

    return Connection
