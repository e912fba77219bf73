"""What every section of a recipe is made of."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import ConfigDict, Field

from edgetag.catalogue.engines import RUNTIMES
from edgetag.catalogue.formats import FORMATS
from edgetag.catalogue.networks import NETWORKS
from edgetag.catalogue.variants import FALLBACK, VARIANTS
from edgetag.records import Record

if TYPE_CHECKING:  # what a catalogue lists is known when it is read, not to a type checker
    NetworkName = str
    Format = str
    FormatChoice = str
    Variant = str
    FallbackVariant = str
    Runtime = str
else:
    NetworkName = Literal[tuple(NETWORKS)]
    Format = Literal[tuple(FORMATS)]
    FormatChoice = Literal[("auto", *FORMATS)]
    Variant = Literal[tuple(VARIANTS)]
    FallbackVariant = Literal[FALLBACK]
    Runtime = Literal[RUNTIMES]

IoType = Literal["float32", "uint8", "int8"]
"""Of a file's input and output."""

Share = Annotated[float, Field(ge=0, le=1)]


class Section(Record):
    """Frozen, strict about types, and closed to unknown keys; numbers are finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
