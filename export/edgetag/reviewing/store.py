"""The database of answers: append-only, with who, when and what was seen before.

SQLite with a write-ahead log, flushed with every answer: what was confirmed is on the disk. Several
servers may use one database; each reads what the others added. An undone answer stays, and another
row says that it does not count any more.
"""

import json
import sqlite3
import threading
import uuid
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from edgetag.dataset.answers import Answer
from edgetag.errors import InputError
from edgetag.tables.formats import format_count
from edgetag.userfiles import require_file
from edgetag.writing import disk_error

VERSION = 1
MOST_BYTES = 1 << 40
BUSY_S = 10.0
"""So long a change waits for others' changes."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS answers (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL UNIQUE,
  identity TEXT NOT NULL,
  path TEXT NOT NULL,
  tag TEXT NOT NULL,
  before INTEGER,
  label INTEGER,
  by TEXT NOT NULL,
  at TEXT NOT NULL,
  undoes INTEGER UNIQUE REFERENCES answers (id)
) STRICT;
CREATE INDEX IF NOT EXISTS answers_by ON answers (by, at);
"""
COLUMNS = "key, identity, path, tag, before, label, by, at, id, undoes"


class StoreError(Exception):
    """A change was not kept: the database is locked, damaged, or its disk is full."""


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody says, before it is kept.

    Attributes:
        key: Names the change; one that is sent twice is kept once.
        identity: The picture,
        path: and where it lies, relative to the data root.
        tag: What it is about.
        before: The label that the person saw.
        label: 1, 0, or None where nobody can tell.
        by: Who says so.
        at: When, in UTC as ISO 8601; empty where nobody knows, None for now.
    """

    key: str
    identity: str
    path: str
    tag: str
    before: int | None
    label: int | None
    by: str
    at: str | None = None


@dataclass(frozen=True, slots=True)
class Kept(Change):
    """A row of the table of answers.

    Attributes:
        at: As a change has it, but never None.
        id: Its number; later ones are higher.
        undoes: The row that it takes back.
    """

    at: str = ""
    id: int = 0
    undoes: int | None = None

    def answer(self) -> Answer:
        """Return it as a row of a table of answers."""
        return Answer(self.identity, self.path, self.tag, self.label, self.by, self.at)


class Store:
    """A database that is open; threads may share it.

    Args:
        path: The file; it is made where there is none.
        tags: The vocabulary of the data.
        has: Tells whether the data have a picture of an identity.
        moments: Of people's last answers elsewhere, before which no new one of theirs is.

    Raises:
        InputError: It is damaged, of other data, or cannot be written.

    Attributes:
        path: The file.
        name: Tells it from every other database.
    """

    def __init__(
        self,
        path: Path,
        tags: Sequence[str],
        has: Callable[[str], bool],
        moments: Mapping[str, str] | None = None,
    ) -> None:
        self.path = path
        self._moments = dict(moments or {})
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists():
                require_file(path, "database", MOST_BYTES)
            self._database = sqlite3.connect(
                path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
            )
        except OSError as error:
            raise disk_error(path, error) from None
        except sqlite3.Error as error:
            raise InputError(f"{path}: cannot be opened: {error}") from None
        self._closing = weakref.finalize(self, self._database.close)  # where nobody does
        try:
            (mode,) = self._database.execute("PRAGMA journal_mode = WAL").fetchone()
            if mode != "wal":
                raise InputError(
                    f"{path}: its file system lets no database have a write-ahead log ({mode}); "
                    "put the run folder on a disk of this machine"
                )
            self._database.execute("PRAGMA synchronous = FULL")
            self._require_sound()
            with self._changing():
                for statement in filter(str.strip, SCHEMA.split(";")):
                    self._database.execute(statement)
                self._require_own(tags, has)
        except (sqlite3.Error, StoreError) as error:
            self.close()
            raise InputError(_words(path, error)) from None
        except InputError:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._closing()

    def since(self, last: int) -> list[Kept]:
        """Return the rows after one, in the order in which they were kept.

        Raises:
            StoreError: The database cannot be read.
        """
        try:
            with self._lock:
                rows = self._database.execute(
                    f"SELECT {COLUMNS} FROM answers WHERE id > ? ORDER BY id",  # noqa: S608
                    (last,),
                ).fetchall()
        except sqlite3.Error as error:
            raise StoreError(_words(self.path, error)) from None
        return [Kept(*row) for row in rows]

    def add(self, changes: Iterable[Change]) -> int:
        """Keep changes: all of them, or none; return how many were not kept before.

        Raises:
            StoreError: They could not be kept.
        """
        added = 0
        with self._lock, self._changing():
            for change in changes:
                at = self._now(change.by) if change.at is None else change.at
                added += self._insert(change, at, None)
        return added

    def undo(self, by: str, key: str) -> Kept | None:
        """Take back a person's last answer that counts, by its moment; None where there is none.

        Args:
            by: Whose.
            key: Names the undoing; one that is sent twice takes one answer back.

        Raises:
            StoreError: That could not be kept.
        """
        with self._lock, self._changing():
            known = self._database.execute("SELECT undoes FROM answers WHERE key = ?", (key,))
            (undone,) = known.fetchone() or (None,)
            row = self._database.execute(
                # SQLite would take the index of `undoes`, which is NULL in nearly all rows.
                f"SELECT {COLUMNS} FROM answers AS own INDEXED BY answers_by "  # noqa: S608
                "WHERE by = ? AND undoes IS NULL AND (own.id = ? OR ? IS NULL AND NOT EXISTS "
                "(SELECT 1 FROM answers WHERE undoes = own.id)) ORDER BY at DESC, id DESC LIMIT 1",
                (by, undone, undone),
            ).fetchone()
            if row is None:
                return None
            last = Kept(*row)
            if undone is None:
                change = Change(
                    key, last.identity, last.path, last.tag, last.label, last.before, by
                )
                self._insert(change, self._now(by), last.id)
        return last

    def _insert(self, change: Change, at: str, undoes: int | None) -> int:
        values = (change.key, change.identity, change.path, change.tag, change.before, change.label)
        return self._database.execute(
            "INSERT INTO answers (key, identity, path, tag, before, label, by, at, undoes) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
            (*values, change.by, at, undoes),
        ).rowcount

    def _now(self, by: str) -> str:
        """Return the moment; none before a person's last answer, though a clock be set back."""
        query = "SELECT MAX(at) FROM answers WHERE by = ?"
        (last,) = self._database.execute(query, (by,)).fetchone()
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        return max(now, last or "", self._moments.get(by, ""))

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Keep all that the block changes, or nothing of it."""
        try:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:  # SQLite itself ends one on a full disk
                    self._database.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise StoreError(_words(self.path, error)) from None

    def _require_sound(self) -> None:
        (state,) = self._database.execute("PRAGMA quick_check(1)").fetchone()
        if state != "ok":
            raise sqlite3.DatabaseError(state)

    def _require_own(self, tags: Sequence[str], has: Callable[[str], bool]) -> None:
        meta = dict(self._database.execute("SELECT key, value FROM meta").fetchall())
        if meta and meta.get("version") != str(VERSION):
            raise InputError(
                f"{self.path}: a database of another version of edgetag "
                f"({meta.get('version')}; this one keeps {VERSION}); move it away"
            )
        gone = [tag for tag in json.loads(meta.get("tags", "[]")) if tag not in tags]
        if gone:
            raise InputError(
                f"{self.path}: made for data with the tags {', '.join(gone)}, which these data do "
                "not have; name the run that it belongs to, or move it away"
            )
        known = self._database.execute("SELECT DISTINCT identity FROM answers").fetchall()
        if known and not any(has(identity) for (identity,) in known):
            raise InputError(
                f"{self.path}: its answers are about {format_count(len(known))} pictures, of "
                "which these data "
                "have none; name the run that it belongs to, or move it away"
            )
        self.name = meta.get("name") or uuid.uuid4().hex
        known_now = {"version": str(VERSION), "name": self.name, "tags": json.dumps(list(tags))}
        for key, value in known_now.items():
            if meta.get(key) != value:
                self._database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))


def moments_of(answers: Iterable[Answer]) -> dict[str, str]:
    """Return when each person answered last."""
    moments: dict[str, str] = {}
    for answer in answers:
        moments[answer.by] = max(answer.at, moments.get(answer.by, ""))
    return moments


def counting(rows: Iterable[Kept]) -> list[Kept]:
    """Return the answers that nobody took back, in their order."""
    rows = list(rows)
    undone = {row.undoes for row in rows}
    return [row for row in rows if row.undoes is None and row.id not in undone]


def last_of_each(answers: Iterable[Kept]) -> list[Kept]:
    """Return each person's last answer about each picture and tag."""
    last: dict[tuple[str, str, str], Kept] = {}
    for answer in sorted(answers, key=lambda answer: answer.at):
        about = (answer.identity, answer.tag, answer.by)
        last.pop(about, None)
        last[about] = answer
    return list(last.values())


def _words(path: Path, error: Exception) -> str:
    """Return what a person is told of an error of SQLite's."""
    text = str(error)
    if isinstance(error, StoreError):
        return text
    if "locked" in text:
        return f"{path}: another program holds it ({text}); try again when that has ended"
    # The index of its log lies in shared memory, which is a file: there it says "disk I/O error".
    if "full" in text or getattr(error, "sqlite_errorname", "") == "SQLITE_IOERR_SHMSIZE":
        return f"{path}: no space left on the disk; free some and try again; what was kept is kept"
    if isinstance(error, sqlite3.OperationalError):
        return f"{path}: {text}"
    return f"{path}: damaged, or no database of answers ({text}); restore a copy, or move it away"
