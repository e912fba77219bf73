"""The recipe: one TOML file that says what to build, typed and strict."""

from edgetag.recipe.base import IoType, Runtime, Section, Variant
from edgetag.recipe.budgets import LIMITS, Budget, Limit, TagBudget, limits_of
from edgetag.recipe.bundle import BundleSection, DisplayName
from edgetag.recipe.data import DataSection, SplitSection
from edgetag.recipe.judging import BenchmarkSection, ExplainSection, ValidationSection
from edgetag.recipe.loading import load_recipe, parse_recipe, resolved_recipe
from edgetag.recipe.needed import more_needed, passed_over
from edgetag.recipe.phones import PhonesSection
from edgetag.recipe.sections import PLACES, ExportSection, NetworkSection, Recipe
from edgetag.recipe.targets import TargetsSection
from edgetag.recipe.training import (
    AugmentSection,
    Phase,
    PruningSection,
    QuantizationSection,
    ThresholdSection,
    TrainingSection,
)

__all__ = [
    "LIMITS",
    "PLACES",
    "AugmentSection",
    "BenchmarkSection",
    "Budget",
    "BundleSection",
    "DataSection",
    "DisplayName",
    "ExplainSection",
    "ExportSection",
    "IoType",
    "Limit",
    "NetworkSection",
    "Phase",
    "PhonesSection",
    "PruningSection",
    "QuantizationSection",
    "Recipe",
    "Runtime",
    "Section",
    "SplitSection",
    "TagBudget",
    "TargetsSection",
    "ThresholdSection",
    "TrainingSection",
    "ValidationSection",
    "Variant",
    "limits_of",
    "load_recipe",
    "more_needed",
    "parse_recipe",
    "passed_over",
    "resolved_recipe",
]
