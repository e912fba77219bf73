"""Files that a user gives to be judged: `.tflite` files, bundles, and ensembles of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgetag.bundling.opening import is_bundle, open_bundle
from edgetag.conversion.external import ExternalModel, Weighted, file_name, read_external
from edgetag.conversion.labels import match_labels
from edgetag.ensembles import Ensemble, is_ensemble
from edgetag.errors import InputError
from edgetag.preprocess import Preprocessing
from edgetag.tags import Vocabulary
from edgetag.workspace import Workspace, digest_json

ROOM = 60
"""Characters of an ensemble's name in those of its files, which have a number behind."""


@dataclass(frozen=True)
class Judging:
    """What all given files are judged with.

    Attributes:
        workspace: Takes the files of bundles, under `validate/given`.
        contract: Of the recipe; made the pictures that are judged.
        vocabulary: The tags.
        mean: In place of what `.tflite` files say of their input,
        std: likewise.
        labels: A file with a tag a line, in place of what they say of their scores.
    """

    workspace: Workspace
    contract: Preprocessing
    vocabulary: Vocabulary
    mean: float | None = None
    std: float | None = None
    labels: Path | None = None

    def read(
        self, path: Path, name: str | None, variant: str | None, taken: Collection[str] = ()
    ) -> ExternalModel:
        """Read a bundle's file or a `.tflite` file; see `external.read_external`.

        Raises:
            InputError: It is damaged, of other tags, or takes pictures in another way.
        """
        if path.exists() and is_bundle(path):
            return self._of_bundle(path, name, variant, taken)
        if variant is not None:
            raise InputError(f"{path}: {variant!r} is of a bundle; a .tflite file has no variants")
        return read_external(
            path,
            self.contract,
            self.vocabulary,
            name=name,
            mean=self.mean,
            std=self.std,
            labels=self.labels,
            taken=taken,
        )

    def _of_bundle(
        self, path: Path, name: str | None, variant: str | None, taken: Collection[str]
    ) -> ExternalModel:
        """Take a file out of a bundle, since runtimes load files."""
        if (self.mean, self.std, self.labels) != (None, None, None):
            raise InputError(
                f"{path}: a bundle says itself what it takes; leave --mean, --std and --labels out"
            )
        called = file_name(path, name, taken)
        with open_bundle(path) as bundle:
            chosen, contract = bundle.variant(variant), bundle.contract
            if contract.of_squares != self.contract.of_squares:
                raise InputError(
                    f"{path}: it makes pictures its input in another way than the recipe, by whose "
                    f"pictures it would be judged ({_difference(contract, self.contract)})"
                )
            columns = match_labels(bundle.manifest.tags, self.vocabulary, path, "of the bundle")
            file = self.workspace.validate / "given" / f"{chosen.sha256}.tflite"
            bundle.archive.copy(chosen.file, file)
        model = read_external(
            file,
            self.contract,
            self.vocabulary,
            name=called,
            mean=contract.mean,
            std=contract.std,
            taken=taken,
        )
        notes = (f"{chosen.variant} of the bundle {path.name}, with its contract",)
        return replace(model, columns=columns, bundle=(path, chosen.variant), notes=notes)


def read_given(
    files: Sequence[str], judging: Judging, taken: Collection[str] = ()
) -> tuple[ExternalModel, ...]:
    """Read files as a user names them, `FILE` or `NAME=FILE`.

    Args:
        files: The names.
        judging: What they are judged with.
        taken: Names that others have.

    Raises:
        InputError: One cannot be judged, or two have the same name.
    """
    models: list[ExternalModel] = []
    for given in files:
        name, file = _named(given)
        names = {*taken, *(model.name for model in models)}
        if not is_ensemble(file):
            models.append(judging.read(file, name, None, names))
            continue
        called, described = file_name(file, name, names), Ensemble.read(file)
        members = [
            Weighted(
                judging.read(file.parent / member.file, f"{called[:ROOM]}.{place}", member.variant),
                member.weight,
            )
            for place, member in enumerate(described.models, 1)
        ]
        _require_meant(file, described, members)
        models.append(_joined(file, called, members))
    return tuple(models)


def _require_meant(path: Path, described: Ensemble, members: Sequence[Weighted]) -> None:
    for meant, member in zip(described.models, members, strict=True):
        if meant.sha256 not in (None, member.model.sha256):
            raise InputError(
                f"{member.model.path}: not the file that {path} means (its SHA-256 differs); take "
                "sha256 out of it to judge this one"
            )


def _joined(path: Path, name: str, members: Sequence[Weighted]) -> ExternalModel:
    """Return several files as one."""
    models = [member.model for member in members]
    making = [
        [of.model.sha256, of.model.contract.digest(), of.model.columns, of.weight] for of in members
    ]
    return ExternalModel(
        path=path,
        name=name,
        sha256=digest_json(making),
        size_bytes=sum(model.size_bytes for model in models),
        gzip_bytes=sum(model.gzip_bytes for model in models),
        contract=models[0].contract,
        columns=tuple(range(len(models[0].columns))),
        notes=tuple(f"{model.path.name}: {note}" for model in models for note in model.notes),
        explains=all(model.explains for model in models),
        members=tuple(members),
    )


def _named(given: str) -> tuple[str | None, Path]:
    """Return name and file; a file that has `=` in its path, and is there, is no name."""
    name, equals, file = given.partition("=")
    if equals and not Path(given).exists():
        return name, Path(file)
    return None, Path(given)


def _difference(given: Preprocessing, own: Preprocessing) -> str:
    pairs = zip(given.of_squares, own.of_squares, strict=True)
    return ", ".join(f"{key} {a}, not {b}" for (key, a), (_, b) in pairs if a != b)
