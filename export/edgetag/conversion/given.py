"""Files that a user gives to be judged: `.tflite` files made elsewhere, and ensembles of them."""

from collections.abc import Collection, Sequence
from pathlib import Path

from edgetag.conversion.external import ExternalModel, Weighted, file_name, read_external
from edgetag.ensembles import Ensemble, is_ensemble
from edgetag.errors import InputError
from edgetag.preprocess import Preprocessing
from edgetag.tags import Vocabulary
from edgetag.workspace import digest_json


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

        if is_ensemble(file):
            called = file_name(file, name, names)
            models.append(
                _ensemble(
                    file,
                    called,
                    [
                        read(path, f"{called}.{place}", ())
                        for place, path in enumerate(_members(file), 1)
                    ],
                )
            )
        else:
            models.append(read(file, name, names))
    return tuple(models)


def _members(path: Path) -> list[Path]:
    """Return the files that an ensemble names.

    Raises:
        InputError: One is a bundle, whose contract may be another than the recipe's.
    """
    files: list[Path] = []
    for member in Ensemble.read(path).models:
        file = path.parent / member.file
        if member.variant is not None or file.suffix in (".zip", ".toml"):
            raise InputError(
                f"{path}: {member.file}: only .tflite files can be judged together here; take the "
                f"file out of the bundle (unzip {file.name} {member.variant or 'NAME'}.tflite), or "
                "name the one in export/"
            )
        files.append(file)
    return files


def _ensemble(path: Path, name: str, models: Sequence[ExternalModel]) -> ExternalModel:
    """Return several files as one."""
    described = Ensemble.read(path).models
    for member, model in zip(described, models, strict=True):
        if member.sha256 not in (None, model.sha256):
            raise InputError(
                f"{model.path}: not the file that {path} means (its SHA-256 differs); take sha256 "
                "out of it to judge this one"
            )
    members = tuple(
        Weighted(model, member.weight) for member, model in zip(described, models, strict=True)
    )
    first = models[0]
    return ExternalModel(
        path=path,
        name=name,
        sha256=digest_json(
            [
                [model.sha256, model.contract.digest(), model.columns, member.weight]
                for member, model in zip(described, models, strict=True)
            ]
        ),
        size_bytes=sum(model.size_bytes for model in models),
        gzip_bytes=sum(model.gzip_bytes for model in models),
        contract=first.contract,
        columns=tuple(range(len(first.columns))),
        notes=tuple(f"{model.path.name}: {note}" for model in models for note in model.notes),
        members=members,
    )


def _named(given: str) -> tuple[str | None, Path]:
    """Return name and file; a file that has `=` in its path, and is there, is no name."""
    name, equals, file = given.partition("=")
    if equals and not Path(given).exists():
        return name, Path(file)
    return None, Path(given)
