"""Tasks of Label Studio: pictures with people's answers as annotations, out and in.

A project for them has this configuration, with a Choice for each tag in each of the three:

    <View>
      <Image name="image" value="$image"/>
      <Choices name="present" toName="image" choice="multiple"> <Choice value="cat"/> … </Choices>
      <Choices name="absent" toName="image" choice="multiple"> <Choice value="cat"/> … </Choices>
      <Choices name="unknown" toName="image" choice="multiple"> <Choice value="cat"/> … </Choices>
    </View>
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from edgetag.dataset.answers import Answer, moment_in_utc
from edgetag.dataset.location import is_file_name
from edgetag.errors import InputError
from edgetag.reviewing.store import Kept
from edgetag.userfiles import read_file

LABELS: dict[str, int | None] = {"present": 1, "absent": 0, "unknown": None}
LOCAL_FILES = "/data/local-files/?d="
"""Where Label Studio serves files of its own machine; a path behind it."""

MOST_BYTES = 2_000_000_000


def tasks_json(
    pictures: Iterable[tuple[str, str, dict[str, int | None]]],
    answers: Iterable[Kept],
    folder: str,
) -> str:
    """Return tasks: one for each picture.

    Label Studio gives annotations that it imports a user and a moment of its own, and leaves
    `meta` as it is; so that says whose the answers are, and from when.

    Args:
        pictures: Identity, path and labels as corrected, which become a prediction,
        answers: and each person's last answers, which become annotations: one for each person.
        folder: The name of the folder that paths are relative to. Label Studio shows files of
            folders inside the one that it is allowed to read, not of that one itself.
    """
    said: dict[str, dict[str, list[Kept]]] = {}
    for answer in answers:
        said.setdefault(answer.identity, {}).setdefault(answer.by, []).append(answer)
    tasks = [
        {
            "data": {
                "image": LOCAL_FILES + quote(f"{folder}/{path}"),
                "path": path,
                "identity": identity,
            },
            "predictions": [{"model_version": "labels", "result": _result(labels)}],
            "annotations": [
                {
                    **_created(own),
                    "result": [
                        # Of its own tags alone: one that is moved here later is somebody else's.
                        _said([answer for answer in own if answer.label == label], by)
                        for label in LABELS.values()
                        if any(answer.label == label for answer in own)
                    ],
                }
                for by, own in said.get(identity, {}).items()
            ],
        }
        for identity, path, labels in pictures
    ]
    return json.dumps(tasks, indent=1, ensure_ascii=False) + "\n"


def read_tasks(path: Path) -> tuple[Answer, ...]:
    """Return the annotations of tasks as answers.

    Choices of a control named `present`, `absent` or `unknown` are 1, 0 and nobody can tell; those
    of any other control are 1, and what is not chosen there says nothing.

    Raises:
        InputError: The file is missing, damaged, or holds no tasks.
    """
    try:
        tasks = json.loads(read_file(path, "file of tasks", MOST_BYTES).decode("utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; give Label Studio's export as JSON") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not valid JSON: {error}; export JSON, not JSON-MIN") from None
    if not isinstance(tasks, list):
        raise InputError(f"{path}: no list of tasks; export JSON from Label Studio")
    answers: list[Answer] = []
    for number, task in enumerate(tasks, start=1):
        try:
            answers += _answers(task, path.stem, f"{path}: task {number}")
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{path}: task {number}: not of Label Studio's form ({type(error).__name__}: "
                f"{error}); export JSON, not JSON-MIN"
            ) from None
    return tuple(answers)


def _created(answers: list[Kept]) -> dict[str, str]:
    """Return when an annotation was made; nothing where no answer of it says when."""
    last = max(answer.at for answer in answers)
    return {"created_at": last} if last else {}


def _said(answers: list[Kept], by: str) -> dict[str, object]:
    """Return answers of one label, with whose they are and from when."""
    (part,) = _result({answer.tag: answer.label for answer in answers})
    return part | {"meta": {"by": by, "at": {answer.tag: answer.at for answer in answers}}}


def _result(labels: dict[str, int | None]) -> list[dict[str, object]]:
    return [
        {
            "from_name": name,
            "to_name": "image",
            "type": "choices",
            "value": {"choices": chosen},
        }
        for name, value in LABELS.items()
        if (chosen := [tag for tag, label in labels.items() if label == value])
    ]


def _answers(task: Any, owner: str, where: str) -> Iterator[Answer]:
    data = task["data"]
    identity = str(data.get("identity") or "")
    path = str(data.get("path") or _served_path(str(data.get("image") or "")))
    if not (identity or path):
        raise ValueError("its data have neither identity, path nor image")
    for annotation in task.get("annotations", []):
        if annotation.get("was_cancelled"):
            continue
        changed = annotation.get("updated_at") or annotation.get("created_at")
        person = annotation.get("updated_by") or annotation.get("completed_by")
        for part in annotation["result"]:
            if part.get("type") != "choices":
                continue
            meta = part.get("meta") or {}
            moments, label = meta.get("at") or {}, LABELS.get(part["from_name"], 1)
            for tag in part["value"]["choices"]:
                # What a person has added to somebody's annotation is that person's.
                by = meta.get("by") if not moments or tag in moments else ""
                moment = moments.get(tag, changed)
                at = moment_in_utc(moment) if moment else ""
                by = str(by or _person(person) or owner)
                if not is_file_name(f"{tag}{by}"):
                    raise ValueError(f"tag {tag!r} of {by!r} is no valid text")
                yield Answer(identity, path, str(tag), label, by, at, where)


def _served_path(image: str) -> str:
    """Return a picture's path, out of an address of Label Studio's local files where it is one."""
    _, served, path = image.partition(LOCAL_FILES)
    return unquote(path) if served else image


def _person(completed_by: Any) -> str:
    if isinstance(completed_by, dict):
        return str(completed_by.get("email") or completed_by.get("id") or "")
    return "" if completed_by is None else f"user {completed_by}"
