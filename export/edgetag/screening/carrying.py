"""Copies, links or moves pictures by a plan, and takes that back by its log.

Each step is written to the log before it is done, so that a kill leaves none that is not known.
Nothing that lies in a place is ever replaced, and a picture that is not the one that was tagged
stays where it is.
"""

import contextlib
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from edgetag.errors import FULL, InputError
from edgetag.progress import Progress
from edgetag.screening.plan import Step
from edgetag.screening.result import Carried
from edgetag.tagging.listing import shown_name
from edgetag.workspace import digest_file
from edgetag.writing import disk_error, file_beside, remove_left_over

Action = Literal["copy", "link", "move"]
"""link: a hard link, or a symbolic one where the folder is on another file system."""

KIND = "edgetag.screen/1.0"

NO_LINK = (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOSYS)
"""Why a file gets no further name: file systems of memory cards have none to give."""


def log_of(table: Path) -> Path:
    """Return where the log of a table's screening lies if no other place is named."""
    return table.with_name(f"{table.name}.screened.jsonl")


def require_no_log(log: Path) -> None:
    """Refuse a place for a log that has one.

    Raises:
        InputError: It does.
    """
    if os.path.lexists(log):
        raise InputError(f"{log}: there is a log already; undo it, or give another one with --log")


def carry(steps: Sequence[Step], action: Action, log: Path, progress: Progress) -> Carried:
    """Do the steps of a plan.

    Args:
        steps: Where each picture goes.
        action: How.
        log: A new file: what `undo` reads.
        progress: Is told of every step.

    Raises:
        InputError: The log is there already, or the disk is full.
    """
    done, failed = 0, list[tuple[str, str]]()
    require_no_log(log)
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        file = log.open("x", encoding="utf-8")
    except OSError as error:
        raise disk_error(log, error) from error
    with file, progress.track(action, len(steps), "pictures") as task:
        print(json.dumps({"schema": KIND, "action": action}), file=file, flush=True)
        for step in steps:
            entry = {"from": str(step.source), "to": str(step.target), "sha256": step.sha256}
            print(json.dumps(entry), file=file, flush=True)
            try:
                _carry_one(step, action)
                done += 1
            except OSError as error:
                if error.errno in FULL:
                    raise disk_error(step.target, error) from error
                failed.append((shown_name(str(step.source)), error.strerror or str(error)))
            except InputError as error:
                failed.append((shown_name(str(step.source)), str(error)))
            task.advance()
    return Carried(done=done, failed=tuple(failed))


def undo(log: Path, progress: Progress) -> Carried:
    """Take back what a log tells, the last step first; the log is deleted where all could be.

    Raises:
        InputError: The file is missing or no log.
    """
    action, steps = _read(log)
    done, failed = 0, list[tuple[str, str]]()
    with progress.track("undo", len(steps), "pictures") as task:
        for step in reversed(steps):
            try:
                done += _take_back(step, action)
            except (OSError, InputError) as error:
                reason = getattr(error, "strerror", None) or str(error)
                failed.append((shown_name(str(step.target)), shown_name(reason)))
            task.advance()
    if not failed:
        log.unlink()
        for folder in {step.target.parent for step in steps}:
            remove_left_over(folder)
            with contextlib.suppress(OSError):  # something else lies there
                folder.rmdir()
    return Carried(done=done, failed=tuple(failed))


def _carry_one(step: Step, action: Action) -> None:
    if digest_file(step.source) != step.sha256:
        raise InputError("it changed since it was tagged")
    step.target.parent.mkdir(parents=True, exist_ok=True)
    if action != "copy" and step.source.is_symlink():
        # Where it leads from here, a relative one would not lead from there.
        step.target.symlink_to(os.path.realpath(step.source))
        if action == "move":
            _leave(step)
        return
    if action == "link":
        try:
            os.link(step.source, step.target)
        except OSError as error:
            if error.errno not in NO_LINK:
                raise
            step.target.symlink_to(step.source)
        return
    if action == "move":
        try:
            # A link and not a rename, which would replace what lies there.
            os.link(step.source, step.target)
        except OSError as error:
            if error.errno not in NO_LINK:
                raise
        else:
            _leave(step)
            return
    _copy(step)
    if action == "move":
        _leave(step)


def _leave(step: Step) -> None:
    """Take a picture from where it was; where that is refused, it has no new place either.

    Raises:
        OSError: Its folder cannot be written.
    """
    try:
        step.source.unlink(missing_ok=True)
    except OSError:
        if os.path.lexists(step.source):  # else the new place has the last one
            step.target.unlink()
        raise


def _copy(step: Step) -> None:
    """Copy bytes and times to a place that nothing has, whole or not at all."""
    digest = hashlib.sha256()
    with file_beside(step.target) as (to, temporary), step.source.open("rb") as content:
        for block in _blocks(content.read):
            digest.update(block)
            to.write(block)
        to.flush()
        os.fsync(to.fileno())
        if digest.hexdigest() != step.sha256:
            raise InputError("it changed while it was copied")
        with contextlib.suppress(PermissionError):  # not every file system has such rights
            shutil.copystat(step.source, temporary)
        _name(temporary, step.target)


def _name(temporary: Path, target: Path) -> None:
    """Give a whole file its name, which nothing may have."""
    try:
        os.link(temporary, target)
    except OSError as error:
        if error.errno not in NO_LINK:
            raise
        target.touch(exist_ok=False)  # takes the name; to rename alone would replace what has it
        temporary.replace(target)


def _blocks(read: Callable[[int], bytes]) -> Iterator[bytes]:
    while block := read(1 << 20):
        yield block


def _take_back(step: Step, action: Action) -> bool:
    """Undo one step; False where it was never done."""
    if not os.path.lexists(step.target):
        if action == "move" and not os.path.lexists(step.source):
            raise InputError("it lies neither there nor where it came from")
        return False
    if digest_file(step.target) != step.sha256:
        raise InputError("it changed since it was carried there, and is left")
    if action == "move" and not os.path.lexists(step.source):
        _carry_one(Step(step.target, step.source, step.sha256), "move")
    elif not step.source.is_file() or digest_file(step.source) != step.sha256:
        raise InputError(f"what lies at {step.source} is not this picture, so this one is left")
    else:
        step.target.unlink()
    return True


def _read(log: Path) -> tuple[Action, tuple[Step, ...]]:
    try:
        lines = log.read_text(encoding="utf-8").splitlines()
        head = json.loads(lines[0])
        if head["schema"] != KIND:
            raise ValueError(f"schema {head['schema']!r}, expected {KIND}")
        if head["action"] not in ("copy", "link", "move"):
            raise ValueError(f"action {head['action']!r}")
        entries = [json.loads(line) for line in _whole(lines[1:])]
        steps = tuple(
            Step(Path(entry["from"]), Path(entry["to"]), str(entry["sha256"])) for entry in entries
        )
        return head["action"], steps
    except FileNotFoundError:
        raise InputError(f"{log}: there is no such log") from None
    except (OSError, ValueError, LookupError, TypeError) as error:
        beside = log_of(log)
        if beside.is_file():
            raise InputError(f"{log}: not a log of edgetag screen; its log is {beside}") from None
        raise InputError(f"{log}: not a log of edgetag screen: {error}") from None


def _whole(lines: list[str]) -> list[str]:
    """Leave out a last line that a kill cut off: its step was not begun."""
    if lines:
        try:
            json.loads(lines[-1])
        except ValueError:
            return lines[:-1]
    return lines
