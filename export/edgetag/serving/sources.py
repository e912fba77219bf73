"""Where pictures come from: a request's body, a path under a root, an address under a prefix."""

import asyncio
import os
import stat
import string
import threading
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from unicodedata import category, normalize
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from edgetag.errors import InputError, one_line
from edgetag.serving.aside import Aside
from edgetag.serving.refusals import READ, BusyError, RefusalError
from edgetag.serving.service import Upload
from edgetag.serving.settings import Settings
from edgetag.tagging.remote import read_object, store_at

FIELD = "picture"
"""The field of a form that has the picture."""

LARGE_BYTES = 1_000_000
"""From here on, to digest a picture takes a millisecond."""

FETCHES = 32
"""Addresses that are read at once."""

MARKS = "-_.~/!$&'()+,;=@"
PLAIN = frozenset(string.ascii_letters + string.digits + " " + MARKS)
"""Characters of an address behind its prefix, of ASCII; `:`, `?`, `#`, `*` and `%` mean something
to some file system of fsspec."""


class Sources:
    """Reads what requests bring or name, within the limits of the settings.

    Raises:
        MissingExtraError: A prefix needs fsspec, which is not installed.
        InputError: No file system of fsspec is for a prefix, or what it needs is not installed.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._roots = [os.path.realpath(root) for root in settings.roots]
        # Here, since what a file system imports may take longer than a request is given.
        self._stores = {prefix: _open_store(prefix) for prefix in settings.prefixes}
        self._aside = Aside(FETCHES)
        self._held_bytes = 0
        self._lock = threading.Lock()

    @property
    def held_bytes(self) -> int:
        """Bytes of all uploads that are held now."""
        return self._held_bytes

    def hold(self, count: int) -> None:
        """Hold so many bytes more.

        Raises:
            BusyError: All together would be too many.
        """
        with self._lock:  # files are read in threads
            if count > 0 and self._held_bytes + count > self._settings.upload_bytes:
                raise BusyError("uploads")
            self._held_bytes += count

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[Upload]:
        """Read a request's picture, and hold it until the block ends.

        Raises:
            RefusalError: There is none, it is too large, too slow, or not to be read.
            BusyError: Too many bytes are held already.
        """
        held = _Held(self)
        try:
            if request.method == "POST":
                yield await _digested(await self._body(request, held))
            else:
                yield await self._named(request, held)
        finally:
            held.release()

    async def _body(self, request: Request, held: "_Held") -> bytes:
        try:
            async with asyncio.timeout(self._settings.body_s):
                data = await self._whole(request, held)
        except TimeoutError:
            raise RefusalError(
                408, f"the picture did not come in {self._settings.body_s:g} s"
            ) from None
        request.scope[READ] = True
        kind = request.headers.get("content-type", "")
        if kind.partition(";")[0].strip().lower() == "multipart/form-data":
            data = await _in_form(request, data)
        if not data:
            raise RefusalError(
                400, "there is no picture in the request; send its bytes as the body"
            )
        return data

    async def _whole(self, request: Request, held: "_Held") -> bytes:
        most = self._settings.max_bytes
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > most:
            raise _too_many(most)
        parts: list[bytes] = []
        length = 0
        try:
            async for part in request.stream():
                length += len(part)
                if length > most:
                    raise _too_many(most)
                held.take(len(part))
                parts.append(part)
        except ClientDisconnect:
            raise RefusalError(400, "the picture was not sent to its end") from None
        return b"".join(parts)

    async def _named(self, request: Request, held: "_Held") -> Upload:
        # Not `request.query_params`, which has other letters for what is not UTF-8.
        query = parse_qsl(request.url.query, errors="surrogateescape", keep_blank_values=True)
        named = [(key, value) for key, value in query if key in ("path", "address")]
        if len(named) != 1:
            raise RefusalError(
                400, "name one picture by path= or address=, or send its bytes with POST"
            )
        ((key, value),) = named
        if key == "path":
            return await asyncio.to_thread(self._in_roots, value, held)
        return await self._at_address(value, held)

    def _in_roots(self, path: str, held: "_Held") -> Upload:
        if not self._roots:
            raise RefusalError(403, "no folder is open to path=; start the server with --root DIR")
        for root in self._roots:
            if (data := self._below(root, path, held)) is not None:
                return data
        raise RefusalError(404, "there is no such picture in the folders that are open to path=")

    def _below(self, root: str, path: str, held: "_Held") -> Upload | None:
        """Read a file below a root; None where there is none, wherever a name or link may lead."""
        if "\0" in path or path.startswith("/"):
            return None
        try:
            # Not to be waited for: it may be a named pipe.
            descriptor = os.open(os.path.join(root, path), os.O_RDONLY | os.O_NONBLOCK)  # noqa: PTH118
        except (OSError, ValueError):
            return None
        try:
            state = os.fstat(descriptor)
            # Where it really lies, asked of what is open: nobody can change that any more.
            place = os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115
            if not stat.S_ISREG(state.st_mode) or not place.startswith(root.rstrip("/") + "/"):
                return None
            most = self._settings.max_bytes
            held.take(min(state.st_size, most))
            with open(descriptor, "rb", closefd=False) as file:
                data = file.read(most + 1)
        finally:
            os.close(descriptor)
        if len(data) > most:
            raise _too_many(most)
        return Upload.of(data)

    async def _at_address(self, address: str, held: "_Held") -> Upload:
        prefixes = [each for each in self._settings.prefixes if address.startswith(each)]
        if not prefixes:
            raise RefusalError(
                403, "the address is under no prefix that is open; start the server with --prefix"
            )
        rest = address.removeprefix(prefixes[0])
        if not is_below(rest):
            raise RefusalError(
                403,
                f"behind the prefix stand names of letters, digits, spaces and {MARKS}; "
                "none is empty, . or ..",
            )
        try:
            async with asyncio.timeout(self._settings.body_s):
                data = await self._aside.do(partial(self._fetch, prefixes[0], rest, held))
        except RefusalError:
            raise
        except FileNotFoundError:
            raise RefusalError(404, "there is no picture at that address") from None
        except TimeoutError:
            raise RefusalError(504, "the address did not answer in time") from None
        except Exception as error:  # every file system of fsspec has errors of its own
            raise RefusalError(502, f"the address cannot be read: {type(error).__name__}") from None
        return await _digested(data)

    def _fetch(self, prefix: str, rest: str, held: "_Held") -> bytes:
        most = self._settings.max_bytes
        store, base = self._stores[prefix]
        data = read_object(store, f"{base.rstrip('/')}/{rest}", most, held.take)
        if len(data) > most:
            raise _too_many(most)
        return data


def _open_store(prefix: str) -> tuple[Any, str]:
    # A redirection would lead out of the prefix.
    options = {"allow_redirects": False} if prefix.startswith("http") else {}
    try:
        return store_at(prefix, **options)
    except (ImportError, ValueError) as error:
        raise InputError(f"--prefix {prefix}: {one_line(str(error))}") from None


class _Held:
    """Bytes of one request that count among those of all."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._bytes = 0
        self._is_over = False
        self._lock = threading.Lock()

    def take(self, count: int) -> None:
        """Hold so many more.

        Raises:
            BusyError: All together would be too many.
            RefusalError: The request is over, and nobody would release them.
        """
        with self._lock:
            if self._is_over:
                raise RefusalError(504, "nobody waits for the picture any more")
            self._sources.hold(count)
            self._bytes += count

    def release(self) -> None:
        """Hold none any more, also of what a thread still reads that nobody waits for."""
        with self._lock:
            self._is_over = True
            self._sources.hold(-self._bytes)
            self._bytes = 0


