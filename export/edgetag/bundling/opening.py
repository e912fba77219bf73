"""Opens a bundle and checks that its parts fit each other, whoever made it."""

import json
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from pydantic import ValidationError

from edgetag.bundling import contents
from edgetag.bundling.archive import Archive, open_archive
from edgetag.bundling.contents import BundleThresholds, Golden, Labels
from edgetag.bundling.golden_maps import Known, unpack_maps
from edgetag.bundling.result import MOST_BYTES, BundledVariant, BundleManifest
from edgetag.errors import InputError
from edgetag.preprocess import Pixels, Preprocessing
from edgetag.records import Result, first_problem
from edgetag.tags import Vocabulary
from edgetag.userfiles import Content, content_of_file, exists, require_file

MOST_JSON_BYTES = 16_000_000
"""Room for golden.json with seven variants, three families and 300 tags; others are far smaller."""

Kind = TypeVar("Kind", bound=Result)

MOST_MAP_BYTES = 500_000_000
"""Room for the maps of the same, of 14 by 14 cells."""

MOST_INPUT_BYTES = contents.MOST_PICTURES * 1024 * 1024 * 3


@dataclass(frozen=True, eq=False)
class Bundle:
    """What a whole bundle says; the models stay in the archive.

    Attributes:
        archive: Open until the block of `open_bundle` ends.
        manifest: What lies in it.
        labels: Names of the tags.
        thresholds: Per variant.
        contract: From image bytes to input.
        golden: What devices are tested with.
        known: Its entries, with their heat maps.
        inputs: The golden inputs `[pictures, size, size, 3]` uint8.
        pictures: Bytes of each source picture, in order.
    """

    archive: Archive
    manifest: BundleManifest
    labels: Labels
    thresholds: BundleThresholds
    contract: Preprocessing
    golden: Golden
    known: tuple[Known, ...]
    inputs: Pixels
    pictures: tuple[bytes, ...]

    def variant(self, name: str | None) -> BundledVariant:
        """Return a file by its variant's name, the one that apps take first for None.

        Raises:
            NoSuchVariantError: The bundle has no such file.
        """
        for variant in self.manifest.variants:
            if name in (None, variant.variant):
                return variant
        names = ", ".join(variant.variant for variant in self.manifest.variants)
        raise NoSuchVariantError(f"{self.archive.path}: has no variant {name!r}; it has: {names}")

    def cut(self, variants: Sequence[str] = ()) -> BundleManifest:
        """Return the manifest of what an app needs: some variants or all, and `ON_DEVICES`.

        Raises:
            NoSuchVariantError: The bundle lacks one of them.
        """
        whole = self.manifest
        chosen = tuple(self.variant(name) for name in dict.fromkeys(variants)) or whole.variants
        names = {*contents.ON_DEVICES, *(variant.file for variant in chosen)}
        files = tuple(file for file in whole.files if file.name in names)
        return whole.replace(variants=chosen, files=files)


class NoSuchVariantError(InputError):
    """A bundle is asked for a variant that is not in it."""


@contextmanager
def open_bundle(path: Path) -> Iterator[Bundle]:
    """Open a bundle after checking all that can be checked without running a model.

    Raises:
        InputError: It is damaged, built to do harm, or its parts do not fit each other.
    """
    with open_archive(path) as archive:
        reader = _Reader(archive)
        reader.check_names()
        reader.check_labels_text()
        contract = reader.contract()
        golden = reader.golden()
        yield Bundle(
            archive=archive,
            manifest=archive.manifest,
            labels=reader.labels(),
            thresholds=reader.thresholds(),
            contract=contract,
            golden=golden,
            known=reader.known(golden),
            inputs=reader.inputs(golden),
            pictures=tuple(
                archive.read(picture.file, contents.MOST_PICTURE_BYTES)
                for picture in golden.pictures
            ),
        )


