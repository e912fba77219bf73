"""Which variants are made only if needed, and which decide nothing since another stands in."""

from collections.abc import Mapping, Sequence

from edgetag.catalogue.variants import FULL_INTEGER
from edgetag.recipe.base import Variant
from edgetag.recipe.sections import ExportSection, Recipe


def more_needed(export: ExportSection, decisions: Mapping[str, str]) -> bool:
    """Tell whether the variants of `if_needed` must be made.

    Args:
        export: The recipe's section.
        decisions: Variant → what validation decided; only "pass" passes.
    """
    listed = [variant for variant in export.variants if variant in FULL_INTEGER]
    passing = any(decisions.get(variant) == "pass" for variant in listed)
    return bool(export.fallback) and not passing


def passed_over(recipe: Recipe, decisions: Mapping[str, str]) -> tuple[str, ...]:
    """Return the variants that do not pass and decide nothing, since another stands in for them.

    A file of `if_needed` stands in for full-integer files of `variants`, and where one of those
    passes, no file of `if_needed` is needed. A file that the bundle names decides, since
    it ships.
    """
    export, named = recipe.export, recipe.bundle.variants
    listed = [variant for variant in export.variants if variant in FULL_INTEGER]

    def any_passes(variants: Sequence[Variant]) -> bool:
        return any(decisions.get(variant) == "pass" for variant in variants)

    over: Sequence[Variant] = ()
    if any_passes(listed):
        over = export.fallback
    elif any_passes(export.fallback):
        over = listed
    ships = () if named == "best" else named
    return tuple(
        variant
        for variant in over
        if variant not in ships and decisions.get(variant, "pass") != "pass"
    )
