"""What makes a stage out of date, and in which words.

A stage is up to date as long as the recipe's sections that it reads, the code that it runs, the
packages that it computes with and its inputs are what they were when it last began.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from edgetag.dataset.integrity import damaged_shards
from edgetag.dependencies import dependencies_of
from edgetag.errors import InputError
from edgetag.recipe import PLACES, Recipe
from edgetag.stages import STAGES, Stage, needs, value_at
from edgetag.workspace import Making, RunFile, StageRecord, Workspace, digest_file, digest_json

SOURCES = {
    "dataset": "labels or pictures",
    "train": "what training begins with or learns from",
    "narrow": "what teaches narrower networks",
    "prune": "what teaches pruned networks",
    "bundle": "attribution or golden pictures",
    "report": "attribution",
}
"""Stage → its inputs outside the run folder, as a user would call them."""

TAUGHT = ("train", "narrow", "prune")

WITHOUT_EFFECT = {"fresh"}
"""Options that change how a stage gets to what it leaves, not what that is."""


def settings_digest(which: Stage, recipe: Recipe) -> str:
    """Return a digest of the recipe's values that matter to a stage.

    Where the data lie is left out: what they are is in the fingerprint, and a run folder may be
    carried to another machine.
    """
    return digest_json(_settings(recipe, _keys(which)))


def _keys(which: Stage) -> tuple[str, ...]:
    return (*which.sections, "seed") if which.seeded else which.sections


def _settings(recipe: Recipe, keys: Iterable[str]) -> dict[str, Any]:
    values = recipe.model_dump(mode="json", exclude=PLACES)
    return {key: value_at(values, key) for key in keys}


def fingerprint(
    which: Stage, recipe: Recipe, run_file: RunFile, options: Mapping[str, Any] | None = None
) -> str:
    """Return a digest of everything that decides what a stage would leave."""
    return making(which, recipe, run_file, options).digest


def making(
    which: Stage, recipe: Recipe, run_file: RunFile, options: Mapping[str, Any] | None = None
) -> Making:
    """Return everything that decides what a stage would leave, as it is now."""
    inputs = _of_stages(which, recipe, run_file)
    for name, value in (options or {}).items():
        if value and name not in WITHOUT_EFFECT:
            is_file = isinstance(value, Path) and value.is_file()
            inputs[f"--{name}"] = digest_file(value) if is_file else digest_json(value)
    inputs |= _of_files(which, recipe)
    keys = tuple(Recipe.model_fields) if which.tells_recipe else _keys(which)
    used = dependencies_of(f"edgetag.{which.package}.{which.module}")
    done = run_file.stages.get(which.name)
    # A package that is not installed here cannot make it anew: what it was made with stands, and
    # a folder of another machine is judged by what this one has.
    before = done.making.packages if done and done.making else {}
    return Making(
        settings={key: digest_json(value) for key, value in _settings(recipe, keys).items()},
        code=used.code,
        packages={**before, **used.packages},
        inputs=inputs,
    )


def _of_stages(which: Stage, recipe: Recipe, run_file: RunFile) -> dict[str, str]:
    """Return digests of what the stages before a stage have left."""
    return {
        need: digest_json(run_file.stages[need].outputs)
        for need in needs(which, recipe)
        if need in run_file.stages
    }


def _of_files(which: Stage, recipe: Recipe) -> dict[str, str]:
    """Return the digest of a stage's inputs outside the run folder, by what users call them."""
    if which.name == "dataset":
        from edgetag.dataset.stage import inputs_fingerprint

        return {SOURCES["dataset"]: inputs_fingerprint(recipe)}
    if which.name in TAUGHT:
        from edgetag.training.inputs import inputs_fingerprint as of_training

        learns_from = of_training(recipe, which.name)
        return {SOURCES[which.name]: learns_from} if learns_from else {}
    if which.name == "bundle":
        from edgetag.bundling.sources import inputs_fingerprint as of_bundle

        return {SOURCES["bundle"]: of_bundle(recipe)}
    if which.name == "report":
        from edgetag.dataset.attribution import attribution_file

        stated = attribution_file(recipe)
        return {SOURCES["report"]: digest_file(stated)} if stated and stated.is_file() else {}
    return {}


def older_inputs(which: Stage, recipe: Recipe, run_file: RunFile) -> list[str]:
    """Return which inputs of a finished stage are others by now: stages, or names of `SOURCES`.

    What it had and is not here, such as the pictures of another machine, is none of them.
    """
    made = run_file.stages[which.name].making
    if made is None:
        return []
    now = _of_stages(which, recipe, run_file)
    with suppress(InputError):
        now |= _of_files(which, recipe)
    return [name for name, digest in now.items() if made.inputs.get(name, digest) != digest]


def why_again(done: StageRecord, now: Making, workspace: Workspace) -> str:
    """Return why a stage that has finished once must run again; empty where it must not."""
    if done.fingerprint != now.digest:
        if done.making is None:
            return "it was made by an edgetag that kept no account of what it used"
        return "; ".join(_differences(done.making, now))
    if files := touched(done, workspace):
        return f"missing or changed: {', '.join(files)}"
    others = _changed(done.taken_in, taken_in(done.taken_in, workspace))
    return f"new or changed: {', '.join(others)}" if others else ""


def taken_in(names: Iterable[str], workspace: Workspace) -> dict[str, str]:
    """Return the digests of files that no stage leaves; empty for one that is not there."""
    paths = {name: workspace.root / name for name in names}
    return {name: digest_file(path) if path.is_file() else "" for name, path in paths.items()}


def touched(done: StageRecord, workspace: Workspace) -> list[str]:
    """Return the outputs of a stage that do not lie there as it left them."""
    files = [
        name
        for name, digest in done.outputs.items()
        if not (workspace.root / name).is_file() or digest_file(workspace.root / name) != digest
    ]
    if not files and workspace.relative(workspace.cache / "index.json") in done.outputs:
        files = [workspace.relative(shard) for shard in damaged_shards(workspace.cache)]
    return files


def _differences(before: Making, now: Making) -> list[str]:
    reasons = []
    if keys := _changed(before.settings, now.settings):
        reasons.append(f"the recipe's {', '.join(keys)} changed")
    if before.code != now.code:
        reasons.append("edgetag's code changed")
    reasons += [
        f"{name} {before.packages.get(name, 'unused')} → {now.packages.get(name, 'unused')}"
        for name in _changed(before.packages, now.packages)
    ]
    inputs = _changed(before.inputs, now.inputs)
    stages = [key for key in inputs if key in {each.name for each in STAGES}]
    if stages:
        reasons.append(f"what {', '.join(stages)} left changed")
    return reasons + [f"{key} changed" for key in inputs if key not in stages]


def _changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return [key for key in {**before, **now} if before.get(key) != now.get(key)]
