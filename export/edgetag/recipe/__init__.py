"""The recipe: one TOML file that says what to build, typed and strict.

- `search`: the section `[search]`, and which variant each combination in it is.
- `template`: the commented recipe that `edgetag recipe new` writes.
"""

from edgetag.recipe.base import Format, IoType, Runtime, Section, Variant
from edgetag.recipe.budgets import LIMITS, Budget, Limit, Subject, TagBudget, Unit, limits_of
from edgetag.recipe.bundle import BundleSection, DisplayName
from edgetag.recipe.channels import CHANNEL_LIMITS, ChannelsBudget
from edgetag.recipe.data import DataSection, SplitSection
from edgetag.recipe.judging import BenchmarkSection, ExplainSection, ValidationSection
from edgetag.recipe.loading import load_recipe, parse_recipe, resolved_recipe
from edgetag.recipe.mistaken import mistaken_folder
from edgetag.recipe.needed import more_needed, passed_over
from edgetag.recipe.phones import PhonesSection
from edgetag.recipe.search import Cost, SearchBudget, SearchSection
from edgetag.recipe.sections import PLACES, ExportSection, NetworkSection, Recipe, with_places
from edgetag.recipe.targets import BUDGET_CPU, BUDGET_TARGET, CpuName, TargetsSection
from edgetag.recipe.teacher import TeacherSection
from edgetag.recipe.training import (
    AdversarialSection,
    AugmentSection,
    ChannelsSection,
    FineTuning,
    Phase,
    PruningSection,
    QuantizationSection,
    ThresholdSection,
    TrainingSection,
)

__all__ = [
    "BUDGET_CPU",
    "BUDGET_TARGET",
    "CHANNEL_LIMITS",
    "LIMITS",
    "PLACES",
    "AdversarialSection",
    "AugmentSection",
    "BenchmarkSection",
    "Budget",
    "BundleSection",
    "ChannelsBudget",
    "ChannelsSection",
    "Cost",
    "CpuName",
    "DataSection",
    "DisplayName",
    "ExplainSection",
    "ExportSection",
    "FineTuning",
    "Format",
    "IoType",
    "Limit",
    "NetworkSection",
    "Phase",
    "PhonesSection",
    "PruningSection",
    "QuantizationSection",
    "Recipe",
    "Runtime",
    "SearchBudget",
    "SearchSection",
    "Section",
    "SplitSection",
    "Subject",
    "TagBudget",
    "TargetsSection",
    "TeacherSection",
    "ThresholdSection",
    "TrainingSection",
    "Unit",
    "ValidationSection",
    "Variant",
    "limits_of",
    "load_recipe",
    "mistaken_folder",
    "more_needed",
    "parse_recipe",
    "passed_over",
    "resolved_recipe",
    "with_places",
]
