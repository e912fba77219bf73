"""What of a verdict is released: all that equal runs share, nothing that was measured or lies here.

Speed, processor, kernel, memory and paths differ from run to run and from machine to machine. They
stay in the run folder, so that equal runs give equal bundles and no bundle tells where it was made.
"""

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from edgetag.bundling.contents import VERDICT, Share
from edgetag.bundling.opening import MOST_JSON_BYTES, open_bundle
from edgetag.errors import InputError
from edgetag.records import first_problem
from edgetag.validation.operating import CURVE_SCORES
from edgetag.validation.result import Verdict

SCHEMA = "edgetag.bundle-verdict/1.2"
"""Of `verdict.json` in a bundle: `validate/verdict.json` without `OWN`. Bundles whose manifest is
`edgetag.manifest/2.0` hold the whole of it, by its own schema."""

OWN: Final[Any] = {
    "schema_version": True,
    "machine": True,
    "judged_by": True,  # digests of the processor too
    "reference": {"device", "accelerator"},
    "variants": {"__all__": {"device", "images_per_s"}},
    "baseline": {"file"},
}
"""What differs between equal runs."""

_FOLDERS = re.compile(r"(?<![\w.:/])(?:[A-Za-z]:\\|/)(?:[^\s'\"/\\]+[/\\])+")


Count = Annotated[int, Field(ge=0, le=10**12)]


class _Read(BaseModel):
    """What is read of a released verdict, which has much besides."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class ReleasedCurve(_Read):
    """How many pictures reach a score; see `validation.result.OperatingCurve`."""

    positives: tuple[Count, ...]
    negatives: tuple[Count, ...]


class ReleasedTag(_Read):
    """A tag of a file; see `validation.result.TagVerdict`."""

    tag: str
    scored: bool
    positives: Count
    negatives: Count
    threshold: Share
    recall: Share | None
    fpr: Share | None
    curve: ReleasedCurve | None = None

    @model_validator(mode="after")
    def _told_where_scored(self) -> Self:
        if self.scored and (self.recall is None or self.fpr is None):
            raise ValueError(f"{self.tag!r} is scored and has no recall or false positives")
        return self

    @model_validator(mode="after")
    def _curve_falls(self) -> Self:
        if self.curve is None:
            return self
        for counts, total in (
            (self.curve.positives, self.positives),
            (self.curve.negatives, self.negatives),
        ):
            falls = all(count >= following for count, following in pairwise((total, *counts)))
            if len(counts) != len(CURVE_SCORES) or not falls:
                raise ValueError(f"the curve of {self.tag!r} is no count at rising thresholds")
        return self


class ReleasedEntry(_Read):
    """A file on a runtime over a split; see `validation.result.VariantVerdict`."""

    variant: str
    runtime: str
    split: str
    decides: bool
    n_images: Annotated[Count, Field(ge=1)]
    n_groups: Annotated[Count, Field(ge=1)]
    tags: tuple[ReleasedTag, ...]

    @model_validator(mode="after")
    def _groups_have_images(self) -> Self:
        if self.n_groups > self.n_images:
            raise ValueError(f"{self.n_groups} groups of {self.n_images} images")
        return self


class ReleasedVerdict(_Read):
    """What a bundle tells of how its files were judged; see `validation.result.Verdict`.

    Attributes:
        confidence: Of intervals.
        min_positives: A tag with fewer is not scored.
        variants: One entry per variant, runtime and split.
        shipped: The bundle's own variants, the one that apps take first.
    """

    confidence: float = Field(gt=0, lt=1)
    min_positives: Count
    variants: tuple[ReleasedEntry, ...]
    shipped: tuple[str, ...] = ()


def read_released(path: Path) -> ReleasedVerdict:
    """Read the verdict in a bundle.

    Raises:
        InputError: The bundle is damaged, or its verdict is none.
    """
    with open_bundle(path) as bundle:
        text = bundle.archive.read(VERDICT, MOST_JSON_BYTES)
        shipped = tuple(file.variant for file in bundle.manifest.variants)
    try:
        verdict = ReleasedVerdict.model_validate_json(text)
    except ValidationError as error:
        raise InputError(
            f"{path}: {VERDICT}: {first_problem(error)}; make the bundle again"
        ) from None
    return verdict.model_copy(update={"shipped": shipped})


def released_verdict(verdict: Verdict) -> str:
    """Return `verdict.json` of a bundle."""
    values = verdict.model_dump(mode="json", by_alias=True, exclude=OWN)
    for failure in values["failures"]:
        failure["reason"] = without_folders(failure["reason"])
        if (nothing := failure["accelerator"]) is not None:
            nothing["reason"] = without_folders(nothing["reason"])
    return (
        json.dumps({"schema": SCHEMA, **values}, separators=(",", ":"), ensure_ascii=False) + "\n"
    )


def without_folders(text: str) -> str:
    """Return what an engine said with the names of files alone, wherever they lie."""
    return _FOLDERS.sub("", text)
