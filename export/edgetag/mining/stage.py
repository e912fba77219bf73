"""From a run to what deserves a look: findings as a table, a page of pictures, and JSON."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from edgetag.dataset import open_dataset
from edgetag.dependencies import dependencies_of
from edgetag.errors import InputError
from edgetag.label_noise.features import features_of, origin_of
from edgetag.label_noise.settings import FOLDS
from edgetag.labels import UNKNOWN
from edgetag.mining.changed import changed
from edgetag.mining.disagreement import disagreements
from edgetag.mining.erasing import Erased, erase, staying, write_erased
from edgetag.mining.float_model import FloatModel, open_model
from edgetag.mining.float_scores import float_scores, near_thresholds, out_of_date, read_thresholds
from edgetag.mining.neighbours import far_from_training, like_hits
from edgetag.mining.pictures import with_pictures
from edgetag.mining.questions import write_questions
from edgetag.mining.ranking import Candidate, Kin, ranked
from edgetag.mining.result import Finding, Kind, MineResult, Sensitivity
from edgetag.mining.sensitivity import sensitivity
from edgetag.mining.settings import MOST
from edgetag.mining.sheet import sheet
from edgetag.mining.subject import Subject
from edgetag.mining.suspicion import TagJudged, judge_labels
from edgetag.mining.thumbnails import thumbnails
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.workspace import Workspace
from edgetag.writing import atomic_write, write_text

OF_SCORES: tuple[Kind, ...] = ("near the threshold", "models disagree", "far from training")
"""Kinds that need scores of the float model."""


def run(
    recipe: Recipe,
    workspace: Workspace,
    progress: Progress,
    *,
    pictures: Sequence[Path] = (),
    tags: Sequence[str] = (),
    most: int = MOST,
    folds: int = FOLDS,
    erased: int = 0,
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
        erased: Most pictures of each tag of which the hottest part is covered, to look again.

    Returns:
        What is also `mine/mine.json`; `mine/findings.csv` has its findings, `mine/index.html`
        shows them, `mine/questions.csv` has whole pictures by what answers teach, `mine/erased/`
        has covered pictures with their labels.

    Raises:
        InputError: There is no data yet, no such tag or picture, a network without weights, or
            without heat maps where pictures are to be erased.
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
    model = open_model(recipe, workspace)
    lists: list[Sequence[Candidate]] = [each.suspects for each in judged]
    more, absent = _hard(model, workspace, subject, judged, progress)
    lists += map(subject.unanswered, more)
    covered: list[Erased] = []
    if erased:
        covered, stay = _erase(model, workspace, subject, erased, recipe.seed, progress)
        lists += stay.values()
    kin = Kin.over(dataset, subject.groups, recipe.data.near_duplicate_bits)
    candidates = ranked(lists, kin, most)
    notes = list(_notes(model, recipe))
    if "near the threshold" not in absent:  # else nobody could read them, and that is told
        notes += out_of_date(workspace)
    verdicts: tuple[Sensitivity, ...] = ()
    doubtful = {each.about.tag: each.suspect_rows for each in judged}
    try:
        verdicts = sensitivity(recipe, workspace, dataset, doubtful)
    except InputError as error:
        notes.append(f"no verdict to judge again: {error}")
    result = MineResult(
        features=origin_of(recipe),
        folds=folds,
        tags=tuple(each.about for each in judged),
        findings=_findings(candidates, subject),
        erased=len(covered) if erased else None,
        sensitivity=verdicts,
        absent=absent,
        notes=tuple(notes),
        versions=dependencies_of("edgetag.mining.stage").packages,
    )
    _write_table(result, workspace)
    progress.say("looking for pictures that are worth asking about")
    write_questions(subject, workspace, folds)
    maps = model if isinstance(model, FloatModel) and model.has_maps else None
    beside = {(each.row, each.tag): each.pixels for each in covered}
    page = sheet(result, thumbnails(candidates, subject, maps, beside))
    write_text(workspace.mine / "index.html", page)
    result.write(workspace.mine / "mine.json")
    return result


def _hard(
    model: FloatModel | str,
    workspace: Workspace,
    subject: Subject,
    judged: Sequence[TagJudged],
    progress: Progress,
) -> tuple[list[list[Candidate]], dict[Kind, str]]:
    """Return lists of pictures that are hard or new, and why some kinds have none."""
    lists: list[list[Candidate]] = []
    absent: dict[Kind, str] = {}
    try:
        scored = float_scores(model, workspace, subject, progress)
    except InputError as error:
        absent |= dict.fromkeys(OF_SCORES, str(error))
    else:
        lists += [near_thresholds(scored, tag, subject.column(tag)) for tag in subject.tags]
        lists += [disagreements(subject, scored, each) for each in judged]
        try:
            lists += far_from_training(subject, scored).values()
        except InputError as error:
            absent["far from training"] = str(error)
    try:
        lists += changed(workspace, subject.dataset, subject.tags).values()
    except InputError as error:
        absent["changed by compression"] = str(error)
    with progress.track("looking for pictures like hits", len(judged), "tags") as task:
        for each in judged:
            lists.append(like_hits(subject, each))
            task.advance(1, each.about.tag)
    return lists, absent


def _erase(
    model: FloatModel | str,
    workspace: Workspace,
    subject: Subject,
    most: int,
    seed: int,
    progress: Progress,
) -> tuple[list[Erased], dict[str, list[Candidate]]]:
    """Cover pictures and write them; return them, and by tag those that keep the tag."""
    if isinstance(model, str):
        raise InputError(model)
    if not model.has_maps:
        raise InputError("this network has no heat maps, so nothing tells what to erase")
    thresholds = read_thresholds(workspace, subject.dataset.vocabulary.names)
    erased = erase(model, subject, thresholds, most, seed, progress)
    write_erased(erased, subject, thresholds, workspace)
    return erased, staying(erased, thresholds)


def _notes(model: FloatModel | str, recipe: Recipe) -> tuple[str, ...]:
    if isinstance(model, str):
        return (f"no heat maps: {model}",)
    return () if model.has_maps else (f"no heat maps: {recipe.network.name} has none",)


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
