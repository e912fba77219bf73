"""What makes a stage out of date."""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from edgetag.recipe import PLACES, Recipe
from edgetag.stages import Stage, needs, value_at
from edgetag.workspace import RunFile, digest_file, digest_json


def settings_digest(which: Stage, recipe: Recipe) -> str:
    """Return a digest of the recipe's values that matter to a stage.

    Where the data lie is left out: what they are is in the fingerprint, and a run folder may be
    carried to another machine.
    """
    values = recipe.model_dump(mode="json", exclude=PLACES)
    chosen: dict[str, Any] = {"seed": recipe.seed}
    for section in which.sections:
        chosen[section] = value_at(values, section)
    return digest_json(chosen)


def fingerprint(
    which: Stage, recipe: Recipe, run_file: RunFile, options: Mapping[str, Any] | None = None
) -> str:
    """Return a digest of everything that decides what a stage would leave."""
    inputs: dict[str, Any] = {
        need: run_file.stages[need].outputs
        for need in needs(which, recipe)
        if need in run_file.stages
    }
    given = {name: value for name, value in (options or {}).items() if value}
    if given:
        inputs["options"] = {
            name: digest_file(value) if isinstance(value, Path) and value.is_file() else str(value)
            for name, value in given.items()
        }
    if which.name == "dataset":
        from edgetag.dataset.stage import inputs_fingerprint

        inputs["source"] = inputs_fingerprint(recipe)
    if which.name == "bundle":
        from edgetag.bundling.sources import inputs_fingerprint as of_bundle

        inputs["source"] = of_bundle(recipe)
    return digest_json([settings_digest(which, recipe), _code_digest(which.package), inputs])


@cache
def _code_digest(package: str) -> str:
    """Digest the sources of a stage and of the contract that all stages share."""
    root = Path(__file__).parent
    digest = hashlib.sha256()
    shared = (root / "contract.py", root / "preprocess.py")
    sources = sorted(p for p in (root / package).rglob("*") if p.suffix in (".py", ".j2"))
    for path in [*sources, *shared]:
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
