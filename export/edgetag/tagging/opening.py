"""Opens what a `Tagger` runs: one file of a bundle, or a `.tflite` file that describes itself."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgetag.bundling.golden_maps import Known
from edgetag.bundling.opening import NoSuchVariantError, is_bundle, open_bundle
from edgetag.bundling.result import MOST_BYTES
from edgetag.conversion.boundary import read_bytes
from edgetag.conversion.classifier import own_description
from edgetag.conversion.external import read_external
from edgetag.errors import InputError
from edgetag.preprocess import Pixels, Preprocessing
from edgetag.tagging.errors import BundleError, VocabularyError
from edgetag.tags import Vocabulary

DEFAULT_THRESHOLD = 0.5
"""A `.tflite` file has no thresholds: tags are set from this score on, unless the caller says."""


@dataclass(frozen=True, eq=False)
class GoldenRun:
    """Inputs of which the outputs are known.

    Inputs are `[pictures, size, size, 3]` uint8; outputs are known by family of kernels.
    """

    inputs: Pixels
    known: tuple[Known, ...]


@dataclass(frozen=True, eq=False)
class Model:
    """One model file and all that it takes to use it.

    Attributes:
        name: What people call it.
        version: The bundle's version; empty for a plain file.
        variant: Which of the bundle's files it is; the file's name for a plain one.
        data: The `.tflite` file.
        sha256: Digest of the file.
        source_sha256: Digest of the bundle's manifest, which holds all others; of a plain file,
            its own; of an ensemble, of its models', weights and thresholds.
        contract: How a picture becomes the input.
        tags: In the order of the scores that are given out.
        columns: Position in the model's output of each tag.
        thresholds: `[tags]` float32.
        explains: Whether it makes heat maps.
        sensitive: Tags whose pictures an app covers, as the bundle says.
        golden: What it must score, as known; None for a plain file.
    """

    name: str
    version: str
    variant: str
    data: bytes
    sha256: str
    source_sha256: str
    contract: Preprocessing
    tags: tuple[str, ...]
    columns: tuple[int, ...]
    thresholds: npt.NDArray[np.float32]
    explains: bool
    sensitive: tuple[str, ...] = ()
    golden: GoldenRun | None = None


def open_model(
    path: Path,
    variant: str | None = None,
    tags: Sequence[str] | None = None,
    thresholds: Mapping[str, float] | float | None = None,
    contract: Preprocessing | None = None,
) -> Model:
    """Open a bundle or a `.tflite` file, without running it.

    Args:
        path: The file; its first bytes say which of the two it is.
        variant: Which file of a bundle; default: its first, which apps take.
        tags: What the caller expects; another vocabulary is refused. Where a `.tflite` file has no
            labels, these are its tags, in the order of its scores.
        thresholds: Tag → score from which on it is set, or one for all; default: the bundle's, or
            0.5.
        contract: How pictures become the input of a `.tflite` file, whose metadata say nothing of
            letterboxing; default: edgetag's, with the metadata's mean and std.

    Raises:
        BundleError: It is missing or damaged.
        VocabularyError: It has other tags, or nobody says which.
        InputError: There is no such variant, or a threshold is none.
    """
    if _is_bundle(path):
        if contract is not None:
            raise InputError(f"{path}: a bundle has its own contract; leave it out")
        model = _of_bundle(path, variant, thresholds)
    else:
        if variant is not None:
            raise InputError(f"{path}: a .tflite file has no variants; {variant!r} is of a bundle")
        model = _of_file(path, tags, thresholds, contract)
    if tags is not None and tuple(tags) != model.tags:
        raise VocabularyError(f"{path}: {tags_differ(tuple(tags), model.tags)}")
    return model


def _is_bundle(path: Path) -> bool:
    try:
        return is_bundle(path)
    except InputError as error:
        raise BundleError(str(error)) from None


def _of_bundle(
    path: Path, variant: str | None, thresholds: Mapping[str, float] | float | None
) -> Model:
    try:
        with open_bundle(path) as bundle:
            chosen = bundle.variant(variant)
            data = bundle.archive.read(chosen.file, MOST_BYTES)
            given = bundle.thresholds.thresholds[chosen.variant]
            manifest = bundle.manifest
            return Model(
                name=manifest.name,
                version=manifest.version,
                variant=chosen.variant,
                data=data,
                sha256=chosen.sha256,
                source_sha256=bundle.archive.manifest_sha256,
                contract=bundle.contract,
                tags=manifest.tags,
                columns=tuple(range(len(manifest.tags))),
                thresholds=chosen_thresholds(manifest.tags, given, thresholds),
                explains=chosen.explain is not None,
                sensitive=tuple(label.tag for label in bundle.labels.labels if label.sensitive),
                golden=GoldenRun(
                    bundle.inputs,
                    tuple(
                        known for known in bundle.known if known.expected.variant == chosen.variant
                    ),
                ),
            )
    except (BundleError, VocabularyError, NoSuchVariantError, _OtherInputError):
        raise
    except InputError as error:
        raise BundleError(str(error)) from None


class _OtherInputError(InputError):
    """What the caller asked for is wrong, not the bundle."""


def _of_file(
    path: Path,
    tags: Sequence[str] | None,
    thresholds: Mapping[str, float] | float | None,
    contract: Preprocessing | None,
) -> Model:
    try:
        side, labels = own_description(path)
    except InputError as error:
        raise BundleError(str(error)) from None
    names = labels or (tuple(tags) if tags is not None else None)
    if names is None:
        raise VocabularyError(
            f"{path}: the file has no labels, so nothing says what its scores are of; give its "
            "tags in the order of its scores: edgetag.Tagger(FILE, tags=[…]) in Python"
        )
    file = read_external(path, contract or Preprocessing(input_size=side), Vocabulary(names))
    data = read_bytes(path)
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise BundleError(f"{path}: it changed while it was read; open it again")
    return Model(
        name=path.stem,
        version="",
        variant=path.stem,
        data=data,
        sha256=file.sha256,
        source_sha256=file.sha256,
        contract=file.contract,
        tags=names,
        columns=file.columns,
        thresholds=chosen_thresholds(names, dict.fromkeys(names, DEFAULT_THRESHOLD), thresholds),
        explains=file.explains,
    )


def chosen_thresholds(
    tags: Sequence[str],
    own: Mapping[str, float],
    asked: Mapping[str, float] | float | None,
) -> npt.NDArray[np.float32]:
    """Return `[tags]` thresholds: those asked for before the model's own.

    Raises:
        InputError: One is of another tag, or not within 0..1.
    """
    given = dict.fromkeys(tags, asked) if isinstance(asked, int | float) else dict(asked or {})
    for tag, value in given.items():
        if tag not in own:
            raise _OtherInputError(f"threshold of {tag!r}: the model has no such tag")
        if value is None or not 0 <= value <= 1:
            raise _OtherInputError(f"threshold of {tag!r}: {value} is not within 0..1")
    return np.array([given.get(tag, own[tag]) for tag in tags], dtype=np.float32)


def tags_differ(wanted: tuple[str, ...], tags: tuple[str, ...]) -> str:
    """Return how a vocabulary is another than the one that is wanted."""
    lacking = [tag for tag in wanted if tag not in tags]
    extra = [tag for tag in tags if tag not in wanted]
    parts = [
        *([f"it lacks {', '.join(lacking[:5])}"] if lacking else []),
        *([f"it has besides {', '.join(extra[:5])}"] if extra else []),
    ]
    return f"its tags are not those expected: {'; '.join(parts) or 'another order'}"
