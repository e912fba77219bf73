"""What a server may do: its limits, its cache, where it may read. A TOML file, and options."""

import tomllib
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator

from edgetag.errors import InputError
from edgetag.machine import cores
from edgetag.preprocess import MAX_PIXELS
from edgetag.records import Record, first_problem
from edgetag.userfiles import read_file

MOST_BYTES = 1_000_000


class Settings(Record):
    """All that can be set.

    Attributes:
        host: The address to listen on.
        port: The port; 0 for any that is free.
        workers: Processes that decode and compute.
        variant: Which file of a bundle; None for its first.
        roots: Folders below which `path=` names pictures.
        prefixes: Beginnings of fsspec addresses that `address=` may name, such as
            `s3://bucket/pictures/`.
        redis: Address of a Redis server that keeps the cache too; empty for none.
        token_file: File with the bearer token that requests need; None for the variable
            EDGETAG_TOKEN, or for no token.
        deadline_s: A request is given up at once where its answer would come later than this, and
            where no worker has begun on it by then.
        queue: Most jobs that wait for a worker.
        job_s: A job that takes longer is ended, with its worker.
        max_bytes: Largest picture, as a file.
        max_pixels: Largest picture, decoded.
        upload_bytes: All uploads together that are held at one time.
        cache_bytes: What answers and sights are kept in memory.
        cache_s: How long Redis keeps them.
        max_age_s: How long clients may keep an answer to a GET.
        degraded_age_s: How long they may keep a crop from the middle that was given in its place.
        connections: Most connections at one time.
        header_s: A client must have sent a request's head by then.
        body_s: It must have sent the body by then.
        write_s: It must have taken an answer by then.
        idle_s: A connection without a request is closed after so long.
        stop_s: Requests that are being answered get so long when the server ends.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    workers: int = Field(default_factory=cores, ge=1, le=256)
    variant: str | None = None
    roots: tuple[Path, ...] = ()
    prefixes: tuple[str, ...] = ()
    redis: str = ""
    token_file: Path | None = None
    deadline_s: float = Field(default=0.15, gt=0, le=600)
    queue: int = Field(default=64, ge=1, le=100_000)
    job_s: float = Field(default=30, gt=0, le=3600)
    max_bytes: int = Field(default=20_000_000, ge=1)
    max_pixels: int = Field(default=MAX_PIXELS, ge=1)
    upload_bytes: int = Field(default=256_000_000, ge=1)
    cache_bytes: int = Field(default=256_000_000, ge=0)
    cache_s: float = Field(default=86_400, ge=1)
    max_age_s: int = Field(default=300, ge=0)
    degraded_age_s: int = Field(default=2, ge=0)
    connections: int = Field(default=1000, ge=1)
    header_s: float = Field(default=10, gt=0)
    body_s: float = Field(default=30, gt=0)
    write_s: float = Field(default=30, gt=0)
    idle_s: float = Field(default=30, gt=0)
    stop_s: float = Field(default=30, gt=0)

    @field_validator("redis")
    @classmethod
    def _require_address(cls, redis: str) -> str:
        if redis and not redis.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError(
                f"{redis!r} is no address of Redis; give one such as redis://localhost"
            )
        return redis

    @field_validator("prefixes")
    @classmethod
    def _require_prefixes(cls, prefixes: tuple[str, ...]) -> tuple[str, ...]:
        for prefix in prefixes:
            kind, mark, _ = prefix.partition("://")
            if not mark or not prefix.endswith("/") or "::" in prefix:
                raise ValueError(f"{prefix!r} is no prefix; give one such as s3://bucket/pictures/")
            if kind in ("file", "local"):
                raise ValueError(f"{prefix!r} is a folder of this machine; give it as --root")
        return prefixes


def read_settings(path: Path | None, options: dict[str, Any]) -> Settings:
    """Return a server's settings.

    Args:
        path: A TOML file with any of them; paths in it are relative to it. None for no file.
        options: What was given on the command line, which goes before the file; None and empty
            tuples were not given.

    Raises:
        InputError: The file is missing or no TOML, or a setting is none.
    """
    given = _in_file(path) if path else {}
    given |= {key: value for key, value in options.items() if value not in (None, ())}
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        where = f"{path}: " if path else ""
        raise InputError(f"{where}{first_problem(error)}") from None
    for root in settings.roots:
        if not root.is_dir():
            raise InputError(f"--root {root}: there is no such folder")
    return settings


def _in_file(path: Path) -> dict[str, Any]:
    try:
        given = tomllib.loads(read_file(path, "configuration", MOST_BYTES).decode())
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; give a TOML file") from None
    except (ValueError, RecursionError) as error:  # no TOML, no UTF-8, nested without end
        raise InputError(f"{path}: no TOML: {error}") from None
    for key in ("roots", "token_file"):
        match given.get(key):
            case str(name):
                given[key] = path.parent / name
            case list(names):
                given[key] = [path.parent / str(name) for name in names]
    return given
