"""What the model card begins with for model hubs: licence, task and figures, as YAML.

Read by Hugging Face: https://huggingface.co/docs/hub/model-cards#model-card-metadata. JSON is YAML
too, so each value is written as JSON, and nothing in it can break out.
"""

import json
from typing import Any

from edgetag.recipe import Recipe
from edgetag.tables.formats import format_points
from edgetag.validation.result import VariantVerdict, Verdict

HUB_LICENSES = frozenset(
    {
        "apache-2.0",
        "bsd-2-clause",
        "bsd-3-clause",
        "cc-by-4.0",
        "cc-by-nc-4.0",
        "cc-by-nc-sa-4.0",
        "cc-by-sa-4.0",
        "cc0-1.0",
        "gpl-3.0",
        "lgpl-3.0",
        "mit",
        "mpl-2.0",
        "openrail",
        "unlicense",
    }
)
"""Identifiers that hubs know; any other licence is `other`, with its name beside it."""


def front_matter(recipe: Recipe, verdict: Verdict, shown: list[VariantVerdict]) -> str:
    """Return the block between two lines of three dashes, with a line break at its end.

    Args:
        recipe: Names model, licence and the model that it was made from.
        verdict: Says with which confidence its intervals hold.
        shown: Figures of the file that apps take first, one for each split.
    """
    values: dict[str, Any] = {
        "pipeline_tag": "image-classification",
        "library_name": "tflite",
        "tags": ["image-classification", "multi-label", "tflite", "litert", "android", "edgetag"],
    }
    named = recipe.bundle.license or recipe.export.license
    if named.lower() in HUB_LICENSES:
        values["license"] = named.lower()
    elif named:
        values |= {"license": "other", "license_name": named}
    if recipe.bundle.base_model:
        values["base_model"] = recipe.bundle.base_model
    results = [_result(recipe, verdict, entry) for entry in shown if entry.map is not None]
    if results:
        values["model-index"] = [{"name": recipe.name, "results": results}]
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return "\n".join(["---", *lines, "---", ""])


def _result(recipe: Recipe, verdict: Verdict, entry: VariantVerdict) -> dict[str, Any]:
    where = f"{entry.variant} on {entry.runtime} {entry.runtime_version}"
    metrics: list[dict[str, Any]] = [
        {
            "type": "mAP",
            "name": f"mean average precision over {entry.n_scored_tags} tags, {where}",
            "value": entry.map,
        }
    ]
    if entry.map_drop is not None and entry.map_drop_interval is not None:
        low, high = map(format_points, entry.map_drop_interval)
        interval = f"{verdict.confidence:.0%} interval {low} to {high} points"
        metrics.append(
            {
                "type": "mAP drop",
                "name": f"drop of mAP from the float32 reference, {interval}",
                "value": entry.map_drop,
            }
        )
    return {
        "task": {"type": "image-classification", "name": "Multi-label image classification"},
        "dataset": {
            "type": recipe.name,
            "name": f"{entry.n_images} pictures of {recipe.name}",
            "split": entry.split,
        },
        "metrics": metrics,
    }
