"""A rescued file takes its variant's place, once pictures that did not choose it agree.

The rescue tried many files on the pictures that decide, so one may have passed there by luck. What
stands in `export/` is validated, benchmarked, reported and bundled like every other file.
"""

from collections.abc import Sequence

from edgetag.conversion.exported import exported_file, exported_path, read_exported
from edgetag.conversion.flatfile import parse_model
from edgetag.conversion.result import VariantRecord
from edgetag.conversion.stage import describe
from edgetag.dataset import Dataset, open_dataset
from edgetag.errors import InputError
from edgetag.machine import this_machine
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.rescue.judge import Judge
from edgetag.rescue.result import Adoption, RescueResult, Step
from edgetag.rescue.scoring import Runtime
from edgetag.runtimes import LoadFailure
from edgetag.workspace import Workspace
from edgetag.writing import write_bytes


def adopt(
    recipe: Recipe, workspace: Workspace, progress: Progress, rescued: RescueResult, split: str
) -> Adoption:
    """Judge the chosen file on another split, and put it into the variant's place if it passes.

    A file that is in that place already, of an earlier call that may have been killed, is judged
    as it lies there.

    Args:
        recipe: Its limits for the variant hold on that split too.
        workspace: Holds the rescue's file and the exported ones.
        progress: Is told of the scoring.
        rescued: What the rescue found.
        split: Whose pictures neither chose the file nor trained the network.

    Raises:
        InputError: The rescue chose nothing, or the split cannot judge it.
    """
    step = rescued.find(rescued.chosen)
    exported, _ = exported_file(workspace, rescued.variant)
    name = step.name if step is not None and step.layers else exported.rescued
    if step is None or not name:
        raise InputError(
            f"--adopt: the rescue of {rescued.variant} chose no file with layers in "
            f"{rescued.keep}, so there is none to adopt"
        )
    dataset = open_dataset(workspace)
    _require_other(dataset, split, rescued.split)
    file = workspace.verified_file(step.file, step.sha256)
    # The recipe's splits stay, behind the one that judges: the kept reference covers them all.
    splits = dict.fromkeys((split, *recipe.validation.splits))
    section = recipe.validation.replace(splits=tuple(splits))
    there = recipe.replace(validation=section)
    judge = Judge(there, workspace, dataset, rescued.variant, progress)
    runtime = Runtime(workspace, dataset, recipe.network.preprocessing(), this_machine())
    kept_at = workspace.rescue / "work" / "scores" / f"{name}-{split}.npz"
    scores = runtime.score_once(file, judge.rows, kept_at, progress)
    if isinstance(scores, LoadFailure):
        raise InputError(f"{file}: it does not run: {scores.kind}: {scores.reason}")
    accuracy = judge.accuracy(scores)
    adopted = accuracy.verdict == "pass"
    if adopted and step.layers:
        _put(workspace, rescued, step, file.read_bytes())
    result = Adoption.like(
        accuracy,
        variant=rescued.variant,
        step=name,
        chosen_on=rescued.split,
        split=split,
        images=len(judge.images),
        adopted=adopted,
    )
    result.write(workspace.rescue / f"{rescued.variant}-adopted.json")
    return result


def _require_other(dataset: Dataset, split: str, chosen_on: str) -> None:
    others = [name for name in dataset.splits() if name not in (chosen_on, "train")]
    if split not in others:
        why = {
            chosen_on: "its pictures chose the file",
            "train": "its pictures trained the network",
        }.get(split, "the data have no such split")
        raise InputError(
            f"--adopt {split}: {why}; take {_or(others)}"
            if others
            else f"--adopt {split}: {why}, and there is no other split; add pictures as test_…"
        )


def _or(names: Sequence[str]) -> str:
    return " or ".join(names)


def _put(workspace: Workspace, rescued: RescueResult, step: Step, data: bytes) -> None:
    """Write the file and what export says of it; its record last, as export does."""
    made = read_exported(workspace)
    record_file = workspace.export / f"{rescued.variant}.json"
    record = VariantRecord.read(record_file, "export")
    target = workspace.root / record.exported.file
    described = describe(parse_model(data, target), data, rescued.variant, target, workspace)
    described = described.replace(rescued=step.name)
    variants = tuple(
        described if variant.variant == rescued.variant else variant for variant in made.variants
    )
    write_bytes(target, data)
    record.replace(exported=described).write(record_file)
    made.replace(variants=variants).write(exported_path(workspace))


def describe_adoption(adoption: Adoption) -> str:
    """Say what became of it."""
    what = f"{adoption.step} on {adoption.images} images of {adoption.split}"
    if adoption.adopted:
        return (
            f"{what}: every limit is kept. It is now export/{adoption.variant}.tflite; "
            "run: edgetag run"
        )
    broken = [check.budget for check in adoption.checks if check.verdict != "pass"]
    reason = f" ({', '.join(dict.fromkeys(broken))})" if broken else ""
    return f"{what}: {adoption.verdict}{reason}, so export/{adoption.variant}.tflite stays as it is"
