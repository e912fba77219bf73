"""Figures that others measured, as they stand beside ours: where they come from is kept."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from edgetag.phones.figures import Delegation
from edgetag.records import Record
from edgetag.tables.text import printable

Source = Literal["LiteRT leaderboard", "MLPerf"]


class MeasuredElsewhere(Record):
    """One file on one phone, measured by somebody else.

    Attributes:
        source: Whose figures.
        id: What names the figures there; later ones of the same name take their place.
        phone: For people.
        file: The model's file, or what the source calls the model.
        sha256: Its digest; None where the source does not tell.
        runtime: Such as `litert 2.2.0`.
        accelerator: Such as `cpu`, as the source calls it.
        threads: None where the source does not tell, like all below.
        runs: Inferences that were timed.
        p50_ms: Percentiles of single inferences.
        p90_ms: See `p50_ms`.
        p95_ms: See `p50_ms`.
        init_ms: Loading the file and preparing it.
        memory_mb: Growth of memory.
        delegations: Which delegates took what; empty where the source does not tell.
        accuracy: 0..1.
        accuracy_kind: What is meant by it, such as `mAP`.
        date: When it was measured, ISO 8601.
        notes: What speaks against the figures, in words.
    """

    source: Source
    id: str
    phone: str
    file: str
    sha256: str | None = None
    runtime: str
    accelerator: str
    threads: int | None = None
    runs: int | None
    p50_ms: float | None
    p90_ms: float | None
    p95_ms: float | None
    init_ms: float | None = None
    memory_mb: float | None = None
    delegations: tuple[Delegation, ...] = ()
    accuracy: float | None = None
    accuracy_kind: str = ""
    date: str = ""
    notes: tuple[str, ...] = ()


class ReadPart(BaseModel):
    """Part of what others write; what is there besides is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


Word = Annotated[str, Field(max_length=300), AfterValidator(printable)]
Count = Annotated[int, Field(ge=0, le=10**9)]
Amount = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
