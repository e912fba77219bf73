"""The recipe: one TOML file that says what to build, typed and strict."""

from edgetag.recipe.loading import load_recipe, parse_recipe
from edgetag.recipe.sections import (
    AugmentSection,
    BenchmarkSection,
    Budget,
    BundleSection,
    DataSection,
    ExportSection,
    NetworkSection,
    Phase,
    PruningSection,
    QuantizationSection,
    Recipe,
    SplitSection,
    ThresholdSection,
    TrainingSection,
    ValidationSection,
    Variant,
)

__all__ = [
    "AugmentSection",
    "BenchmarkSection",
    "Budget",
    "BundleSection",
    "DataSection",
    "ExportSection",
    "NetworkSection",
    "Phase",
    "PruningSection",
    "QuantizationSection",
    "Recipe",
    "SplitSection",
    "ThresholdSection",
    "TrainingSection",
    "ValidationSection",
    "Variant",
    "load_recipe",
    "parse_recipe",
]