def is_below(rest: str) -> bool:
    """Return whether what stands behind a prefix can only lead to what lies below it."""
    # Some servers take letters for others that look alike: full-width dots for dots.
    for text in (rest, normalize("NFKC", rest)):
        others = {char for char in text if not char.isascii() and not _is_control(char)}
        if not set(text) <= PLAIN | others or {"", ".", ".."} & set(text.split("/")):
            return False
    return True


def _is_control(char: str) -> bool:
    return category(char).startswith(("C", "Zl", "Zp"))


async def _digested(data: bytes) -> Upload:
    """Return a picture with its digest; a large one is digested in a thread: others are waiting."""
    if len(data) < LARGE_BYTES:
        return Upload.of(data)
    return await asyncio.to_thread(Upload.of, data)


async def _in_form(request: Request, data: bytes) -> bytes:
    async def stream() -> AsyncGenerator[bytes, None]:
        yield data

    parser = MultiPartParser(
        request.headers, stream(), max_files=1, max_fields=16, max_part_size=len(data) + 1
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise RefusalError(400, f"the form cannot be read: {error.message}") from None
    try:
        field = form.get(FIELD)
        if not isinstance(field, UploadFile):
            raise RefusalError(400, f"the form has no file {FIELD!r}")
        if others := [name for name, value in form.multi_items() if value is not field]:
            raise RefusalError(
                422, f"the form has {others[0][:80]!r}, which nobody reads; ask in the query"
            )
        return await field.read()
    finally:
        await form.close()


def _too_many(most: int) -> RefusalError:
    return RefusalError(413, f"the picture has over {most} bytes")
