"""A phone's `adbd` on loopback, for the real `adb`: a folder with its shell and its files.

It speaks adb's protocol as packages/modules/adb of Android documents it in protocol.txt,
SERVICES.TXT and SYNC.TXT: CNXN and AUTH, streams by OPEN, OKAY, WRTE and CLSE, and the services
`shell,v2` and `sync`. The folder is one of `street`'s, which says what state the phone is in and
what goes wrong.
"""

import contextlib
import itertools
import os
import queue
import signal
import socket
import socketserver
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tests.phones.stand_in_adb import described, in_folder

VERSION = 0x01000001
MOST_BYTES = 1 << 20
BANNER = b"device::ro.product.name=p;ro.product.model=%s;ro.product.device=d;features=shell_v2,cmd"
AUTH_TOKEN, PUBLIC_KEY = 1, 3
STDOUT, STDERR, EXIT = 1, 2, 3
CHUNK = 1 << 16
REFUSALS = {"full": "No space left on device", "encrypted": "Required key not available"}


class ClosedError(Exception):
    """The computer has closed the stream, or the phone is unplugged."""


@dataclass
class Stream:
    """A stream that the computer has opened.

    Attributes:
        sent: What it sends; None where it has closed the stream.
        taken: Something for each time that it takes more; None likewise.
    """

    number: int
    remote: int
    sent: "queue.Queue[bytes | None]" = field(default_factory=queue.Queue)
    taken: "queue.Queue[bytes | None]" = field(default_factory=queue.Queue)
    rest: bytes = b""

    def end(self) -> None:
        self.sent.put(None)
        self.taken.put(None)

    def read(self, count: int) -> bytes:
        while len(self.rest) < count:
            self.rest += wait(self.sent)
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken


def wait(line: "queue.Queue[bytes | None]") -> bytes:
    """Return what comes next; whoever waits behind its end is told of it too."""
    part = line.get()
    if part is None:
        line.put(None)
        raise ClosedError
    return part


