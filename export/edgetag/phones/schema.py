"""JSON Schemas of what goes to a phone and comes back, for those who write the other side."""

from typing import Any

from edgetag.phones.answer import AppScores
from edgetag.phones.job import RunnerJob
from edgetag.records import Result

RECORDS: dict[str, type[Result]] = {"job": RunnerJob, "scores": AppScores}
"""What each is called → its record."""


def phone_schema(record: str) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a record, `job` or `scores`.

    It holds for every minor version. What a schema cannot say is checked besides: a job has
    `model` or `variant`, and `images` or `pictures`; an image has `scores` or `error`.
    """
    kind = RECORDS[record]
    described = kind.model_json_schema(mode="validation", by_alias=True)
    name, _, version = kind.SCHEMA.partition("/")
    described["properties"]["schema"] = {
        "type": "string",
        "pattern": f"^{name.replace('.', chr(92) + '.')}/{version.partition('.')[0]}\\.[0-9]+$",
        "description": "Name and version of this schema, by SemVer.",
    }
    described["required"] = ["schema", *described["required"]]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **described}
