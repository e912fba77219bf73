"""Ensembles among the judged files: what of them is scored already, and what they leave."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from edgetag.conversion.external import ExternalModel, Weighted
from edgetag.ensembles import Ensemble, Member
from edgetag.validation.inputs import Candidate
from edgetag.workspace import Workspace
from edgetag.writing import write_text


def shared_members(file: Candidate, files: Sequence[Candidate]) -> tuple[Weighted, ...]:
    """Return an ensemble's files; one that is judged by itself has its name, so scores are shared.

    Args:
        file: The ensemble, or a file, which has none.
        files: All that are judged.
    """
    return tuple(
        Weighted(_as_judged(member.model, files), member.weight) for member in file.members
    )


def _as_judged(model: ExternalModel, files: Sequence[Candidate]) -> ExternalModel:
    in_order = tuple(range(len(model.columns)))
    for file in files:
        same = (file.sha256, file.contract, file.columns or in_order)
        if not file.members and same == (model.sha256, model.contract, model.columns):
            return replace(model, name=file.variant)
    return model


def write_fitted(
    workspace: Workspace,
    external: Sequence[ExternalModel],
    thresholds: Mapping[str, Mapping[str, float]],
) -> None:
    """Write each ensemble's file anew beside the verdict, with digests and fitted thresholds."""
    for model in external:
        if not model.members:
            continue
        members = tuple(_member(member, workspace.validate) for member in model.members)
        described = Ensemble(models=members, thresholds=dict(thresholds[model.name]))
        write_text(workspace.validate / f"{model.name}.toml", described.to_toml())


def _member(member: Weighted, folder: Path) -> Member:
    """Name a file as a user does: where it lies in a bundle, the bundle."""
    file, variant = member.model.bundle or (member.model.path, None)
    return Member(
        file=os.path.relpath(file, folder),
        weight=member.weight,
        variant=variant,
        sha256=member.model.sha256,
    )
