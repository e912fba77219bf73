"""`edgetag serve` as it is used: a process, asked over HTTP."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

PATIENCE_S = 120.0
"""What has not come by then never will; nothing is said about how long it may take."""


@dataclass
class Served:
    """A server that runs."""

    process: subprocess.Popen[bytes]
    log: Path
    url: str
    client: httpx.Client

    def lines(self, event: str = "") -> list[dict[str, Any]]:
        """Return what it has logged."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [line for line in lines if event in ("", line["event"])]

    def metric(self, name: str) -> float:
        """Return a metric's value; 0 where nothing was counted."""
        for line in self.client.get("/metrics").text.splitlines():
            if line.startswith(f"{name} "):
                return float(line.rpartition(" ")[2])
        return 0.0

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def wait_for(self, event: str, count: int = 1) -> dict[str, Any]:
        """Return the last of so many events of a kind, once they are logged."""
        until(lambda: len(self.lines(event)) >= count, lambda: self.log.read_text())
        return self.lines(event)[count - 1]

    @property
    def workers(self) -> list[int]:
        """Return the workers' process ids."""
        from tests.support.processes import children

        return children(self.process.pid)


def until(holds: Callable[[], bool], told: Callable[[], str] = lambda: "") -> None:
    """Wait until something holds."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, told()
        time.sleep(0.02)


@contextmanager
def served(
    model: Path,
    folder: Path,
    *options: object,
    settings: str = "",
    port: int | None = 0,
    **environment: str,
) -> Iterator[Served]:
    """Start a server, and end it.

    Args:
        model: A bundle, or a model's file.
        folder: For its log and its configuration.
        options: Of the command.
        settings: TOML, as `--config` takes it.
        port: Of the server; 0 for one that is free, None for what else says it.
        environment: Variables beside those of this process.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log, config = folder / "log.jsonl", folder / "serve.toml"
    config.write_text(settings)
    command = [sys.executable, "-P", "-m", "edgetag.cli.main", "serve", str(model)]
    at = [] if port is None else ["--port", str(port)]
    command += ["--config", str(config), *at, *map(str, options)]
    # A start compiles a thousand modules where nothing keeps them.
    kept = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder.parent / "pycache")}
    with log.open("wb") as written:
        process = subprocess.Popen(
            command, stderr=written, env={**os.environ, **kept, **environment}
        )
    try:
        until(
            lambda: b'"event": "serving"' in log.read_bytes() or process.poll() is not None,
            lambda: log.read_text(),
        )
        assert process.poll() is None, log.read_text()
        lines = (json.loads(line) for line in log.read_text().splitlines())
        url = next(line["url"] for line in lines if line["event"] == "serving")
        with httpx.Client(base_url=url, timeout=PATIENCE_S) as client:
            yield Served(process, log, url, client)
    finally:
        process.kill()
        process.wait()
