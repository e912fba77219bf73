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
    return RECORDS[record].json_schema(written=False)
