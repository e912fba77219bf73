"""From a run to what deserves a look: findings as a table, a page of pictures, and JSON."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from edgetag.dataset import Dataset, open_dataset
from edgetag.dependencies import dependencies_of
from edgetag.errors import InputError
from edgetag.labels import UNKNOWN, Labels
from edgetag.mining.features import Features, features_of, origin_of
from edgetag.mining.hard import changed, near_thresholds
from edgetag.mining.held_out import FOLDS, LEAST, held_out_probabilities, suspects
from edgetag.mining.ranking import Candidate, ranked
from edgetag.mining.result import Finding, Kind, MinedTag, MineResult
from edgetag.mining.sheet import sheet
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.workspace import Workspace, atomic_write, write_text

MOST = 20
"""Findings of one kind and tag, unless another number is asked for."""

COLUMNS = {
    "rank": pl.Int64,
    "kind": pl.String,
    "path": pl.String,
    "identity": pl.String,
    "split": pl.String,
    "tag": pl.String,
    "label": pl.Boolean,
    "score": pl.Float64,
    "why": pl.String,
}
"""Of `findings.csv`, the fields of `Finding`; a label is 1, 0 or empty there."""


def run(
    recipe: Recipe,
    workspace: Workspace,
    progress: Progress,
    *,
    tags: Sequence[str] = (),
    most: int = MOST,
    folds: int = FOLDS,
) -> MineResult:
    """Look for labels that look wrong and pictures that are hard, and leave them in `mine/`.

    Args:
        recipe: Of the run.
        workspace: With data; what is of validation needs the reference scores too.
        progress: Is told of every tag.
        tags: Tags to look at; all where none is named.
        most: Most findings of one kind and tag.
        folds: Parts of the pictures, each judged by heads of the others.

    Returns:
        What is also `mine/mine.json`; `mine/findings.csv` has its findings, `mine/index.html`
        shows them.

    Raises:
        InputError: There is no data yet, no such tag, or a network without weights.
    """
    dataset = open_dataset(workspace, recipe.network.input_size)
    names = dataset.vocabulary.names
    if unknown := [tag for tag in tags if tag not in names]:
        raise InputError(f"the data has no tag {unknown[0]!r}; it has: {', '.join(names)}")
    wanted = [name for name in names if not tags or name in tags]
    rows = np.arange(len(dataset.manifest), dtype=np.int64)
    labels, groups = dataset.labels(rows), dataset.groups(rows)
    features = features_of(recipe, workspace, dataset, rows, progress)
    mined: list[MinedTag] = []
    lists: list[list[Candidate]] = []
    with progress.track("looking at labels", len(wanted), "tags") as task:
        for tag in wanted:
            column = labels[:, names.index(tag)]
            about, doubtful = _suspects(tag, column, features, groups, folds)
            mined.append(about)
            lists.append(doubtful)
            task.advance(1, tag)
    absent: dict[Kind, str] = {}
    try:
        lists += near_thresholds(workspace, dataset, wanted)
    except InputError as error:
        absent["near the threshold"] = str(error)
    try:
        changes = changed(workspace, dataset)
        lists += [changes.get(tag, []) for tag in wanted]
    except InputError as error:
        absent["changed by compression"] = str(error)
    candidates = ranked(lists, groups, most)
    result = MineResult(
        features=origin_of(recipe),
        folds=folds,
        tags=tuple(mined),
        findings=_findings(candidates, dataset, labels),
        absent=absent,
        versions=dependencies_of("edgetag.mining.stage").packages,
    )
    _write_table(result, workspace)
    pictures = dataset.images(np.array([each.row for each in candidates], dtype=np.int64))
    write_text(workspace.mine / "index.html", sheet(result, pictures))
    write_text(workspace.mine / "mine.json", result.to_json())
    return result


def _suspects(
    tag: str, column: Labels, features: Features, groups: Sequence[str], folds: int
) -> tuple[MinedTag, list[Candidate]]:
    known = np.flatnonzero(column != UNKNOWN)
    labels = column[known] == 1
    about = MinedTag(tag=tag, labels=len(known), positives=int(labels.sum()))
    fewest = min(about.positives, about.labels - about.positives)
    if fewest < max(LEAST, folds):
        lacking = "have" if about.positives == fewest else "lack"
        reason = f"{fewest} pictures {lacking} it; {max(LEAST, folds)} are needed"
        return about.model_copy(update={"not_judged": reason}), []
    kin = [groups[row] for row in known.tolist()]
    probabilities = held_out_probabilities(features[known], labels, kin, folds)
    doubtful = [
        Candidate(
            "suspect label",
            int(known[place]),
            tag,
            float(probabilities[place]),
            f"models that never saw it say {probabilities[place]:.3f}",
        )
        for place in suspects(probabilities, labels).tolist()
    ]
    return about.model_copy(update={"suspects": len(doubtful)}), doubtful


def _findings(
    candidates: Sequence[Candidate], dataset: Dataset, labels: Labels
) -> tuple[Finding, ...]:
    manifest, names = dataset.manifest, dataset.vocabulary.names
    findings = []
    for rank, each in enumerate(candidates, start=1):
        label = int(labels[each.row, names.index(each.tag)])
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
    values = [tuple(finding.model_dump().values()) for finding in result.findings]
    table = pl.DataFrame(values, schema=COLUMNS, orient="row")
    with atomic_write(workspace.mine / "findings.csv") as file:
        table.with_columns(pl.col("label").cast(pl.Int8)).write_csv(file)
