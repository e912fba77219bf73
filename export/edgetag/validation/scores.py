"""Files of scores: the reference's, which may come from another machine, and the variants'.

Scores are matched by the identity of images and the names of tags, never by position.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, TypeAdapter, ValidationError

from edgetag.arrays import read_arrays, write_arrays
from edgetag.dependencies import dependencies_of
from edgetag.errors import InputError
from edgetag.labels import Labels
from edgetag.machine import Acceleration
from edgetag.metrics import Scores
from edgetag.records import Result

NO_ROWS: npt.NDArray[np.int64] = np.empty(0, dtype=np.int64)
"""Rows of no image."""

_PATHS = TypeAdapter(tuple[str, ...])


class ReferenceMeta(Result):
    """What made reference scores.

    Attributes:
        engine: What ran the float model.
        device: GPU or CPU that it ran on.
        versions: Package → version.
        weights_sha256: Digest of `train/model.npz`.
        preprocessing: Digest of the contract that the images went through.
        thresholds: Tag → score from which it counts as present, so that a machine without the
            training can judge decisions; empty in files of schema 1.0.
        made_with: Digest of the code and packages that scored, see `dependencies`; empty in files
            of schemas below 1.3.
        fp32_size_bytes: Of the exported float file, so that ratios of sizes can be judged where
            nothing is exported; None in files before schema 1.3.
        driver: Version of the GPU's driver; empty on the CPU, where nothing tells it, and in files
            before schema 1.4, as all below.
        precision: In which numbers it was computed.
        tf32: Whether a GPU might round the factors of products (TensorFloat-32).
        batch: Images at once.
        model_sha256: Digest of the ONNX file; empty where the weights were opened themselves.
        accelerator: What the engine was asked for, and what ran; None in files before schema 1.5.
    """

    SCHEMA: ClassVar[str] = "edgetag.reference-scores/1.6"
    engine: str
    device: str
    versions: dict[str, str]
    weights_sha256: str
    preprocessing: str
    thresholds: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=dict)
    made_with: str = ""
    fp32_size_bytes: int | None = Field(None, gt=0)
    driver: str = ""
    precision: Literal["", "float32"] = ""
    tf32: bool | None = None
    batch: int | None = Field(None, gt=0)
    model_sha256: str = ""
    accelerator: Acceleration | None = None


@dataclass(frozen=True)
class ReferenceMaps:
    """Class activation maps of the float model, of some of the scored images.

    Attributes:
        maps: `[m, height, width, tags]` float32, before the sigmoid.
        identities: `[m]` what names each image.
    """

    maps: npt.NDArray[np.float32]
    identities: tuple[str, ...]


@dataclass(frozen=True)
class KnownPictures:
    """What the scored images were where the reference was made.

    Attributes:
        labels: `[n, tags]` int8 with 1, 0 and -1 for unknown.
        paths: `[n]` relative to the data root there; for people, since identities match.
        groups: `[n]` int32, the place of the first image of the same group; None in files before
            schema 1.6.
    """

    labels: Labels
    paths: tuple[str, ...]
    groups: npt.NDArray[np.int32] | None = None


@dataclass(frozen=True)
class ReferenceScores:
    """Scores of the float model.

    Attributes:
        scores: `[n, tags]` float32.
        identities: `[n]` what names each image.
        tags: Names of the columns.
        split: `[n]` the split each image is in.
        meta: What made them.
        maps: None where none were asked for.
        known: None in files before schema 1.3.
    """

    scores: Scores
    identities: tuple[str, ...]
    tags: tuple[str, ...]
    split: tuple[str, ...]
    meta: ReferenceMeta
    maps: ReferenceMaps | None = None
    known: KnownPictures | None = None

    def matched(self, identities: Sequence[str], tags: Sequence[str], where: Path) -> Scores:
        """Return `[len(identities), len(tags)]` scores in the order asked for.

        Raises:
            InputError: An image or a tag has no score here, or there are other tags.
        """
        columns = self.columns(tags, where)
        row_of = {identity: row for row, identity in enumerate(self.identities)}
        missing = [identity for identity in identities if identity not in row_of]
        if missing:
            raise InputError(
                f"{where}: these reference scores lack {len(missing)} of {len(identities)} images, "
                f"the first being {missing[0]}; compute them on this data set"
            )
        return self.scores[[row_of[identity] for identity in identities]][:, columns]

    def columns(self, tags: Sequence[str], where: Path) -> list[int]:
        """Return the column of each tag.

        Raises:
            InputError: There are other tags here.
        """
        if set(tags) != set(self.tags):
            lacking = sorted(set(tags) - set(self.tags))
            extra = sorted(set(self.tags) - set(tags))
            parts = [f"lack {', '.join(lacking)}"] if lacking else []
            parts += [f"have {', '.join(extra)} besides"] if extra else []
            raise InputError(
                f"{where}: these reference scores are for other tags: they {' and '.join(parts)}; "
                "compute them with this recipe"
            )
        return [self.tags.index(tag) for tag in tags]

    def same(self, other: "ReferenceScores") -> bool:
        """Tell whether both know the same pictures in the same order, and the same of them."""
        mine, its = self.known, other.known
        if mine is None or its is None:
            same_labels = mine is its
        else:
            same_labels = mine.paths == its.paths and np.array_equal(mine.labels, its.labels)
            if mine.groups is None or its.groups is None:
                same_labels &= mine.groups is its.groups
            else:
                same_labels &= np.array_equal(mine.groups, its.groups)
        return same_labels and (self.identities, self.tags, self.split, self.meta) == (
            other.identities,
            other.tags,
            other.split,
            other.meta,
        )

    def matched_maps(
        self, identities: Sequence[str], tags: Sequence[str]
    ) -> npt.NDArray[np.float32] | None:
        """Return `[len(identities), height, width, len(tags)]` maps in the order asked for.

        None where the map of an image is not here; `matched` has told of tags that are not.
        """
        if self.maps is None:
            return None
        row_of = {identity: row for row, identity in enumerate(self.maps.identities)}
        if any(identity not in row_of for identity in identities):
            return None
        columns = [self.tags.index(tag) for tag in tags]
        return self.maps.maps[[row_of[identity] for identity in identities]][..., columns]


def write_reference(path: Path, reference: ReferenceScores) -> None:
    """Write reference scores atomically."""
    arrays = {
        "scores": reference.scores,
        "identities": np.array(reference.identities, dtype=np.bytes_),
        "tags": np.array(reference.tags, dtype=np.str_),
        "split": np.array(reference.split, dtype=np.str_),
        "meta": np.array(reference.meta.model_dump_json(by_alias=True)),
    }
    if reference.maps is not None:
        arrays["maps"] = reference.maps.maps
        arrays["map_identities"] = np.array(reference.maps.identities, dtype=np.bytes_)
    if reference.known is not None:
        arrays["labels"] = reference.known.labels
        # As text: an array of strings takes the longest one's length for each.
        arrays["paths"] = np.frombuffer(json.dumps(reference.known.paths).encode(), np.uint8)
        if reference.known.groups is not None:
            arrays["groups"] = reference.known.groups
    write_arrays(path, arrays)


def read_reference(path: Path) -> ReferenceScores:
    """Read what `write_reference` wrote, on this or another machine.

    Raises:
        InputError: It is missing, damaged, or holds scores that are no scores.
    """
    arrays = read_arrays(path, "edgetag validate makes one")
    lacking = {"scores", "identities", "tags", "split", "meta"} - set(arrays)
    if lacking:
        raise InputError(
            f"{path}: no file of reference scores: it lacks {', '.join(sorted(lacking))}"
        )
    scores, tags = arrays["scores"], arrays["tags"]
    kinds = {"identities": "S", "tags": "U", "split": "U"}
    if any(arrays[key].dtype.kind != kind or arrays[key].ndim != 1 for key, kind in kinds.items()):
        raise InputError(f"{path}: its names are not lists of text; compute it again")
    if scores.dtype != np.float32 or scores.shape != (len(arrays["identities"]), len(tags)):
        raise InputError(
            f"{path}: scores are {scores.dtype} {list(scores.shape)}, expected float32 "
            f"[{len(arrays['identities'])}, {len(tags)}] for its images and tags"
        )
    if not ((scores >= 0) & (scores <= 1)).all():  # false for NaN too
        raise InputError(f"{path}: some scores are not between 0 and 1; compute them again")
    if arrays["split"].shape != arrays["identities"].shape:
        raise InputError(f"{path}: it does not name one split per image; compute it again")
    return ReferenceScores(
        scores=scores,
        identities=tuple(i.decode("ascii", "replace") for i in arrays["identities"].tolist()),
        tags=tuple(str(tag) for tag in tags.tolist()),
        split=tuple(str(split) for split in arrays["split"].tolist()),
        meta=ReferenceMeta.from_json(str(arrays["meta"]), path),
        maps=_maps(arrays, len(tags), path),
        known=_known(arrays, scores.shape, path),
    )


def _known(
    arrays: Mapping[str, npt.NDArray[Any]], shape: tuple[int, ...], path: Path
) -> KnownPictures | None:
    """Return labels, paths and groups in a file of reference scores, None where it has none.

    Raises:
        InputError: They do not fit its images and tags.
    """
    if "labels" not in arrays:
        return None
    labels = arrays["labels"]
    if labels.dtype != np.int8 or labels.shape != shape or not np.isin(labels, (1, 0, -1)).all():
        raise InputError(f"{path}: its labels do not fit its tags and images; compute it again")
    try:
        paths = _PATHS.validate_json(arrays["paths"].tobytes())
    except (KeyError, ValidationError):
        paths = ()
    if len(paths) != shape[0]:
        raise InputError(f"{path}: it does not name one path per image; compute it again")
    groups = arrays.get("groups")
    if groups is not None and (
        groups.dtype != np.int32
        or groups.shape != shape[:1]
        or not ((groups >= 0) & (groups < shape[0])).all()
    ):
        raise InputError(f"{path}: its groups do not fit its images; compute it again")
    return KnownPictures(labels, paths, groups)


def _maps(arrays: Mapping[str, npt.NDArray[Any]], tags: int, path: Path) -> ReferenceMaps | None:
    """Return the maps in a file of reference scores, None where it has none.

    Raises:
        InputError: They are no maps of these tags.
    """
    if "maps" not in arrays:
        return None
    maps, named = arrays["maps"], arrays.get("map_identities", np.empty(0))
    fits = maps.ndim == 4 and maps.shape[0] == len(named) and maps.shape[3] == tags
    if not fits or maps.dtype != np.float32 or named.dtype.kind != "S" or named.ndim != 1:
        raise InputError(f"{path}: its heat maps do not fit its tags and images; compute it again")
    if 0 in maps.shape or not np.isfinite(maps).all():
        raise InputError(f"{path}: some heat maps are empty or no numbers; compute it again")
    return ReferenceMaps(maps, tuple(i.decode("ascii", "replace") for i in named.tolist()))


class VariantMeta(Result):
    """What made a variant's scores; scores of any other making are computed again.

    Attributes:
        model_sha256: Digest of the file.
        engine: The runtime.
        version: Version of the runtime.
        accelerator: What it was asked for, and what ran; None in files before schema 2.2.
        device: CPU that it ran on.
        cache: Fingerprint of the image cache.
        rows: Digest of the scored rows, see `digest_rows`.
        contract: Digest of the preprocessing contract.
        columns: Output column of each tag; None where they are in the tags' order.
        tags: Digest of the tags' names, which are the columns of the scores.
        made_with: Digest of the code and packages that scored, see `scorer_digest`; empty in
            files of schema 2.0.
        images_per_s: Rate at which they were scored by one process with one thread.
    """

    SCHEMA: ClassVar[str] = "edgetag.variant-scores/2.2"
    model_sha256: str
    engine: str
    version: str
    accelerator: Acceleration | None = None
    device: str
    cache: str
    rows: str
    contract: str
    columns: tuple[int, ...] | None
    tags: str
    made_with: str = ""
    images_per_s: float = Field(ge=0)

    def same_making(self, other: "VariantMeta") -> bool:
        """Return whether both stand for the same scores."""
        told = {"images_per_s": other.images_per_s, "accelerator": other.accelerator}
        return self.replace(**told) == other


def scorer_digest() -> str:
    """Return the digest of the code and packages that score files, on any runtime."""
    return dependencies_of("edgetag.runtimes.scoring").digest


def digest_rows(rows: npt.NDArray[np.int64]) -> str:
    """Return the SHA-256 of row numbers: of their bytes, since a million of them are long JSON."""
    return hashlib.sha256(np.ascontiguousarray(rows, dtype="<i8").tobytes()).hexdigest()


def images_digest(identities: Sequence[str]) -> str:
    """Return the SHA-256 of what names some images, in whatever order they lie."""
    return digest_in_order(sorted(identities))


def digest_in_order(identities: Sequence[str]) -> str:
    """Return the SHA-256 of what names some images, in this order."""
    return hashlib.sha256("\n".join(identities).encode()).hexdigest()


def write_variant(path: Path, scores: Scores, meta: VariantMeta) -> None:
    """Write a variant's scores atomically."""
    text = np.array(meta.model_dump_json(by_alias=True))
    write_arrays(path, {"scores": scores, "meta": text})


def read_variant(
    path: Path, wanted: VariantMeta, shape: tuple[int, int]
) -> tuple[Scores, VariantMeta] | None:
    """Return stored scores, or None where there are none of this making.

    A damaged file counts as none: it can be made again.

    `shape` is images and tags.
    """
    if not path.exists():
        return None
    try:
        arrays = read_arrays(path)
        meta = VariantMeta.from_json(str(arrays["meta"]), path)
        scores = arrays["scores"]
    except (InputError, KeyError):
        return None
    if not meta.same_making(wanted) or scores.shape != shape or scores.dtype != np.float32:
        return None
    return scores, meta
