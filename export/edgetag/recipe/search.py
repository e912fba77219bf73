"""The section `[search]`: what `edgetag search` may vary, and what it must keep to."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from edgetag.catalogue.variants import VARIANTS, VariantLine
from edgetag.recipe.base import NetworkName, Section, Share, Variant
from edgetag.recipe.budgets import Limit, Limits


def _quantization(line: VariantLine) -> str:
    if "quantize" in line.trained_by:
        return "qat"
    return "int8" if line.chosen_types else line.name


VARIANT_OF: Mapping[tuple[float, bool, str], Variant] = MappingProxyType(
    {
        (line.keeps, "prune" in line.trained_by, _quantization(line)): line.name
        for line in VARIANTS.values()
    }
)
"""Share of channels kept, whether weights are pruned, quantization → the variant that is so."""

KEPT = tuple(dict.fromkeys(kept for kept, _, _ in VARIANT_OF))

if TYPE_CHECKING:
    Quantization = str
else:
    Quantization = Literal[tuple(dict.fromkeys(name for _, _, name in VARIANT_OF))]

Cost = Literal["multiplications", "latency_ms", "arm_instructions", "size_bytes", "gzip_bytes"]


class SearchBudget(Limits):
    """Limits on what is searched for; where none is set, those in budgets.default of these names.

    Accuracy is that on the validation split.
    """

    min_map: Annotated[Share | None, Limit("mAP", "fraction", "floor", "accuracy")] = None
    max_map_drop: Annotated[Share | None, Limit("drop of mAP", "points", "cap", "accuracy")] = (
        Field(None, description="From the float model of the recipe's own network and input size.")
    )
    max_logit_rmse: Annotated[
        float | None, Limit("distance of logits", "logits", "cap", "accuracy")
    ] = Field(
        None, gt=0, description="From the float model of the file's own network and input size."
    )
    max_latency_ms: Annotated[float | None, Limit("latency", "ms", "cap", "latency")] = Field(
        None, gt=0, description="On benchmark.budget_runtime, on this machine."
    )
    max_arm_instructions: Annotated[
        int | None, Limit("instructions of an inference", "instructions", "cap", "instructions")
    ] = Field(None, gt=0, description="On an emulated Cortex-A76: edgetag target setup arm64.")
    max_multiplications: Annotated[
        int | None, Limit("multiplications of an inference", "instructions", "cap", "instructions")
    ] = Field(None, gt=0, description="Of convolutions and dense layers, for one picture.")
    max_size_bytes: Annotated[int | None, Limit("size", "bytes", "cap", "size")] = Field(None, gt=0)
    max_gzip_bytes: Annotated[int | None, Limit("size after gzip", "bytes", "cap", "size")] = Field(
        None, gt=0
    )


class SearchSection(Section):
    """What `edgetag search` tries; combinations that no variant is made of are left out."""

    networks: tuple[NetworkName, ...] = Field((), description="Default: the recipe's.")
    input_sizes: tuple[int, ...] = Field((), description="In pixels; default: the recipe's.")
    kept_channels: tuple[float, ...] = Field(
        KEPT, min_length=1, description=f"Shares, of {', '.join(map(str, KEPT))}."
    )
    sparsities: tuple[Annotated[float, Field(ge=0, lt=1)], ...] = Field(
        (0.0,), min_length=1, description="Shares of zeros; 0 is a network that is not pruned."
    )
    quantizations: tuple[Quantization, ...] = Field(
        ("int8",), min_length=1, description="qat is int8 by quantization-aware training."
    )
    cost: Cost = Field("multiplications", description="What accuracy is weighed against.")
    trials: int = Field(32, ge=1, description="Most combinations that are looked at.")
    budgets: SearchBudget = SearchBudget()

    @model_validator(mode="after")
    def _check(self) -> Self:
        for kept in self.kept_channels:
            if kept not in KEPT:
                known = ", ".join(map(str, KEPT))
                raise ValueError(f"kept_channels has {kept}, but variants keep {known}")
        if not self.variants():
            raise ValueError(
                "no variant has these kept_channels, sparsities and quantizations together: narrow "
                "networks are made as int8 or qat, pruned ones as qat"
            )
        return self

    def variants(self) -> dict[tuple[float, float, str], Variant]:
        """Return the variant of each combination of kept channels, sparsity and quantization."""
        combinations = {
            (kept, sparsity, quantization): VARIANT_OF.get((kept, sparsity > 0, quantization))
            for quantization in self.quantizations
            for kept in self.kept_channels
            for sparsity in self.sparsities
        }
        return {key: variant for key, variant in combinations.items() if variant}
