"""The recipe's sections of images and labels: where they are, how they are read and divided."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from edgetag.catalogue.formats import FORMATS
from edgetag.errors import InputError
from edgetag.recipe.base import FormatChoice, Section, Share
from edgetag.tags import DEFAULT_TAGS, Vocabulary


class SplitSection(Section):
    """How images are divided into train, validation and test."""

    by: Literal["content", "group"] = Field(
        "content",
        description="Hash the file's bytes, or its group where the table has a group column.",
    )
    balance: bool = Field(
        False,
        description="Single tag only: cut test and validation to as many of each class as the "
        "rarer has, in file order; the surplus goes to training.",
    )
    rare_tags_first: bool = Field(
        False,
        description="Place the groups of the rarest tags first, by quota, so that every tag has "
        "positives in every split.",
    )


class DataSection(Section):
    """Where the images and labels are and how to read them."""

    source: Path = Field(
        description="A table (.csv, .jsonl, .parquet), a folder with one folder per class, or a "
        "folder or file of Region Cropper JSON. Relative to the recipe.",
    )
    format: FormatChoice = Field(
        "auto",
        description="; ".join(f"{name}: {line.words}" for name, line in FORMATS.items()) + ".",
    )
    root: Path | None = Field(
        None, description="Folder that image paths are relative to; default: the source's folder."
    )
    corrections: tuple[Path, ...] = Field(
        (),
        description="Tables of what people say of tags in pictures, such as `edgetag review` "
        "exports. Their answers count in place of the source's labels, which stay as they are.",
    )
    tags: tuple[str, ...] = Field(DEFAULT_TAGS, description="Tags in the order of the outputs.")
    path_column: str = Field("path", description="Column with the paths of images.")
    tags_column: str = Field("tags", description="Column of the list format.")
    tag_separator: str = Field(",", min_length=1, description="Between tags in a list cell.")
    split_column: str = Field("split", description="An explicit split; used if the table has it.")
    group_column: str = Field(
        "group",
        description="Column of what belongs together, used if the table has it: statistics count a "
        'group as one thing, and split.by = "group" keeps it in one split.',
    )
    weight_column: str | None = Field(
        None,
        description="Column of a table with how often a picture comes in an epoch of training: 2 "
        "for hard ones, 0 for those to leave out, 0.5 for half of them; empty: 1.",
    )
    crop_column: str | None = Field(
        None,
        description="Column of a wide table with the region to cut out, `left top right bottom` "
        "in pixels of the upright picture; empty: the whole picture.",
    )
    absent_tags: Literal["negative", "unknown"] = Field(
        "negative",
        description="What a tag means that a list, a class folder or a region does not name.",
    )
    unknown_tags: Literal["refuse", "ignore"] = Field(
        "refuse", description="What to do with a tag that is not in `tags`."
    )
    regions: Literal["whole", "crop"] = Field(
        "whole", description="Use the whole image of a Region Cropper file, or each region of it."
    )
    region_min_probability: Share = Field(0.5, description="Regions below this are left out.")
    max_pixels: int = Field(50_000_000, ge=1, description="A larger image is refused unopened.")
    max_file_bytes: int = Field(67_108_864, ge=1, description="A larger file is refused unopened.")
    max_rejected_share: Share = Field(
        0.05, description="More rejected images than this share stop the run."
    )
    near_duplicate_bits: int = Field(
        4,
        ge=0,
        le=16,
        description="Perceptual hashes (64 bits) at most this far apart are near duplicates.",
    )
    drop_near_duplicates: bool = Field(
        False, description="Drop test and validation images that nearly equal a training image."
    )
    split: SplitSection = SplitSection()

    @field_validator("tags")
    @classmethod
    def _check_tags(cls, tags: tuple[str, ...]) -> tuple[str, ...]:
        try:
            Vocabulary(tags)
        except InputError as error:  # told as any other problem of a recipe: with its line
            raise ValueError(str(error).removeprefix("tags: ")) from None
        return tags

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.format != "auto" and FORMATS[self.format].one_tag and len(self.tags) != 1:
            raise ValueError(
                f"format {self.format!r} labels one tag, but tags lists {len(self.tags)}"
            )
        if self.split.balance and len(self.tags) != 1:
            raise ValueError(
                f"split.balance needs exactly one tag, but tags lists {len(self.tags)}"
            )
        return self

    @property
    def image_root(self) -> Path:
        """The folder that paths of images are relative to."""
        return self.root or (self.source if self.source.is_dir() else self.source.parent)

    def vocabulary(self) -> Vocabulary:
        """Return the tags as a vocabulary."""
        return Vocabulary(self.tags)
