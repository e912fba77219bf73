"""The float model's decisions are read from what validation keeps, matched by the images' names."""

from pathlib import Path

import numpy as np
import pytest

from edgetag.errors import InputError
from edgetag.reporting.float_model import read_float_model
from edgetag.validation.scores import ReferenceMeta, ReferenceScores, write_reference
from edgetag.workspace import Workspace
from tests.reporting.page_factory import LABELS, SCORES, TAGS, make_verdict
from tests.support.run_folders import write_cache, write_manifest

NAMES = tuple(f"id{row}" for row in range(len(LABELS)))
META = ReferenceMeta(
    engine="TensorFlow", device="elsewhere", versions={}, weights_sha256="0", preprocessing="0"
)


def keep_scores(workspace: Workspace, rows: list[int], tags: tuple[str, ...] = TAGS) -> None:
    scores = ReferenceScores(
        scores=SCORES[rows],
        identities=tuple(NAMES[row] for row in rows),
        tags=tags,
        split=("test",) * len(rows),
        meta=META,
    )
    write_reference(workspace.validate / "reference.npz", scores)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A run folder whose images lie behind five training images."""
    found = Workspace(tmp_path)
    labels = np.concatenate([np.ones((5, len(TAGS)), dtype=np.int8), LABELS])
    known = {tag: [None if v < 0 else int(v) for v in labels[:, at]] for at, tag in enumerate(TAGS)}
    names = [*(f"train{row}" for row in range(5)), *NAMES]
    splits = ["train"] * 5 + ["test"] * len(LABELS)
    write_cache(found.cache, np.zeros((len(names), 8, 8, 3), dtype=np.uint8))
    paths = [f"{name}.png" for name in names]
    write_manifest(found, splits, known, identities=names, paths=paths)
    return found


def test_scores_are_matched_by_name_and_held_against_the_reference_s_thresholds(
    workspace: Workspace,
) -> None:
    keep_scores(workspace, list(reversed(range(len(LABELS)))))
    model = read_float_model(workspace, make_verdict())
    assert model
    assert model.measured.scores == pytest.approx(SCORES)
    assert model.measured.split.labels.tolist() == LABELS.tolist()
    assert model.measured.thresholds[:3] == pytest.approx(0.401)
    assert model.rows.tolist() == list(range(5, 5 + len(LABELS)))
    assert model.paths[0] == "id0.png"
    assert not model.exclusive.any(), "the training images have all tags together"


def test_images_without_kept_scores_are_left_out(workspace: Workspace) -> None:
    keep_scores(workspace, [3, 1, 10])
    model = read_float_model(workspace, make_verdict())
    assert model
    assert model.rows.tolist() == [6, 8, 15]


def test_without_scores_images_or_a_judged_file_there_is_nothing_to_show(
    workspace: Workspace,
) -> None:
    assert read_float_model(workspace, make_verdict()) is None
    keep_scores(workspace, [0])
    assert read_float_model(workspace, make_verdict().replace(variants=())) is None
    (workspace.cache / "index.json").unlink()
    assert read_float_model(workspace, make_verdict()) is None


def test_scores_for_other_tags_are_refused(workspace: Workspace) -> None:
    keep_scores(workspace, [0, 1], ("a", "b", "c", "d"))
    with pytest.raises(InputError, match="for other tags"):
        read_float_model(workspace, make_verdict())
