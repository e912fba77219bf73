"""Several models as one: the weighted mean of their scores, and the file that says of which.

An ensemble is a `.toml` file that stands wherever a model can be named:

    [[models]]
    file = "demo-0.2.0.zip"   # relative to this file
    weight = 2

    [[models]]
    file = "other.tflite"
"""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, ValidationError

from edgetag.errors import InputError
from edgetag.records import Record, first_problem
from edgetag.toml_text import key_text, value_text, with_tuples
from edgetag.userfiles import read_file

SUFFIX = ".toml"
MOST_BYTES = 1_000_000
MOST_MODELS = 16
MOST_WEIGHT = 1e6

HOW_TO = 'it names models like this: [[models]], and below file = "a.zip" and weight = 2'


class Member(Record):
    """One model of an ensemble.

    Attributes:
        file: A bundle or a `.tflite` file, relative to the ensemble's file.
        weight: Of its scores, beside those of the others.
        variant: Which file of a bundle; None for its first.
        sha256: Digest of the `.tflite` file; another one is refused. None takes any.
    """

    file: str = Field(min_length=1)
    weight: float = Field(1.0, gt=0, le=MOST_WEIGHT, allow_inf_nan=False)
    variant: str | None = None
    sha256: str | None = None


class Ensemble(Record):
    """What an ensemble's file says.

    Attributes:
        models: The first one's order of tags is that of all.
        thresholds: Tag → score from which on it is set; where it is empty, the weighted mean of
            the models' own.
    """

    models: tuple[Member, ...] = Field(min_length=1, max_length=MOST_MODELS)
    thresholds: dict[str, Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]] = Field(
        default_factory=dict
    )

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read an ensemble's file.

        Raises:
            InputError: It is missing, no TOML, or says something else.
        """
        try:
            text = read_file(path, "ensemble", MOST_BYTES).decode("utf-8-sig")
            values = tomllib.loads(text)
            if "data" in values and "models" not in values:
                raise InputError(
                    f"{path}: a recipe, not a model; give the bundle that its run made "
                    "(RUN/bundle/*.zip), or a file of its export"
                )
            return cls.model_validate(with_tuples(values))
        except OSError as error:
            raise InputError(f"{path}: {error.strerror}; name the ensemble's file") from None
        except ValidationError as error:
            raise InputError(f"{path}: {first_problem(error)}; {HOW_TO}") from None
        except (ValueError, RecursionError) as error:  # no UTF-8, no TOML, nested without end
            raise InputError(f"{path}: not an ensemble's file: {error}; {HOW_TO}") from None

    def to_toml(self) -> str:
        """Return what `read` reads."""
        lines: list[str] = []
        for member in self.models:
            given = member.model_dump(exclude_none=True)
            lines += [
                "[[models]]",
                *(f"{key} = {value_text(value)}" for key, value in given.items()),
            ]
            lines.append("")
        if self.thresholds:
            lines.append("[thresholds]")
            lines += [f"{key_text(tag)} = {value!r}" for tag, value in self.thresholds.items()]
        return "\n".join(lines).rstrip("\n") + "\n"


def is_ensemble(path: Path) -> bool:
    """Return whether a path names an ensemble's file, by its end."""
    return path.suffix == SUFFIX


def weighted_mean(
    values: Sequence[npt.NDArray[np.float32]], weights: Sequence[float]
) -> npt.NDArray[np.float32]:
    """Return the weighted mean of arrays of one shape, each cell for itself.

    In float64 and in the order given, so that a picture has the same scores alone as among others.
    """
    total = np.zeros(values[0].shape, dtype=np.float64)
    for value, weight in zip(values, weights, strict=True):
        total += weight * value.astype(np.float64)
    return (total / sum(weights)).astype(np.float32)


def mean_thresholds(
    thresholds: Sequence[Mapping[str, float]], weights: Sequence[float]
) -> dict[str, float]:
    """Return the weighted mean of models' thresholds.

    A picture that each of them sets a tag on, or each not, is decided alike by the mean.
    """
    tags = list(thresholds[0])
    values = [np.array([of[tag] for tag in tags], dtype=np.float32) for of in thresholds]
    return dict(zip(tags, weighted_mean(values, weights).tolist(), strict=True))