def is_bundle(path: Path) -> bool:
    """Return whether a file is a bundle, by its first bytes.

    Raises:
        InputError: There is no such file, it cannot be read, or is none of a model's size.
    """
    if exists(path / "run.json"):
        raise InputError(
            f"{path}: a run folder, not a model; give its bundle, or a file of its export. "
            "Only heatmap takes a run folder: TensorFlow then draws where its float model looks"
        )
    try:
        require_file(path, "model", MOST_BYTES)
        content = content_of_file(path)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; give a bundle or a .tflite file") from None
    if content not in (Content.ZIP, Content.TFLITE, None):
        raise InputError(f"{path}: {content}, not a model; give a bundle or a .tflite file")
    return content is Content.ZIP


def read_bundle(path: Path) -> BundleManifest:
    """Check a whole bundle and return its manifest; see `open_bundle`."""
    with open_bundle(path) as bundle:
        return bundle.manifest


class _Reader:
    """Reads the parts of a bundle and holds each against the manifest."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._manifest = archive.manifest
        self._variants = [variant.variant for variant in archive.manifest.variants]

    def check_names(self) -> None:
        """Refuse a bundle that lacks a file, or has one that no bundle has."""
        manifest = self._manifest
        try:
            Vocabulary(manifest.tags)
        except InputError as error:
            raise self._wrong(f"{contents.MANIFEST}: {error}") from None
        if len(set(self._variants)) != len(self._variants):
            raise self._wrong(f"{contents.MANIFEST} lists a variant twice")
        described = {file.name: file for file in manifest.files}
        for variant in manifest.variants:
            file = described.get(variant.file)
            if variant.file != f"{variant.variant}{contents.MODEL_SUFFIX}" or file is None:
                raise self._wrong(f"{variant.variant!r} has no model file of its name")
            if (file.sha256, file.size_bytes) != (variant.sha256, variant.size_bytes):
                raise self._wrong(f"{contents.MANIFEST} gives {variant.file} two digests")
            for limit in variant.limits or ():
                if limit.tag not in (None, *manifest.tags):
                    raise self._wrong(f"{variant.variant!r} has a limit of a tag that is none")
        golden = self.golden()
        pictures = [picture.file for picture in golden.pictures]
        wanted = {*contents.ALWAYS, *pictures, *(variant.file for variant in manifest.variants)}
        if golden.maps is not None:
            wanted.add(golden.maps)
        if lacking := sorted(wanted - set(described)):
            raise self._wrong(f"it has no {lacking[0]!r}")
        if extra := sorted(set(described) - wanted - {contents.ATTRIBUTION}):
            raise self._wrong(f"{extra[0]!r} is no part of a bundle")

    def check_labels_text(self) -> None:
        """Refuse labels that are not the manifest's tags."""
        text = self._archive.read(contents.LABELS_TEXT, MOST_JSON_BYTES)
        if text != contents.labels_text(self._manifest.tags):
            raise self._wrong(f"{contents.LABELS_TEXT} does not list the tags of the manifest")

    def labels(self) -> Labels:
        """Return the labels, which must be the manifest's tags."""
        labels = self._parsed(Labels, contents.LABELS)
        if tuple(label.tag for label in labels.labels) != self._manifest.tags:
            raise self._wrong(f"{contents.LABELS} does not list the tags of the manifest")
        return labels

    def thresholds(self) -> BundleThresholds:
        """Return the thresholds, which must be those of every variant and tag."""
        thresholds = self._parsed(BundleThresholds, contents.THRESHOLDS)
        if set(thresholds.thresholds) != set(self._variants) or any(
            set(limits) != set(self._manifest.tags) for limits in thresholds.thresholds.values()
        ):
            raise self._wrong(f"{contents.THRESHOLDS} is not for the manifest's variants and tags")
        return thresholds

    def contract(self) -> Preprocessing:
        """Return the preprocessing contract, which must give the models' input."""
        text = self._archive.read(contents.PREPROCESSING, MOST_JSON_BYTES)
        try:
            contract = Preprocessing.model_validate_json(text, strict=True)
        except ValidationError as error:
            raise self._wrong(f"{contents.PREPROCESSING}: {first_problem(error)}") from None
        if lacking := sorted(Preprocessing.model_fields.keys() - contract.model_fields_set):
            raise self._wrong(f"{contents.PREPROCESSING}: {lacking[0]} is missing")
        channels = (*contract.fill, *contract.background)
        if not math.isfinite(contract.mean) or not math.isfinite(contract.std):
            raise self._wrong(f"{contents.PREPROCESSING}: mean and std are no numbers")
        if any(not 0 <= channel <= 255 for channel in channels):
            raise self._wrong(f"{contents.PREPROCESSING}: its colours are not within 0..255")
        if contract.input_size != self._manifest.input_size:
            raise self._wrong(f"{contents.PREPROCESSING} is for another input size")
        return contract

    def golden(self) -> Golden:
        """Return the golden outputs, which must have the manifest's variants, tags and size."""
        golden = self._parsed(Golden, contents.GOLDEN)
        count, size = len(golden.pictures), self._manifest.input_size
        if golden.shape != (count, size, size, 3):
            raise self._wrong(
                f"{contents.GOLDEN}: shape is {list(golden.shape)}, expected "
                f"{[count, size, size, 3]}"
            )
        files = [picture.file for picture in golden.pictures]
        if len(set(files)) != count or any(not name.startswith("golden-") for name in files):
            raise self._wrong(f"{contents.GOLDEN}: its pictures' names are wrong")
        for expected in golden.expected:
            if expected.variant not in self._variants:
                raise self._wrong(
                    f"{contents.GOLDEN}: there is no variant {expected.variant[:40]!r}"
                )
            widths = {len(row) for row in expected.scores}
            if len(expected.scores) != count or widths != {len(self._manifest.tags)}:
                raise self._wrong(
                    f"{contents.GOLDEN}: {expected.variant} on {expected.family} has scores of a "
                    "wrong shape"
                )
        self._check_maps(golden)
        keys = [(expected.variant, expected.family) for expected in golden.expected]
        if len(set(keys)) != len(keys):
            raise self._wrong(f"{contents.GOLDEN}: a variant has a family twice")
        if lacking := [name for name in self._variants if name not in dict(keys)]:
            raise self._wrong(f"{contents.GOLDEN}: {lacking[0]} has no known outputs")
        return golden

    def _check_maps(self, golden: Golden) -> None:
        """Refuse heat maps of another size than the manifest says."""
        explains = {variant.variant: variant.explain for variant in self._manifest.variants}
        for expected in golden.expected:
            explain, maps = explains[expected.variant], expected.maps
            if maps and (
                not explain or (maps.height, maps.width) != (explain.height, explain.width)
            ):
                raise self._wrong(
                    f"{contents.GOLDEN}: {expected.variant} on {expected.family} has maps of "
                    f"another size than {contents.MANIFEST} says"
                )
        if (golden.maps is None) == any(expected.maps for expected in golden.expected):
            raise self._wrong(f"{contents.GOLDEN}: maps does not fit what is expected")

    def known(self, golden: Golden) -> tuple[Known, ...]:
        """Return every known output with its heat maps."""
        data = self._archive.read(golden.maps, MOST_MAP_BYTES) if golden.maps else b""
        try:
            return unpack_maps(golden, data, len(self._manifest.tags))
        except ValueError as error:
            raise self._wrong(f"{contents.GOLDEN_MAPS}: {error}") from None

    def inputs(self, golden: Golden) -> Pixels:
        """Return the golden inputs."""
        data = self._archive.read(contents.GOLDEN_INPUTS, MOST_INPUT_BYTES)
        expected = int(np.prod(golden.shape))
        if len(data) != expected:
            raise self._wrong(f"{contents.GOLDEN_INPUTS}: {len(data)} bytes, expected {expected}")
        return np.frombuffer(data, dtype=np.uint8).reshape(golden.shape)

    def _parsed(self, kind: type[Kind], name: str) -> Kind:
        text = self._archive.read(name, MOST_JSON_BYTES)
        try:
            decoded = text.decode("utf-8")
        except UnicodeDecodeError:
            raise self._wrong(f"{name} is not UTF-8") from None
        parsed = kind.from_json(decoded, f"{self._archive.path}: {name}")
        if not json.loads(decoded).get("schema"):
            raise self._wrong(f"{name}: schema is missing")
        return parsed

    def _wrong(self, what: str) -> InputError:
        return InputError(f"{self._archive.path}: {what}; make the bundle again")
