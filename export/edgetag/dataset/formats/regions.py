"""Region Cropper JSON: pictures with labelled rectangles, used whole or cut out."""

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edgetag.dataset.formats.given import PLACEHOLDER, Draft, Given
from edgetag.dataset.listing import Crop, Entry, Listing, TagReader, linked_in
from edgetag.dataset.location import walk
from edgetag.errors import InputError
from edgetag.recipe import DataSection
from edgetag.userfiles import read_file

GENERATOR = "Region Cropper"
WHAT = "file of Region Cropper"
MOST_BYTES = 1_000_000_000
"""Most bytes of a file; a picture takes about a hundred a region."""

MOST_TAGS = 10_000
"""A file without names of tags has one for every number up to its largest."""

Pixel = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
"""A coordinate; one beside the picture is cut off at its edge."""


class _Foreign(BaseModel):
    """Part of another tool's file: strict about what is read, silent about the rest."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class Rect(_Foreign):
    """A rectangle in pixels of the upright picture."""

    left: Pixel
    top: Pixel
    right: Pixel
    bottom: Pixel

    def crop(self) -> Crop:
        """Return whole pixels, rounded to the nearest."""
        return (round(self.left), round(self.top), round(self.right), round(self.bottom))


class Region(_Foreign):
    """A rectangle with the number of a tag."""

    probability: float = Field(ge=0, le=1)
    label: int = Field(lt=MOST_TAGS)
    rect: Rect


class Document(_Foreign):
    """The regions of one picture."""

    generator: str
    file_name: str = Field(min_length=1)
    regions: tuple[Region, ...]


def region_files(source: Path) -> list[Path]:
    """Return the JSON files of a source, sorted.

    Raises:
        InputError: A folder may not be read.
    """
    if not source.is_dir():
        return [source]
    return sorted(
        place / name for place, _, names in walk(source) for name in names if name.endswith(".json")
    )


def recognises(given: Given) -> bool:
    """Tell whether it is a .json file, or a folder whose first one is Region Cropper's."""
    source = given.source
    if source.is_dir():
        return any(is_region_file(file) for file in region_files(source)[:1])
    return source.suffix.lower() == ".json"


def draft(given: Given, tags: tuple[str, ...]) -> Draft | None:
    """Name a tag after each number that occurs, and those below it."""
    if not recognises(given):
        return None
    asked = DataSection(source=given.source, format="regions", tags=(PLACEHOLDER,))
    listing = read(Given(asked, None))
    numbers = [int(tag.name.removeprefix("label ")) for tag in listing.unknown_tags]
    numbered = tuple(f"label_{number}" for number in range(max(numbers, default=0) + 1))
    section = DataSection(source=given.source, format="regions", tags=tags or numbered)
    return Draft(section, tuple(entry.path for entry in listing.entries))


def is_region_file(path: Path) -> bool:
    """Tell whether a file was written by Region Cropper."""
    try:
        value = json.loads(read_file(path, WHAT, MOST_BYTES))
    except (OSError, InputError, ValueError, RecursionError):
        return False
    first = value[0] if isinstance(value, list) and value else value
    return isinstance(first, dict) and first.get("generator") == GENERATOR


def read(given: Given) -> Listing:
    """Return the entries of Region Cropper files and the labels outside the vocabulary.

    With `regions = "whole"` a picture has the tags of all its regions; with `"crop"` each
    rectangle is a picture, and regions with the same rectangle are one picture with their tags.

    Raises:
        InputError: A file is not Region Cropper JSON or a rectangle is empty.
    """
    source, section = given.source, given.section
    files = region_files(source)
    if not files:
        raise InputError(f"{source}: no .json file in it; put Region Cropper files there")
    tags = TagReader(section.vocabulary(), 0 if section.absent_tags == "negative" else None)
    entries: list[Entry] = []
    for file in files:
        for number, document in enumerate(_documents(file)):
            where = f"{file}: picture {number + 1}" if number else str(file)
            entries += _entries(document, section, tags, where)
    return Listing(
        source,
        "regions",
        given.root,
        tuple(entries),
        tags.unknown(),
        linked_folders=linked_in(source) if source.is_dir() else 0,
    )


def _documents(file: Path) -> list[Document]:
    try:
        value: Any = json.loads(read_file(file, WHAT, MOST_BYTES))
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file}: not valid JSON: {error}; export it again") from None
    documents = []
    for item in value if isinstance(value, list) else [value]:
        try:
            # Through JSON again: strict mode takes JSON's arrays as tuples only from JSON.
            document = Document.model_validate_json(json.dumps(item))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"]) or "the file"
            raise InputError(
                f"{file}: {place}: {first['msg']} (got {first['input']!r}); export it again with "
                "Region Cropper"
            ) from None
        if document.generator != GENERATOR:
            raise InputError(
                f"{file}: generator is {document.generator!r}, not {GENERATOR!r}; move files of "
                "other tools elsewhere"
            )
        documents.append(document)
    return documents


def _entries(document: Document, section: DataSection, tags: TagReader, where: str) -> list[Entry]:
    rects: dict[Crop, set[str]] = {}
    present: set[str] = set()
    for number, region in enumerate(document.regions, start=1):
        left, top, right, bottom = crop = region.rect.crop()
        if not (left < right and top < bottom):
            raise InputError(
                f"{where}: region {number} is empty: left {left}, top {top}, right {right}, "
                f"bottom {bottom}; right and bottom must be larger"
            )
        if region.probability >= section.region_min_probability:
            rects.setdefault(crop, set()).add(_name(region.label, section))
            present.add(_name(region.label, section))
    if section.regions == "whole":
        return [Entry(document.file_name, tags.labels(present, where), where)]
    return [
        Entry(document.file_name, tags.labels(names, where), where, crop=crop)
        for crop, names in rects.items()
    ]


def _name(label: int, section: DataSection) -> str:
    return section.tags[label] if 0 <= label < len(section.tags) else f"label {label}"
