"""What the bundle stage leaves, and the manifest that lies in every bundle."""

from typing import ClassVar

from edgetag.recipe import Variant
from edgetag.records import Record, Result


class BundleFile(Record):
    """One file of a bundle: its name there, digest and size."""

    name: str
    sha256: str
    size_bytes: int


class BundleManifest(Result):
    """`manifest.json` in the bundle: what it is and what it holds.

    The digests show damage. They are no signature: whoever can change a file can change them too.

    Attributes:
        name: The recipe's name.
        version: The bundle's own version.
        variant: Which export the model is.
        tags: Number of scores the model gives, and of lines in `labels.txt`.
        input_size: Height and width of the model's input in pixels.
        input_type: Element type of the model's input.
        output_type: Element type of its scores.
        min_runtime_version: Lowest TensorFlow Lite version that can run it; empty if unknown.
        verdict: What validation decided about the variant.
        recipe_sha256: Digest of the resolved recipe.
        versions: Package → version that made it.
        files: Every other file, sorted by name.
    """

    SCHEMA: ClassVar[str] = "edgetag.manifest/1.0"
    name: str
    version: str
    variant: Variant
    tags: int
    input_size: int
    input_type: str
    output_type: str
    min_runtime_version: str
    verdict: str
    recipe_sha256: str
    versions: dict[str, str]
    files: tuple[BundleFile, ...]


class BundleResult(Result):
    """`bundle/bundle.json`.

    Attributes:
        file: The bundle, relative to the run folder.
        sha256: Its digest.
        size_bytes: Its size.
        manifest: The manifest that lies in it.
    """

    SCHEMA: ClassVar[str] = "edgetag.bundle/1.0"
    file: str
    sha256: str
    size_bytes: int
    manifest: BundleManifest
