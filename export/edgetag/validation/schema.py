"""The JSON Schema of `verdict.json`, for those who read it with other programs."""

from typing import Any

from edgetag.validation.result import Verdict


def verdict_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of what `Verdict.to_json` writes.

    Every key is required, as every key is written; keys that it does not name are refused. It holds
    for every minor version of the schema.
    """
    described = Verdict.model_json_schema(mode="serialization", by_alias=True)
    name, _, version = Verdict.SCHEMA.partition("/")
    major = version.partition(".")[0]
    described["properties"]["schema"] = {
        "type": "string",
        "pattern": f"^{name.replace('.', chr(92) + '.')}/{major}\\.[0-9]+$",
        "description": "Name and version of this schema, by SemVer.",
    }
    for record in (described, *described["$defs"].values()):
        if record["type"] == "object":
            record["required"] = list(record["properties"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **described}
