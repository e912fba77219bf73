"""What the bundle stage leaves, and the manifest that lies in every bundle."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field
from pydantic.config import JsonDict
from pydantic.json_schema import SkipJsonSchema

from edgetag.judging.decisions import Decision
from edgetag.recipe import Unit
from edgetag.records import VERSION_PATTERN, Record, Result

MOST_BYTES = 2**31 - 1
"""Most bytes of one file: flatbuffers cannot be larger."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Size = Annotated[int, Field(ge=0, le=MOST_BYTES)]


class BundleFile(Record):
    """One file of a bundle: its name there, digest and size."""

    name: str
    sha256: Sha256
    size_bytes: Size


class ExplainSignature(Record):
    """The signature that gives maps beside the scores.

    Attributes:
        signature: Its name in the model file.
        height: Height of the maps.
        width: Width of the maps.
    """

    signature: Literal["explain"]
    height: int = Field(ge=1, le=1024)
    width: int = Field(ge=1, le=1024)


Figure = Annotated[str, Field(pattern=r"^−?[0-9][0-9,.]{0,30}( [A-Za-z]{1,10})?$")]
"""A number as the house writes it in its unit, such as `−1.17` or `3.97 MB`."""


class JudgedLimit(Record):
    """One limit that validation held a file against, in the figures of the model card.

    They are texts, so that an app shows what the card shows, and so that no two languages read or
    write a number of the manifest in two ways.

    Attributes:
        budget: The recipe's key, such as `max_map_drop`.
        runtime: Where it was judged; "any" for a size.
        tag: None where it is over all tags.
        unit: Of all figures.
        limit: The recipe's value.
        measured: None where the data cannot tell.
        interval: Of `measured`, where that is an estimate.
        verdict: Kept, broken or undecided.
    """

    budget: str = Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")
    runtime: str = Field(pattern=r"^[a-z][a-z0-9.-]{0,59}$")
    tag: str | None
    unit: Unit
    limit: Figure
    measured: Figure | None
    interval: tuple[Figure, Figure] | None
    verdict: Decision


def _without_default(described: JsonDict) -> None:
    """Describe a key as required, though older files lack it."""
    del described["default"]


class BundledVariant(Record):
    """One model file of a bundle.

    Attributes:
        variant: Which export it is.
        file: Its name in the bundle.
        sha256: Digest of the file.
        size_bytes: Its size.
        input_type: Element type of the model's input.
        output_type: Element type of its scores.
        min_runtime_version: Lowest TensorFlow Lite version that can run it; empty if unknown.
        verdict: What validation decided about it.
        explain: None where the file gives no maps.
        limits: What it was held against: every limit over all tags, and those of single tags that
            it does not keep. None in bundles up to `edgetag.manifest/2.1`, which lack the key.
    """

    variant: str
    file: str
    sha256: Sha256
    size_bytes: Size
    input_type: Literal["float32", "uint8", "int8", "int16"]
    output_type: Literal["float32", "uint8", "int8", "int16"]
    min_runtime_version: str
    verdict: Decision
    explain: ExplainSignature | None
    limits: tuple[JudgedLimit, ...] | SkipJsonSchema[None] = Field(
        default=None,
        exclude_if=lambda limits: limits is None,
        json_schema_extra=_without_default,
    )


class BundleManifest(Result):
    """`manifest.json` in the bundle: what it is and what it holds.

    The digests show damage. They are no signature: whoever can change a file can change them too.

    Attributes:
        name: The recipe's name.
        version: The bundle's own version.
        tags: The vocabulary, in the order of the scores.
        input_size: Height and width of the models' input in pixels.
        variants: The model files; an app takes the first.
        recipe_sha256: Digest of the resolved recipe.
        versions: Package → version that made it.
        files: Every other file, sorted by name.
    """

    SCHEMA: ClassVar[str] = "edgetag.manifest/2.2"
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    version: str = Field(pattern=VERSION_PATTERN)
    tags: tuple[str, ...] = Field(min_length=1)
    input_size: int = Field(ge=32, le=1024)
    variants: tuple[BundledVariant, ...] = Field(min_length=1)
    recipe_sha256: str
    versions: dict[str, str]
    files: tuple[BundleFile, ...]


class LeftOut(Record):
    """A runtime family whose expected outputs a bundle lacks, and why."""

    variant: str
    family: str
    reason: str


class DesktopBundle(Record):
    """The bundle for servers and desktops, relative to the run folder; its digest and size."""

    file: str
    sha256: str
    size_bytes: int


class BundleResult(Result):
    """`bundle/bundle.json`.

    Attributes:
        file: The bundle, relative to the run folder.
        sha256: Its digest.
        size_bytes: Its size.
        manifest: The manifest that lies in it.
        golden_pictures: How many pictures it has to test devices with.
        left_out: Families that could not run here.
        desktop: None where the recipe asks for none.
    """

    SCHEMA: ClassVar[str] = "edgetag.bundle/2.2"
    file: str
    sha256: str
    size_bytes: int
    manifest: BundleManifest
    golden_pictures: int
    left_out: tuple[LeftOut, ...]
    desktop: DesktopBundle | None = None
