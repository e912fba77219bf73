"""What `edgetag review export` and `edgetag review import` did."""

from typing import ClassVar, Literal

from pydantic import Field

from edgetag.records import Record, Result
from edgetag.tables.formats import counted, format_count

Form = Literal["answers", "wide", "hydrus", "label-studio"]

NAMED = 20
"""Files that are named one by one; the JSON has all."""


class NotWritten(Record):
    """A file that was left as it is."""

    file: str
    reason: str


class ReviewExport(Result):
    """What was written."""

    SCHEMA: ClassVar[str] = "edgetag.review-export/1.0"
    to: str = Field(description="The file; with hydrus the folder.")
    format: Form
    pictures: int = Field(description="That the data have.")
    answers: int = Field(description="Each person's last ones that count.")
    disagreements: int = Field(description="Pictures about which people differ.")
    sidecars: int = Field(0, description="Text files that were written.")
    left: tuple[NotWritten, ...] = Field((), description="Text files that were not.")
    regions: int = Field(0, description="Regions of pictures, which have no text file.")
    outside: int = Field(0, description="Pictures whose path leads out of the folder.")

    def sentences(self) -> list[str]:
        """Return what a user is told."""
        if self.format == "hydrus":
            return self._of_sidecars()
        said = counted(self.answers, "answer")
        contents = {
            "answers": f"{said}; add it to the recipe: [data] corrections",
            "wide": f"labels of {counted(self.pictures, 'picture')}",
            "label-studio": f"{counted(self.pictures, 'task')}, with {said}",
        }
        lines = [f"{self.to}: {contents[self.format]}"]
        if self.disagreements:
            lines.append(
                f"people differ about {counted(self.disagreements, 'picture')}; where as many say "
                "the one as the other, the data's label stays"
            )
        return lines

    def _of_sidecars(self) -> list[str]:
        lines = [f"{self.to}: {counted(self.sidecars, 'sidecar')}"]
        lines += [f"left: {each.file}: {each.reason}" for each in self.left[:NAMED]]
        if len(self.left) > NAMED:
            lines.append(f"left: {format_count(len(self.left) - NAMED)} more")
        if self.regions:
            lines.append(
                f"left: {counted(self.regions, 'region')} of pictures, which have no sidecar of "
                "their own"
            )
        if self.outside:
            lines.append(f"left: {counted(self.outside, 'picture')} that lead out of {self.to}")
        return lines


class ReadFile(Record):
    """A file of answers that was read."""

    file: str
    answers: int
    new: int = Field(description="Answers that the database did not have.")
    astray: int = Field(description="Answers about pictures that the data do not have; left out.")
    other_tags: dict[str, int] = Field(
        description="Tag that the data do not have → answers about it; left out."
    )

    def sentences(self) -> list[str]:
        """Return what a user is told."""
        lines = [
            f"{self.file}: {counted(self.answers, 'answer')}, {format_count(self.new)} of them new"
        ]
        if self.astray:
            lines.append(
                f"{self.file}: {counted(self.astray, 'answer')} about pictures that the data do "
                "not have; left out"
            )
        if self.other_tags:
            names = ", ".join(repr(tag) for tag in self.other_tags)
            lines.append(
                f"{self.file}: {counted(sum(self.other_tags.values()), 'answer')} about tags that "
                f"the data do not have ({names}); left out"
            )
        return lines


class ReviewImport(Result):
    """What was kept."""

    SCHEMA: ClassVar[str] = "edgetag.review-import/1.0"
    files: tuple[ReadFile, ...]

    def sentences(self) -> list[str]:
        """Return what a user is told."""
        return [line for file in self.files for line in file.sentences()]
