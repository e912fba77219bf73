"""What the demo app writes on a phone: `edgetag.phone-scores/1.1`.

It comes from another machine, so every value has bounds, and nothing is believed that can be
checked: the model's digest, the tags, the names of the images, what it ran on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Self

import numpy as np
from pydantic import ConfigDict, Field, ValidationError, model_validator

from edgetag.errors import one_line
from edgetag.metrics import Scores
from edgetag.phones.job import MOST_RUNS, MOST_THREADS, RunsOn
from edgetag.phones.problems import PhoneError, Problem
from edgetag.records import Record, Result, first_problem

MOST_IMAGES, MOST_TAGS = 1_000_000, 10_000
HEAD_BYTES = 1 << 16
IMAGE_BYTES = 1200
"""An image's name, of at most 255 characters, each six bytes in JSON at worst, or its error."""

VALUE_BYTES = 32
"""A score as text with its comma."""

Word = Annotated[str, Field(max_length=200)]
Score = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Milliseconds = Annotated[float, Field(ge=0, le=1e8, allow_inf_nan=False)]


class _Told(Record):
    """Part of what an app tells; what a newer app tells besides is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class AppDevice(_Told):
    """The phone, as the app sees it: manufacturer, model, API level, chip."""

    manufacturer: Word
    model: Word
    sdk: Annotated[int, Field(ge=1, le=10_000)]
    soc: Word


class AppEngine(_Told):
    """What ran the model.

    Attributes:
        name: Name of the library, such as `LiteRT`,
        version: and its version.
        threads: It used.
        delegate: What it ran on.
        requested_delegate: What it was asked to run on.
        fell_back: Why the two differ; "" where they do not.
    """

    name: Word
    version: Word
    threads: Annotated[int, Field(ge=1, le=MOST_THREADS)]
    delegate: RunsOn
    requested_delegate: RunsOn
    fell_back: Annotated[str, Field(max_length=2000)]


class SelfTest(_Told):
    """How the engine did on the golden inputs of the app's bundle.

    Attributes:
        passed: Whether its scores agree with one family of kernels.
        family: Which; None if none.
        max_difference: The largest between two scores; None where there was nothing to compare.
    """

    passed: bool
    family: Word | None
    max_difference: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None


class AppLatency(_Told):
    """Percentiles of single inferences in milliseconds, over `runs` after `warmup_runs`.

    `cpuset` is the set of processors that Android gave the app meanwhile, such as `/top-app`; ""
    where it is not told.
    """

    warmup_runs: Annotated[int, Field(ge=0, le=MOST_RUNS)]
    runs: Annotated[int, Field(ge=1, le=MOST_RUNS)]
    p50: Milliseconds
    p90: Milliseconds
    p99: Milliseconds
    cpuset: Word = ""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not 0 < self.p50 <= self.p90 <= self.p99:
            raise ValueError("percentiles must be over 0 and rise")
        return self


class ImageScores(_Told):
    """Scores of one image in the order of the tags, or why there are none."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
    scores: Annotated[tuple[Score, ...], Field(max_length=MOST_TAGS)] | None = None
    error: Annotated[str, Field(min_length=1, max_length=2000)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.scores is None) == (self.error is None):
            raise ValueError("an image has scores or an error, and not both")
        return self


