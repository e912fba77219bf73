"""The recipe of a CI job: what a verdict on one file depends on, and nothing of its making."""

from dataclasses import dataclass

from edgetag.catalogue.variants import BASE
from edgetag.ci.pictures import TABLE, Columns
from edgetag.recipe import LIMITS, Budget, Recipe, Runtime, Subject, Variant, limits_of
from edgetag.toml_text import to_toml

EXTRA: Runtime = "tflite-runtime"
"""The one runtime that the base install lacks, and the extra of edgetag that brings it."""

NOT_MEASURED: dict[Subject, str] = {
    "latency": "a CI job's machine is no place to measure time",
    "memory": "memory is measured by edgetag bench",
    "instructions": "instructions are counted by edgetag target count",
}
"""Limits that `edgetag validate` does not judge, by what they limit, and why."""


@dataclass(frozen=True)
class JobRecipe:
    """The recipe's text.

    `text` is TOML; `left_out` says what the job cannot judge, a sentence each.
    """

    text: str
    runtimes: tuple[Runtime, ...]
    left_out: tuple[str, ...]


def job_recipe(recipe: Recipe, variant: Variant, columns: Columns) -> JobRecipe:
    """Return the recipe of a job that judges one file."""
    budget = recipe.budget(variant)
    lacking = [name for name in limits_of(*NOT_MEASURED) if name in budget.given()]
    limits = [f"{name} is left out: {NOT_MEASURED[LIMITS[name].subject]}" for name in lacking]
    runtimes: tuple[Runtime, ...] = recipe.validation.runtimes
    engines = []
    if EXTRA in runtimes and len(runtimes) > 1:
        engines = [f"{EXTRA} is left out: the base install lacks it"]
        runtimes = tuple(name for name in runtimes if name != EXTRA)
    explains = variant in recipe.export.explain
    values: dict[str, object] = {
        "name": recipe.name,
        "seed": recipe.seed,
        "data": _data(recipe, columns),
        "network": recipe.network.model_dump(include={"name", "input_size"}),
        "training": {"thresholds": recipe.training.thresholds.model_dump()},
        "export": {
            "variants": list(dict.fromkeys((BASE, variant))),
            "if_needed": [],
            **({"explain": [variant]} if explains else {}),
        },
        "validation": _without_empty(recipe.validation.model_dump()) | {"runtimes": runtimes},
        "budgets": {variant: _limits(budget, lacking)},
        "bundle": {"variants": [variant]},
    }
    comments = {
        "": (
            f"Written by edgetag ci export: what a verdict on {variant} of the recipe "
            f"{recipe.name!r} depends on.",
            "Change the recipe that it came from and export again, rather than this copy.",
        ),
        "data": (
            "The reference knows every picture and label: what is missing, new or changed is",
            "refused by name there, so that no share of the rows may go unnoticed here.",
        ),
        "validation": [f"{sentence}." for sentence in engines],
        f"budgets.{variant}": [f"{sentence}." for sentence in limits],
    }
    return JobRecipe(to_toml(values, comments), runtimes, (*limits, *engines))


def _data(recipe: Recipe, columns: Columns) -> dict[str, object]:
    return {
        "source": TABLE,
        "format": "wide",
        "tags": recipe.data.tags,
        "path_column": columns.path,
        "split_column": columns.split,
        "group_column": columns.group,
        **({} if columns.crop is None else {"crop_column": columns.crop}),
        "max_pixels": recipe.data.max_pixels,
        "max_file_bytes": recipe.data.max_file_bytes,
        "max_rejected_share": 1.0,
    }


def _limits(budget: Budget, lacking: list[str]) -> dict[str, object]:
    return _without_empty(budget.model_dump(exclude_none=True, exclude=set(lacking)))


def _without_empty(values: dict[str, object]) -> dict[str, object]:
    """Return values without None, which TOML lacks, and without tables that say nothing."""
    return {key: value for key, value in values.items() if value is not None and value != {}}
