"""The base of every result that is also JSON on disk.

A record is frozen, refuses keys it does not know, and says which schema it follows.
"""

from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.json_schema import JsonSchemaMode

from edgetag.errors import ExitCode, InputError
from edgetag.userfiles import read_file
from edgetag.writing import write_text

MOST_BYTES = 1_000_000_000
"""Most bytes of a result; details of a million images have less."""

VERSION_PATTERN = r"^[0-9]+\.[0-9]+\.[0-9]+$"
"""Of a bundle's or a runtime's version; `\\d` would also take digits that are not ASCII."""


def first_problem(error: ValidationError, whole: str = "the file") -> str:
    """Return where the first thing is that is wrong, and what: `models.0.weight: Input should …`.

    Args:
        error: Of what was read.
        whole: What to name where no part of it is at fault.
    """
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc'])) or whole}: {first['msg']}"


class Record(BaseModel):
    """A frozen, strict value; nested parts of results derive from it."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @classmethod
    def like(cls, other: object, **more: Any) -> Self:
        """Return one with the values that another object has under the same names, and with more.

        Args:
            other: Of any kind; what it has besides is passed over.
            more: Values of the other fields, or in place of those of `other`.
        """
        names = cls.model_fields.keys() - more.keys()
        return cls(**{name: getattr(other, name) for name in names if hasattr(other, name)}, **more)

    def replace(self, **changes: Any) -> Self:
        """Return a copy with other values of some fields, which are taken as they are."""
        return self.model_copy(update=changes)


class Result(Record):
    """What a stage returns and leaves as JSON in the run folder.

    Subclasses set `SCHEMA`, such as `edgetag.export/1.0`, by SemVer: a reader accepts a file of
    the same name and major version.
    """

    SCHEMA: ClassVar[str]
    schema_version: str = Field(alias="schema", default="")

    def model_post_init(self, _context: Any) -> None:
        """Fill in the schema, or refuse a file of another one."""
        if not self.schema_version:
            object.__setattr__(self, "schema_version", self.SCHEMA)
        elif self.schema_version.split(".")[:-1] != self.SCHEMA.split(".")[:-1]:
            raise ValueError(f"schema is {self.schema_version}, expected {self.SCHEMA}")

    @property
    def exit_code(self) -> ExitCode:
        """What a command that prints it ends with: 0, unless the result decides something."""
        return ExitCode.ACCEPTED

    @property
    def unfinished(self) -> str:
        """Why the next run makes it again though nothing has changed; empty where it does not."""
        return ""

    def to_json(self) -> str:
        """Return indented JSON that ends in a newline."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"

    def write(self, path: Path) -> None:
        """Write it to a file, whole or not at all."""
        write_text(path, self.to_json())

    @classmethod
    def json_schema(cls, *, written: bool) -> dict[str, Any]:
        """Return the JSON Schema (draft 2020-12) of a result, which holds for every minor version.

        Args:
            written: Describe what `to_json` writes, of which every key is required; else what is
                read. Keys that it does not name are refused.
        """
        mode: JsonSchemaMode = "serialization" if written else "validation"
        described = cls.model_json_schema(mode=mode, by_alias=True)
        major = cls.SCHEMA.rpartition(".")[0].replace(".", r"\.")
        described["properties"]["schema"] = {
            "type": "string",
            "pattern": rf"^{major}\.[0-9]+$",
            "description": "Name and version of this schema, by SemVer.",
        }
        if written:
            for record in (described, *described["$defs"].values()):
                if record["type"] == "object":
                    record["required"] = list(record["properties"])
        else:
            described["required"] = ["schema", *described["required"]]
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", **described}

    @classmethod
    def from_json(
        cls, text: str, where: object, remedy: str = "run the stage that makes it again"
    ) -> Self:
        """Parse what `to_json` wrote.

        Args:
            text: The JSON.
            where: The file it came from, for the error's text.
            remedy: What helps, for the error's text.

        Raises:
            InputError: The text is not valid JSON of this schema.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            place = ": ".join(filter(None, (str(where), ".".join(map(str, first["loc"])))))
            raise InputError(
                f"{place}: {first['msg']}. The file is damaged or was written by another version "
                f"of edgetag; {remedy}."
            ) from None

    @classmethod
    def read(cls, path: Path, made_by: str) -> Self:
        """Read a result that a stage left.

        Args:
            path: The file.
            made_by: The verb that makes it, for the error's text.

        Raises:
            InputError: The file is missing or not of this schema.
        """
        try:
            text = read_file(path, "result", MOST_BYTES).decode("utf-8")
        except FileNotFoundError:
            raise InputError(f"{path}: missing; run: edgetag {made_by}") from None
        except UnicodeDecodeError:
            raise InputError(f"{path}: damaged; run: edgetag {made_by}") from None
        return cls.from_json(text, path, f"run: edgetag {made_by}")

    @classmethod
    def read_if_there(cls, path: Path, made_by: str) -> Self | None:
        """Read a result as `read` does; None where there is no file."""
        return cls.read(path, made_by) if path.exists() else None

    @classmethod
    def read_kept(cls, path: Path) -> Self | None:
        """Read what an earlier attempt kept; None where it never did, or damaged it."""
        try:
            return cls.from_json(path.read_text(encoding="utf-8"), path)
        except (FileNotFoundError, NotADirectoryError, UnicodeDecodeError, InputError):
            return None