class Connection:
    """One connection of adb's server."""

    def __init__(self, phone: Path, client: socket.socket) -> None:
        self.phone, self.client = phone, client
        self.lock = threading.Lock()
        self.streams: dict[int, Stream] = {}
        self.numbers = itertools.count(1)
        self.processes: list[subprocess.Popen[bytes]] = []
        self.threads: list[threading.Thread] = []

    def told(self) -> dict[str, Any]:
        return described(str(self.phone))

    def trouble(self, verb: str, words: str) -> str:
        trouble = self.told()["trouble"]
        meant = trouble.get("verb") == verb and trouble.get("containing", "") in words
        return str(trouble["kind"]) if meant else ""

    def unplug(self) -> None:
        (self.phone / "gone").touch()
        self.client.shutdown(socket.SHUT_RDWR)
        raise ClosedError

    def send(self, command: bytes, first: int, second: int, content: bytes = b"") -> None:
        magic = int.from_bytes(command, "little") ^ 0xFFFFFFFF
        header = struct.pack("<4s5I", command, first, second, len(content), 0, magic)
        try:
            with self.lock:
                self.client.sendall(header + content)
        except OSError:
            raise ClosedError from None

    def serve(self) -> None:
        """Answer until the connection ends; then nothing of it is left."""
        try:
            with contextlib.suppress(ClosedError), self.client.makefile("rb") as sent:
                while len(header := sent.read(24)) == 24:
                    command, first, second, length, _, _ = struct.unpack("<4s5I", header)
                    self.take(command, first, second, sent.read(length))
        finally:
            for stream in list(self.streams.values()):
                stream.end()
            for process in self.processes:
                kill(process)
            for thread in self.threads:
                thread.join()

    def take(self, command: bytes, first: int, second: int, content: bytes) -> None:
        if command in (b"CNXN", b"AUTH"):
            told = self.told()
            if told["state"] != "unauthorized":
                self.send(b"CNXN", VERSION, MOST_BYTES, BANNER % told["model"].encode())
            elif first != PUBLIC_KEY:  # over which a person would be asked now
                self.send(b"AUTH", AUTH_TOKEN, 0, os.urandom(20))
        elif command == b"OPEN":
            self.open(first, content.rstrip(b"\0").decode())
        elif (stream := self.streams.get(second)) is not None:
            if command == b"OKAY":
                stream.taken.put(b"")
            elif command == b"WRTE":
                stream.sent.put(content)
                self.send(b"OKAY", stream.number, stream.remote)
            elif command == b"CLSE":
                del self.streams[second]
                stream.end()

    def open(self, remote: int, service: str) -> None:
        name, _, rest = service.partition(":")
        if name.startswith("shell,v2"):
            self.start(remote, lambda stream: self.shell(stream, rest))
        elif name == "sync":
            self.start(remote, self.sync)
        else:
            self.send(b"CLSE", 0, remote)

    def start(self, remote: int, work: Callable[[Stream], None]) -> None:
        number = next(self.numbers)
        stream = self.streams[number] = Stream(number, remote)
        self.send(b"OKAY", number, remote)

        def run() -> None:
            with contextlib.suppress(ClosedError):
                work(stream)
                if self.streams.pop(number, None) is not None:
                    self.send(b"CLSE", number, remote)

        thread = threading.Thread(target=run)
        self.threads.append(thread)
        thread.start()

    def write(self, stream: Stream, content: bytes) -> None:
        """Send, and wait until it was taken."""
        self.send(b"WRTE", stream.number, stream.remote, content)
        wait(stream.taken)

    def shell(self, stream: Stream, script: str) -> None:
        command, environment = in_folder(str(self.phone), [script])
        unplugged = self.trouble("shell", script) == "unplugged"
        writing = threading.Lock()

        def forward(number: int, output: IO[bytes]) -> None:
            with contextlib.suppress(ClosedError):
                while part := os.read(output.fileno(), CHUNK):
                    with writing:
                        kept = part[: len(part) // 2] if unplugged else part
                        self.write(stream, struct.pack("<BI", number, len(kept)) + kept)
                        if unplugged:
                            self.unplug()
                return
            kill(process)

        with subprocess.Popen(
            command,
            env=environment,
            cwd=self.phone / "root",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        ) as process:
            self.processes.append(process)
            assert process.stdout is not None
            assert process.stderr is not None
            other = threading.Thread(target=forward, args=(STDERR, process.stderr))
            other.start()
            forward(STDOUT, process.stdout)
            other.join()
        self.write(stream, struct.pack("<BIB", EXIT, 1, process.returncode & 0xFF))

    def sync(self, stream: Stream) -> None:
        while True:
            request, length = struct.unpack("<4sI", stream.read(8))
            path = stream.read(length).decode()
            if request == b"STAT":
                self.write(stream, self.stat(path))
            elif request == b"SEND":
                self.write(stream, self.receive(stream, path.rpartition(",")[0]))
            elif request == b"RECV":
                self.give(stream, path)
            else:  # QUIT
                return

    def local(self, path: str) -> Path:
        return self.phone / "root" / path.lstrip("/")

    def stat(self, path: str) -> bytes:
        try:
            status = self.local(path).lstat()
        except OSError:
            return struct.pack("<4s3I", b"STAT", 0, 0, 0)
        return struct.pack("<4s3I", b"STAT", status.st_mode, status.st_size, int(status.st_mtime))

    def receive(self, stream: Stream, path: str) -> bytes:
        content = bytearray()
        while True:
            kind, length = struct.unpack("<4sI", stream.read(8))
            if kind == b"DONE":
                break
            content += stream.read(length)
        trouble = self.trouble("push", path)
        if trouble == "unplugged":
            self.local(path).write_bytes(content[: len(content) // 2])
            self.unplug()
        if trouble in REFUSALS or not self.local(path).parent.is_dir():
            reason = f"couldn't create file: {REFUSALS.get(trouble, 'No such file or directory')}"
            return struct.pack("<4sI", b"FAIL", len(reason)) + reason.encode()
        self.local(path).write_bytes(content)
        return struct.pack("<4sI", b"OKAY", 0)

    def give(self, stream: Stream, path: str) -> None:
        content = self.local(path).read_bytes()
        for start in range(0, len(content), CHUNK):
            part = content[start : start + CHUNK]
            self.write(stream, struct.pack("<4sI", b"DATA", len(part)) + part)
        self.write(stream, struct.pack("<4sI", b"DONE", 0))


def kill(process: "subprocess.Popen[bytes]") -> None:
    """End a program and what it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


@contextlib.contextmanager
def daemon(phone: Path) -> Iterator[str]:
    """Run a phone's daemon, and give its address, `127.0.0.1:PORT`, for `adb connect`."""
    clients: list[socket.socket] = []

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            clients.append(self.request)
            if not (phone / "gone").exists():
                Connection(phone, self.request).serve()

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = False  # all have ended when the server has

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
            for client in clients:
                with contextlib.suppress(OSError):  # it is closed already
                    client.shutdown(socket.SHUT_RDWR)
