"""The variants, and what is done to make each. Each names a file in `conversion/variants`."""

from dataclasses import dataclass
from typing import Literal

from edgetag.catalogue import Numbers, by_name, module_of

Training = Literal["narrow", "prune", "quantize"]


@dataclass(frozen=True)
class VariantLine:
    """What is known of a variant.

    Attributes:
        name: As recipes write it.
        computes: In which numbers.
        trained_by: The stages that train it after `train`, in their order; empty for one that is
            made from the float model.
        calibrated: Whether images measure its ranges while it is converted.
        chosen_types: Whether its input and output are of the types that the recipe says; others
            take and give float32.
        keeps: Share of the channels within blocks that it keeps, or of what they cost.
        settings: The file that sets TensorFlow Lite's converter; empty for the name's own.
    """

    name: str
    computes: Numbers
    trained_by: tuple[Training, ...] = ()
    calibrated: bool = False
    chosen_types: bool = False
    keeps: float = 1.0
    settings: str = ""

    @property
    def narrow(self) -> str:
        """The narrower network that it is made of; empty for the recipe's own."""
        return "" if self.keeps == 1 else f"narrow{100 * self.keeps:.0f}"

    @property
    def module(self) -> str:
        """The module in `conversion/variants` that sets the converter."""
        return self.settings or module_of(self.name)


_NARROWER: dict[str, tuple[Training, ...]] = {
    "": ("narrow",),
    "-qat": ("narrow", "quantize"),
    "-pruned-qat": ("narrow", "prune", "quantize"),
}
"""End of a name → what trains a variant of a narrower network."""

VARIANTS = by_name(
    VariantLine("fp32", "float"),
    VariantLine("fp16", "float"),
    VariantLine("dynamic", "mixed"),
    VariantLine("int8", "integer", calibrated=True, chosen_types=True),
    VariantLine("int8-qat", "integer", ("quantize",), chosen_types=True),
    VariantLine(
        "int8-pruned-qat",
        "integer",
        ("prune", "quantize"),
        chosen_types=True,
        settings="int8_qat",
    ),
    *(
        VariantLine(
            f"int8-narrow{100 * keeps:.0f}{more}",
            "integer",
            stages,
            calibrated="quantize" not in stages,
            chosen_types=True,
            keeps=keeps,
            settings="int8_qat" if "quantize" in stages else "int8",
        )
        for more, stages in _NARROWER.items()
        for keeps in (0.75, 0.5)
    ),
    VariantLine("int16x8", "integer", calibrated=True),
)
"""In the order in which they are listed."""

BASE = "fp32"
"""What the others are compared with; every run makes it."""

FULL_INTEGER = tuple(name for name, line in VARIANTS.items() if line.computes == "integer")
CALIBRATED = tuple(name for name, line in VARIANTS.items() if line.calibrated)
TRAINED = tuple(name for name, line in VARIANTS.items() if line.trained_by)
FALLBACK = tuple(
    name for name, line in VARIANTS.items() if "quantize" in line.trained_by and not line.narrow
)
"""What can be made where no full-integer file passes."""


def trained_by(stage: Training) -> tuple[str, ...]:
    """Return the variants that a stage trains, or trains a part of."""
    return tuple(name for name, line in VARIANTS.items() if stage in line.trained_by)
