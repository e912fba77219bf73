"""What a recipe allows to be tried, and the recipe of each of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from edgetag.catalogue.variants import BASE, VARIANTS
from edgetag.errors import InputError
from edgetag.recipe import Budget, Recipe, Variant

AS_GOOD_AS_NONE = 1e-9
"""Epochs: pruning needs a step to set weights to zero, and takes one."""


@dataclass(frozen=True)
class Candidate:
    """A combination.

    Attributes:
        network: The architecture.
        input_size: In pixels.
        kept: Share of the channels,
        sparsity: of zeros,
        quantization: and what is computed in, as `[search]` names them.
        variant: What a file of it is made as.
    """

    network: str
    input_size: int
    kept: float
    sparsity: float
    quantization: str
    variant: Variant

    @property
    def folder(self) -> str:
        """Its network and size, which decide its float model."""
        return f"{self.network}-{self.input_size}"

    @property
    def name(self) -> str:
        """Tells it from all others."""
        zeros = f"-{self.sparsity:g}" if self.sparsity else ""
        return f"{self.folder}-{self.variant}{zeros}"

    @property
    def is_trained(self) -> bool:
        """Whether it is trained behind the float model."""
        return bool(VARIANTS[self.variant].trained_by)


def candidates_of(recipe: Recipe) -> tuple[Candidate, ...]:
    """Return every combination that the recipe allows."""
    return tuple(
        Candidate(name, size, kept, sparsity, quantization, variant)
        for name, size in recipe.searched_networks()
        for (kept, sparsity, quantization), variant in recipe.search.variants().items()
    )


def cheapest_of(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return what costs the least of each network and quantization.

    Of equally wide ones that is the sparsest: its zeros cost the least after gzip.
    """
    least: dict[tuple[str, str], Candidate] = {}
    for each in sorted(candidates, key=lambda each: (each.input_size, each.kept, -each.sparsity)):
        least.setdefault((each.network, each.quantization), each)
    return list(least.values())


def own_float(recipe: Recipe) -> Candidate:
    """Return the float model of the recipe's own network and size."""
    return Candidate(recipe.network.name, recipe.network.input_size, 1.0, 0.0, BASE, BASE)


def derived(recipe: Recipe, candidate: Candidate, share: float = 1.0) -> Recipe:
    """Return the recipe of a candidate.

    Where the recipe has no budget of its own, limits of the search that a verdict knows hold.

    Args:
        recipe: What is searched.
        candidate: Gives network, size and variant.
        share: Of the epochs behind the float model.

    Raises:
        InputError: Another setting of the recipe does not go with the candidate.
    """
    variants = tuple(dict.fromkeys((BASE, candidate.variant)))
    values = recipe.model_dump(exclude={"search"})
    network = recipe.network_of(candidate.network, candidate.input_size)
    values["network"] = network.model_dump()
    if candidate.sparsity:
        values["pruning"]["sparsity"] = candidate.sparsity
    values["pruning"]["epochs"] *= share or AS_GOOD_AS_NONE
    values["compress"]["channels"]["epochs"] *= share
    values["quantization"]["epochs"] *= share
    channels = values["compress"]["channels"]
    narrow = VARIANTS[candidate.variant].narrow
    channels["budgets"] = {
        name: limits for name, limits in channels["budgets"].items() if name == narrow
    }
    explain = recipe.export.explain if network.has_maps else ()
    values["export"] |= {
        "variants": variants,
        "if_needed": (),
        "explain": tuple(name for name in explain if name in variants),
        "onnx": False,
    }
    values["budgets"] = {
        name: budget
        for name, budget in values["budgets"].items()
        if name == "default" or name in variants
    }
    if not values["budgets"]:
        limits = recipe.search_budgets()
        values["budgets"]["default"] = {
            key: value for key, value in limits.items() if key in Budget.model_fields
        }
    values["bundle"] |= {"variants": "best", "desktop": False}
    try:
        return Recipe.model_validate(values)
    except ValueError as error:
        raise InputError(f"{candidate.name}: {error}") from None
