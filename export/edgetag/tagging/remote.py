"""Pictures in object stores and other places that fsspec opens, such as `s3://bucket/photos`."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from edgetag.errors import InputError, MissingExtraError, one_line
from edgetag.preprocess import Rejection
from edgetag.tagging.errors import PictureError
from edgetag.tagging.pictures import MOST_BYTES

MARK = "://"
"""A name with it is an address."""


@dataclass(frozen=True)
class Address:
    """Where a picture lies; it can be sent to another machine and read there.

    Attributes:
        url: Its own address.
        listed: The address below which it was listed, and its path in that store. By its own it
            may not be found: `zip://a.jpg` of one in an archive, or a name with `::`.
    """

    url: str
    listed: tuple[str, str] | None = None

    def read(self) -> bytes:
        """Return the picture's bytes.

        Raises:
            PictureError: It is missing, larger than a picture can be, or cannot be read.
        """
        try:
            named, below = self.listed or (self.url, None)
            store, path = store_at(named)
            data = read_object(store, path if below is None else below, MOST_BYTES)
        except FileNotFoundError:
            raise PictureError(Rejection.MISSING, "there is no such object") from None
        except Exception as error:  # each store has errors of its own
            raise PictureError(Rejection.UNREADABLE, one_line(str(error))) from None
        if len(data) > MOST_BYTES:
            raise PictureError(Rejection.TOO_LARGE, f"over {MOST_BYTES} bytes")
        return data


@dataclass(frozen=True)
class Stored:
    """An object below an address: its size in bytes and when it was changed; -1 if not known."""

    address: Address
    size_bytes: int
    modified_ns: int


def find(url: str) -> Iterable[Stored]:
    """List an object, or all below a prefix, in the order of their names.

    Raises:
        MissingExtraError: fsspec, or what it needs for the address, is not installed.
        InputError: Nothing is there, or it cannot be listed.
    """
    try:
        store, path = store_at(url)
        below = store.find(path, detail=True)
        if not below:
            with suppress(FileNotFoundError), _failures_told():
                store.info(path)
    except MissingExtraError:
        raise
    except ImportError as error:
        raise InputError(f"{url}: {error}") from None
    except Exception as error:  # each store has errors of its own
        raise InputError(f"{url}: cannot be listed: {one_line(str(error))}") from None
    if not below:
        raise InputError(f"{url}: there is no such object, and none below it")
    return [
        Stored(
            Address(store.unstrip_protocol(name), (url, name)),
            int(facts.get("size") or -1),
            _time(facts),
        )
        for name, facts in sorted(below.items())
    ]


def _time(facts: dict[str, Any]) -> int:
    changed = facts.get("LastModified") or facts.get("mtime")
    if isinstance(changed, datetime):
        changed = changed.timestamp()
    return int(changed * 1_000_000_000) if isinstance(changed, int | float) else -1


def store_at(url: str, **options: object) -> tuple[Any, str]:
    """Return the file system that an address is of, and the path of it there.

    Raises:
        MissingExtraError: fsspec is not installed.
        ImportError: What it needs for the address is not.
    """
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise MissingExtraError("fsspec", "cluster") from None
    store, path = url_to_fs(url, **options)
    return store, path


def read_object(
    store: Any, path: str, most: int, hold: Callable[[int], object] = lambda _: None
) -> bytes:
    """Return an object's bytes, of one that has more than the most one byte too many.

    Args:
        store: A file system of fsspec, whose own errors are raised.
        path: The object's place there.
        most: Bytes that are wanted.
        hold: Is called before it is read, with how many bytes that will take.

    Raises:
        FileNotFoundError: There is no such object.
    """
    with _failures_told(), store.open(path, "rb") as file:
        size = getattr(file, "size", None)
        hold(most if size is None else min(size, most))
        data: bytes = file.read(most + 1)
    return data


@contextmanager
def _failures_told() -> Iterator[None]:
    """Tell a server of HTTP that fails, or refuses, from one that has no such object.

    fsspec says of each that there is no file.
    """
    try:
        yield
    except FileNotFoundError as error:
        behind = error.__cause__
        if behind is None or not type(behind).__module__.startswith("aiohttp."):
            raise
        if getattr(behind, "status", None) == 404:
            raise
        raise behind from None
