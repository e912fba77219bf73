"""Models made by other tools that score a recipe's tags, in whatever order."""

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgetag.conversion.classifier import Classifier, read_classifier
from edgetag.conversion.explain_signature import SIGNATURE
from edgetag.conversion.flatfile import gzip_size
from edgetag.conversion.labels import match_labels, read_label_file, shown
from edgetag.errors import InputError
from edgetag.preprocess import Preprocessing
from edgetag.tags import Vocabulary

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True)
class ExternalModel:
    """A file made elsewhere, ready to be judged like one of the recipe's variants.

    Attributes:
        path: The file.
        name: What it is called beside the recipe's variants.
        sha256: Digest of the file.
        size_bytes: Size on disk.
        gzip_bytes: Size after gzip level 9.
        contract: How a picture becomes its input.
        columns: Position in its output of each tag of the vocabulary.
        explains: Whether it has the second signature, which gives heat maps.
        notes: Where each part of the contract and the order of the scores come from.
        members: Of an ensemble, the files whose scores are averaged; empty for a file.
        bundle: The bundle that the file comes from and its variant there; None for a plain file.
    """

    path: Path
    name: str
    sha256: str
    size_bytes: int
    gzip_bytes: int
    contract: Preprocessing
    columns: tuple[int, ...]
    notes: tuple[str, ...]
    explains: bool = False
    members: tuple["Weighted", ...] = ()
    bundle: tuple[Path, str] | None = None


@dataclass(frozen=True)
class Weighted:
    """A file of an ensemble, and the weight of its scores."""

    model: ExternalModel
    weight: float


def read_external(
    path: Path,
    recipe_contract: Preprocessing,
    vocabulary: Vocabulary,
    *,
    name: str | None = None,
    mean: float | None = None,
    std: float | None = None,
    labels: Path | None = None,
    taken: Collection[str] = (),
) -> ExternalModel:
    """Read what is to be known of a `.tflite` file before it is scored.

    Args:
        path: The file.
        recipe_contract: Gives the input's size, and whatever the file and the flags leave open.
        vocabulary: The tags that it must score, in any order.
        name: What to call it; default: the file's name without its end.
        mean: Subtracted from each pixel; overrides the metadata.
        std: Divides the difference; overrides the metadata.
        labels: A file with one tag a line, in the order of the scores; overrides the metadata.
        taken: Names that others have.

    Raises:
        InputError: The file is no classifier of these tags for images of this size, it or its
            metadata is damaged, or a flag does not fit.
    """
    name = file_name(path, name, taken)
    classifier = read_classifier(path, mean, std, recipe_contract)
    columns, order = _columns(classifier, vocabulary, labels, path)
    return ExternalModel(
        path=path,
        name=name,
        sha256=hashlib.sha256(classifier.data).hexdigest(),
        size_bytes=len(classifier.data),
        gzip_bytes=gzip_size(classifier.data),
        contract=classifier.contract,
        columns=columns,
        notes=(*classifier.notes, order, *_output_notes(classifier)),
        explains=SIGNATURE in classifier.boundary.signatures,
    )


def file_name(path: Path, given: str | None, taken: Collection[str]) -> str:
    """Return what a given file is called: as asked, or as its own name says.

    Raises:
        InputError: It cannot be called so, or another one is.
    """
    name = path.stem if given is None else given
    if not NAME.fullmatch(name):
        raise InputError(
            f"{path}: {shown(name)!r} cannot be its name; give one of a-z, 0-9, '.', '_' and '-' "
            "(at most 64, a letter or digit first): NAME=FILE"
        )
    if name in taken:
        raise InputError(f"{path}: the name {name} is taken; give another: NAME=FILE")
    return name


def _columns(
    classifier: Classifier, vocabulary: Vocabulary, file: Path | None, where: Path
) -> tuple[tuple[int, ...], str]:
    """Return the output position of each tag, and how it is known."""
    named, scores = classifier.label_file, classifier.scores
    own_labels: tuple[str, ...] | None
    if file is not None:
        own_labels, source = read_label_file(file), f"from {file}"
    elif named is not None:
        own_labels, source = classifier.read_labels(where), f"from {shown(named)} in the file"
    else:
        own_labels, source = None, ""
    if own_labels is None:
        if scores != len(vocabulary):
            raise InputError(
                f"{where}: it gives {scores} scores, but the recipe has {len(vocabulary)} tags"
            )
        lost = f"; its metadata names {shown(named)}, which the file has lost" if named else ""
        return tuple(range(scores)), f"order of tags: assumed to be the recipe's{lost}"
    columns = match_labels(own_labels, vocabulary, where, source)
    if scores != len(own_labels):
        raise InputError(
            f"{where}: it gives {scores} scores, but there are {len(own_labels)} labels {source}"
        )
    return columns, f"order of tags: by the labels {source}"


def _output_notes(classifier: Classifier) -> list[str]:
    """Return what a reader should know of the scores."""
    notes = []
    if classifier.boundary.last_operator == "SOFTMAX":
        notes.append("its scores are a softmax: they sum to 1, as if each picture had one tag")
    output: dict[str, Any] = next(iter(classifier.metadata.get("output_tensor_metadata", [])), {})
    if output.get("process_units"):
        notes.append("its metadata asks to calibrate or cut the scores: that is not done here")
    return notes