class AppScores(Result):
    """What the app writes.

    Attributes:
        model_sha256: Digest of the file that it ran.
        tags: In the order of the scores.
        device: The phone.
        engine: What ran the model.
        self_test: On the golden inputs; None where the app had none for this file.
        load_ms: Loading and preparing the file.
        latency_ms: Latency of single inferences; None where none were asked for.
        images: One entry each.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, populate_by_name=True)
    SCHEMA: ClassVar[str] = "edgetag.phone-scores/1.1"
    schema_version: Annotated[str, Field(alias="schema", min_length=1, max_length=100)]
    model_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    tags: Annotated[tuple[Word, ...], Field(min_length=1, max_length=MOST_TAGS)]
    device: AppDevice
    engine: AppEngine
    self_test: SelfTest | None
    load_ms: Milliseconds
    latency_ms: AppLatency | None
    images: Annotated[tuple[ImageScores, ...], Field(min_length=1, max_length=MOST_IMAGES)]


@dataclass(frozen=True)
class Wanted:
    """What an app was asked for.

    Attributes:
        model_sha256: Digest of the file.
        tags: In the order of the model's output.
        names: Names of the images, in the order of the scores to return.
        delegate: What to run on; None where nobody asked for anything.
    """

    model_sha256: str
    tags: tuple[str, ...]
    names: tuple[str, ...]
    delegate: RunsOn | None = None

    @property
    def most_bytes(self) -> int:
        """A longer answer makes no sense."""
        values = len(self.names) * len(self.tags) * VALUE_BYTES
        return HEAD_BYTES + 6 * sum(map(len, self.tags)) + len(self.names) * IMAGE_BYTES + values


def read_answer(content: bytes) -> AppScores:
    """Read what an app wrote.

    Args:
        content: Content of its file; it may hold anything.

    Raises:
        PhoneError: It is not JSON of this schema, or a value is out of its bounds.
    """
    try:
        return AppScores.model_validate_json(content)
    except ValidationError as error:
        raise _wrong(f"the app's answer cannot be read: {first_problem(error)}") from None


def check_answer(answer: AppScores, wanted: Wanted) -> None:
    """Refuse an answer to another question, or of an engine that does not do what it should.

    Raises:
        PhoneError: It is about another file, other tags or other images; a GPU or an NPU was asked
            for and the CPU answered; or the self-test failed.
    """
    if answer.model_sha256 != wanted.model_sha256:
        raise _wrong(
            f"the app scored another file: its SHA-256 is {answer.model_sha256[:12]}…, asked for "
            f"was {wanted.model_sha256[:12]}…"
        )
    if answer.tags != wanted.tags:
        raise _wrong(_other_tags(answer.tags, wanted.tags))
    names = [image.name for image in answer.images]
    if sorted(names) != sorted(set(wanted.names)):
        raise _wrong(_other_images(names, wanted.names))
    for image in answer.images:
        if image.scores is not None and len(image.scores) != len(wanted.tags):
            raise _wrong(
                f"image {image.name} has {len(image.scores)} scores for {len(wanted.tags)} tags"
            )
    _check_engine(answer.engine, wanted.delegate)
    if answer.self_test is not None and not answer.self_test.passed:
        difference = answer.self_test.max_difference
        largest = "" if difference is None else f" (largest difference {difference:.4g})"
        raise PhoneError(
            Problem.SELF_TEST,
            f"{answer.engine.name} {answer.engine.version} on the {answer.engine.delegate} does "
            f"not give the golden scores of the app's bundle{largest}; its scores are not kept",
        )


def _check_engine(engine: AppEngine, asked: RunsOn | None) -> None:
    wanted = asked or engine.requested_delegate
    if engine.requested_delegate != wanted:
        raise _wrong(f"the app was asked for the {wanted}, but took {engine.requested_delegate}")
    if engine.delegate != wanted or (engine.fell_back and wanted != "cpu"):
        why = f": {engine.fell_back}" if engine.fell_back else "; it says nothing about why"
        raise PhoneError(
            Problem.FELL_BACK,
            f"the {wanted.upper()} was asked for and the app ran on the {engine.delegate.upper()}"
            f"{why}",
        )


def _other_tags(tags: Sequence[str], wanted: Sequence[str]) -> str:
    if set(tags) == set(wanted) and len(tags) == len(wanted):
        return "the app has the tags in another order than the recipe"
    lacking = [tag for tag in wanted if tag not in set(tags)]
    what = f"it lacks {lacking[0]}" if lacking else f"it has {len(tags)} for {len(wanted)}"
    return f"the app has other tags than the recipe: {what}"


def _other_images(names: Sequence[str], wanted: Sequence[str]) -> str:
    if len(set(names)) < len(names):
        return "the app tells some image twice"
    lacking = sorted(set(wanted) - set(names))
    lack = f", it lacks {lacking[0]}" if lacking else ""
    return f"the app tells {len(names)} images, asked for were {len(wanted)}{lack}"


def scores_of(answer: AppScores, wanted: Wanted) -> tuple[Scores, tuple[int, ...], str]:
    """Return the scores of a checked answer.

    Returns:
        `[n, tags]` float32 of the images that have scores, in the order of `wanted.names`; their
        places in it; and the first error of the others, "" where there is none.

    Raises:
        PhoneError: No image has scores.
    """
    by_name = {image.name: image for image in answer.images}
    ordered = [by_name[name] for name in wanted.names]
    places = tuple(place for place, image in enumerate(ordered) if image.scores is not None)
    errors = [f"{image.name}: {image.error}" for image in ordered if image.error is not None]
    if not places:
        raise PhoneError(Problem.FAILED, f"the app scored no image, {errors[0]}")
    rows = [ordered[place].scores for place in places]
    return np.array(rows, dtype=np.float32), places, one_line(errors[0]) if errors else ""


def _wrong(text: str) -> PhoneError:
    return PhoneError(Problem.WRONG_OUTPUT, text)
