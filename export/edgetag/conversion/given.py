"""Files that a user gives to be judged: `.tflite` files made elsewhere, and ensembles of them."""

from collections.abc import Collection, Sequence
from pathlib import Path

from edgetag.conversion.external import ExternalModel, Weighted, file_name, read_external
from edgetag.ensembles import Ensemble, Member, is_ensemble
from edgetag.errors import InputError
from edgetag.preprocess import Preprocessing
from edgetag.tags import Vocabulary
from edgetag.workspace import digest_json

ROOM = 60
"""Characters of an ensemble's name in those of its files, which have a number behind."""


def read_given(
    files: Sequence[str],
    recipe_contract: Preprocessing,
    vocabulary: Vocabulary,
    *,
    mean: float | None = None,
    std: float | None = None,
    labels: Path | None = None,
    taken: Collection[str] = (),
) -> tuple[ExternalModel, ...]:
    """Read files as a user names them, `FILE` or `NAME=FILE`; see `external.read_external`.

    Raises:
        InputError: One cannot be judged, or two have the same name.
    """
    models: list[ExternalModel] = []
    for given in files:
        name, file = _named(given)
        names = {*taken, *(model.name for model in models)}

        def read(path: Path, name: str | None, taken: Collection[str]) -> ExternalModel:
            return read_external(
                path,
                recipe_contract,
                vocabulary,
                name=name,
                mean=mean,
                std=std,
                labels=labels,
                taken=taken,
            )

        if not is_ensemble(file):
            models.append(read(file, name, names))
            continue
        called, described = file_name(file, name, names), Ensemble.read(file)
        members = [
            Weighted(read(path, f"{called[:ROOM]}.{place}", ()), member.weight)
            for place, (path, member) in enumerate(_files(file, described), 1)
        ]
        _require_meant(file, described, members)
        models.append(_joined(file, called, members))
    return tuple(models)


def _files(path: Path, described: Ensemble) -> list[tuple[Path, Member]]:
    """Return the files that an ensemble names.

    Raises:
        InputError: One is a bundle, whose contract may be another than the recipe's.
    """
    for member in described.models:
        file = Path(member.file)
        if member.variant is not None or file.suffix in (".zip", ".toml"):
            raise InputError(
                f"{path}: {member.file}: only .tflite files can be judged together here; take the "
                f"file out of the bundle (unzip {file.name} {member.variant or 'NAME'}.tflite), or "
                "name the one in export/"
            )
    return [(path.parent / member.file, member) for member in described.models]


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
        members=tuple(members),
    )


def _named(given: str) -> tuple[str | None, Path]:
    """Return name and file; a file that has `=` in its path, and is there, is no name."""
    name, equals, file = given.partition("=")
    if equals and not Path(given).exists():
        return name, Path(file)
    return None, Path(given)
