"""From a run to what deserves a look: findings as a table, a page of pictures, and JSON."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from edgetag.dataset import open_dataset
from edgetag.dependencies import dependencies_of
from edgetag.errors import InputError
from edgetag.labels import UNKNOWN
from edgetag.mining.changed import changed
from edgetag.mining.features import features_of, origin_of
from edgetag.mining.float_scores import float_scores, near_thresholds
from edgetag.mining.pictures import with_pictures
from edgetag.mining.ranking import Candidate, Kin, ranked
from edgetag.mining.result import Finding, Kind, MineResult
from edgetag.mining.settings import FOLDS, MOST
from edgetag.mining.sheet import sheet
from edgetag.mining.subject import Subject
from edgetag.mining.suspicion import TagJudged, judge_labels
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.workspace import Workspace, atomic_write, write_text


def run(
    recipe: Recipe,
    workspace: Workspace,
    progress: Progress,
    *,
    pictures: Sequence[Path] = (),
    tags: Sequence[str] = (),
    most: int = MOST,
    folds: int = FOLDS,
) -> MineResult:
    """Look for labels that look wrong and pictures that are hard, and leave them in `mine/`.

    Args:
        recipe: Of the run.
        workspace: With data; what is of validation needs the reference scores too.
        progress: Is told of every tag.
        pictures: Files and folders of pictures without labels, which are looked at too.
        tags: Tags to look at; all where none is named.
        most: Most findings of one kind and tag.
        folds: Parts of the pictures, each judged by heads of the others.

    Returns:
        What is also `mine/mine.json`; `mine/findings.csv` has its findings, `mine/index.html`
        shows them.

    Raises:
        InputError: There is no data yet, no such tag or picture, or a network without weights.
    """
    dataset = open_dataset(workspace, recipe.network.input_size)
    names = dataset.vocabulary.names
    if unknown := [tag for tag in tags if tag not in names]:
        raise InputError(f"the data has no tag {unknown[0]!r}; it has: {', '.join(names)}")
    dataset = with_pictures(dataset, pictures, recipe, workspace, progress)
    rows = np.arange(len(dataset.manifest), dtype=np.int64)
    subject = Subject(
        dataset,
        tuple(name for name in names if not tags or name in tags),
        features_of(recipe, workspace, dataset, rows, progress),
    )
    judged: list[TagJudged] = []
    with progress.track("looking at labels", len(subject.tags), "tags") as task:
        for tag in subject.tags:
            judged.append(judge_labels(subject, tag, folds))
            task.advance(1, tag)
    lists: list[Sequence[Candidate]] = [each.suspects for each in judged]
    more, absent = _hard(recipe, workspace, subject, progress)
    lists += map(subject.unanswered, more)
    kin = Kin.over(dataset, subject.groups, recipe.data.near_duplicate_bits)
    candidates = ranked(lists, kin, most)
    result = MineResult(
        features=origin_of(recipe),
        folds=folds,
        tags=tuple(each.about for each in judged),
        findings=_findings(candidates, subject),
        absent=absent,
        versions=dependencies_of("edgetag.mining.stage").packages,
    )
    _write_table(result, workspace)
    shown = dataset.images(np.array([each.row for each in candidates], dtype=np.int64))
    write_text(workspace.mine / "index.html", sheet(result, shown))
    write_text(workspace.mine / "mine.json", result.to_json())
    return result


def _hard(
    recipe: Recipe, workspace: Workspace, subject: Subject, progress: Progress
) -> tuple[list[list[Candidate]], dict[Kind, str]]:
    """Return lists of pictures that are hard, and why some kinds have none."""
    lists: list[list[Candidate]] = []
    absent: dict[Kind, str] = {}
    try:
        scored = float_scores(recipe, workspace, subject, progress)
        lists += [near_thresholds(scored, tag, subject.column(tag)) for tag in subject.tags]
    except InputError as error:
        absent["near the threshold"] = str(error)
    try:
        changes = changed(workspace, subject.dataset)
        lists += [changes.get(tag, []) for tag in subject.tags]
    except InputError as error:
        absent["changed by compression"] = str(error)
    return lists, absent


def _findings(candidates: Sequence[Candidate], subject: Subject) -> tuple[Finding, ...]:
    manifest = subject.dataset.manifest
    findings = []
    for rank, each in enumerate(candidates, start=1):
        label = int(subject.labels[each.row, subject.column(each.tag)])
        findings.append(
            Finding(
                rank=rank,
                kind=each.kind,
                path=manifest["path"][each.row],
                identity=manifest["identity"][each.row],
                split=manifest["split"][each.row],
                tag=each.tag,
                label=None if label == UNKNOWN else label == 1,
                score=each.score,
                why=each.why,
            )
        )
    return tuple(findings)


def _write_table(result: MineResult, workspace: Workspace) -> None:
    """Write a row for each finding; a label is 1, 0 or empty there."""
    types: dict[object, type[pl.DataType]] = {int: pl.Int64, float: pl.Float64}
    types[bool | None] = pl.Boolean
    fields = Finding.model_fields.items()
    schema = {name: types.get(field.annotation, pl.String) for name, field in fields}
    values = [tuple(finding.model_dump().values()) for finding in result.findings]
    table = pl.DataFrame(values, schema=schema, orient="row")
    with atomic_write(workspace.mine / "findings.csv") as file:
        table.with_columns(pl.col("label").cast(pl.Int8)).write_csv(file)
