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
from urllib.parse import unquote

from edgetag.dataset.answers import Answer, moment_in_utc
from edgetag.errors import InputError
from edgetag.reviewing.store import Kept
from edgetag.userfiles import read_file

LABELS: dict[str, int | None] = {"present": 1, "absent": 0, "unknown": None}
MOST_BYTES = 2_000_000_000


def tasks_json(
    pictures: Iterable[tuple[str, str, dict[str, int | None]]], answers: Iterable[Kept]
) -> str:
    """Return tasks: one for each picture.

    Args:
        pictures: Identity, path and labels as corrected, which become a prediction,
        answers: and each person's last answers, which become annotations: one for each person.
    """
    said: dict[str, dict[str, list[Kept]]] = {}
    for answer in answers:
        said.setdefault(answer.identity, {}).setdefault(answer.by, []).append(answer)
    tasks = [
        {
            "data": {"image": path, "path": path, "identity": identity},
            "predictions": [{"model_version": "labels", "result": _result(labels, "labels")}],
            "annotations": [
                {
                    "created_at": max(answer.at for answer in own),
                    "result": _result({answer.tag: answer.label for answer in own}, by),
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


def _result(labels: dict[str, int | None], by: str) -> list[dict[str, object]]:
    return [
        {
            "from_name": name,
            "to_name": "image",
            "type": "choices",
            "value": {"choices": chosen},
            "meta": {"by": by},
        }
        for name, value in LABELS.items()
        if (chosen := [tag for tag, label in labels.items() if label == value])
    ]


def _answers(task: Any, owner: str, where: str) -> Iterator[Answer]:
    data = task["data"]
    identity = str(data.get("identity", ""))
    path = str(data.get("path") or _served_path(str(data.get("image") or "")))
    if not (identity or path):
        raise ValueError("its data have neither identity, path nor image")
    for annotation in task.get("annotations", []):
        if annotation.get("was_cancelled"):
            continue
        created = annotation.get("created_at")
        at = moment_in_utc(created) if created else ""
        for part in annotation["result"]:
            if part.get("type") != "choices":
                continue
            by = (part.get("meta") or {}).get("by") or _person(annotation.get("completed_by"))
            label = LABELS.get(part["from_name"], 1)
            for tag in part["value"]["choices"]:
                yield Answer(identity, path, str(tag), label, str(by or owner), at, where)


def _served_path(image: str) -> str:
    """Return a picture's path; Label Studio's local files are at `/data/local-files/?d=PATH`."""
    _, served, path = image.partition("?d=")
    return unquote(path) if served else image


def _person(completed_by: Any) -> str:
    if isinstance(completed_by, dict):
        return str(completed_by.get("email") or completed_by.get("id") or "")
    return "" if completed_by is None else f"user {completed_by}"
