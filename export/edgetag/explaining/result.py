"""What `edgetag explain` leaves: layers to blame and what mistakes in preprocessing cost."""

from collections.abc import Collection
from typing import ClassVar

from edgetag.judging.checks import Bounds
from edgetag.machine import Acceleration
from edgetag.records import Record, Result


class LayerError(Record):
    """One operator of a quantized file against the same operator of the float file.

    Attributes:
        index: Position among the compared operators, from 0.
        name: Name of the output tensor in the float file.
        own_name: Its name in the quantized file; empty in files before 1.1.
        operator: Such as `CONV_2D`.
        error: Root mean square of the difference of the outputs, over the standard deviation of
            the float output; 0 is no error, 1 as large as the signal.
        added: What this layer adds itself: likewise, but against what the float layer makes of the
            quantized file's own inputs. Error that only passes through, or is made larger on its
            way, is not in it.
    """

    index: int
    name: str
    own_name: str = ""
    operator: str
    error: float
    added: float


class Blame(Record):
    """Layers of one variant on one runtime, the one that adds most first.

    Quantization-aware training also moves weights on purpose: there, `added` is how far a layer has
    moved from the float file's, and a large value need not be damage.

    Attributes:
        variant: Its name.
        sha256: Digest of the file; empty before schema 1.3.
        runtime: The engine, on its own kernels: XNNPACK shows no layers.
        accelerator: What it was asked for, and what ran; None before schema 1.2.
        images: Images of the deciding split, every tag among them.
        layers: All that both files have.
    """

    variant: str
    sha256: str = ""
    runtime: str
    accelerator: Acceleration | None = None
    images: int
    layers: tuple[LayerError, ...]


class MistakeCost(Record):
    """What one mistake in an app's preprocessing does to a file.

    Attributes:
        mistake: Its name, such as `stretch`.
        what: What the app does wrong, in a sentence.
        sign: How to recognize it in an app, in a sentence.
        map: Mean average precision under it.
        map_drop: From the same file, rightly fed.
        map_drop_interval: Paired bootstrap.
        flip_rate: Share of decisions that change, over known labels; None without any.
        mean_score_difference: Absolute, over all images and tags.
        tags_hurt: Tags that lose most average precision, the worst first, at most three.
        images_changed: How many of the images it changes at all; the others count as they are.
    """

    mistake: str
    what: str
    sign: str
    map: float | None
    map_drop: float | None
    map_drop_interval: Bounds | None
    flip_rate: float | None
    mean_score_difference: float
    tags_hurt: tuple[str, ...]
    images_changed: int


class PreprocessingDrift(Record):
    """What each mistake costs one variant on one runtime.

    Attributes:
        variant: The one that the app ships.
        sha256: Digest of the file; empty before schema 1.3.
        runtime: The engine.
        accelerator: What it was asked for, and what ran; None before schema 1.2.
        split: The one that decides.
        images: Images of it, rare tags among them first: figures are for comparing mistakes, not
            the split's.
        map: Mean average precision, rightly fed.
        mistakes: The dearest first.
        without_effect: Mistakes that leave every one of these images as it is, such as `stretch`
            where all are square. What they cost elsewhere is not known.
        n_scored_tags: Tags with enough positives among the images; means are over these.
    """

    variant: str
    sha256: str = ""
    runtime: str
    accelerator: Acceleration | None = None
    split: str
    images: int
    map: float | None
    mistakes: tuple[MistakeCost, ...]
    without_effect: tuple[str, ...] = ()
    n_scored_tags: int


class Explanation(Result):
    """`explain/explain.json`.

    Attributes:
        blame: One entry per quantized variant.
        preprocessing: One entry for the variant that the app ships; none where its pictures cannot
            be read here.
        notes: What was left out, and why.
        unread: Pictures that were not where the data say, or have changed; 0 before schema 1.4.
    """

    SCHEMA: ClassVar[str] = "edgetag.explain/1.4"
    blame: tuple[Blame, ...]
    preprocessing: tuple[PreprocessingDrift, ...]
    notes: tuple[str, ...] = ()
    unread: int = 0

    @property
    def unfinished(self) -> str:
        """Why it is made again: a run begins with all pictures, which may have been elsewhere."""
        return "pictures could not be read" if self.unread else ""

    def only(self, digests: Collection[str]) -> "Explanation | None":
        """Return what is of some files, or does not tell of which; None where nothing is left."""
        known = {*digests, ""}
        blame = tuple(entry for entry in self.blame if entry.sha256 in known)
        drift = tuple(entry for entry in self.preprocessing if entry.sha256 in known)
        if (self.blame or self.preprocessing) and not (blame or drift):
            return None
        return self.replace(blame=blame, preprocessing=drift)
