"""Only the hottest part is covered, always alike, and what may be gone is no longer a label."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgetag.dataset import open_dataset
from edgetag.mining.erasing import Erased, hottest, noisy, staying, write_erased
from edgetag.mining.subject import Subject
from edgetag.workspace import Workspace
from tests.support.run_folders import noisy_pictures
from tests.support.tiny_run import RunFolder, make_run_folder

SIDE = 64
THRESHOLDS = np.array([0.5, 0.5, 0.5], np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return make_run_folder(tmp_path_factory.mktemp("run"))


def test_of_two_hot_parts_the_one_with_the_peak_is_covered() -> None:
    values = np.full((4, 4), 0.05, np.float32)
    values[0, 0] = values[0, 1] = 0.9
    values[3, 3] = 0.8
    covered = hottest(values, SIDE)
    assert covered.sum() == 2 * 16 * 16
    assert covered[:16, :32].all()


def test_a_sure_map_has_a_hottest_part_too() -> None:
    values = np.ones((3, 3), np.float32)
    values[1, 1] = 0.2
    covered = hottest(values, 96)
    assert not covered[32:64, 32:64].any()
    assert covered.sum() == 8 * 32 * 32


def test_noise_lies_in_the_part_alone_and_is_the_same_each_time() -> None:
    (picture,) = noisy_pictures(1)
    part = np.zeros((SIDE, SIDE), bool)
    part[10:30, 20:40] = True
    once, again = (noisy(picture, part, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(once, again)
    assert np.array_equal(once[~part], picture[~part])
    assert (once[part] != picture[part]).mean() > 0.9


def erased(row: int, column: int, after: tuple[float, float, float]) -> Erased:
    return Erased(
        row=row,
        tag=("cat", "dog", "food")[column],
        column=column,
        before=np.full(3, 0.9, np.float32),
        after=np.array(after, np.float32),
        pixels=np.zeros((SIDE, SIDE, 3), np.uint8),
        share=0.25,
    )


def test_a_finding_is_a_tag_that_stays_the_surest_first() -> None:
    covered = [erased(1, 0, (0.6, 0, 0)), erased(2, 0, (0.4, 0, 0)), erased(3, 0, (0.8, 0, 0))]
    (stay,) = staying(covered, THRESHOLDS).values()
    assert [(each.row, each.tag) for each in stay] == [(3, "cat"), (1, "cat")]
    assert "0.900, and 0.800 with the hottest 25 %" in stay[0].why


def test_no_stays_no_and_yes_stays_only_where_it_is_still_seen(
    folder: RunFolder, tmp_path: Path
) -> None:
    dataset = open_dataset(folder.workspace)
    subject = Subject(dataset, ("cat",), np.zeros((len(dataset.manifest), 2), np.float32))
    workspace = Workspace(tmp_path)
    rows = [int(np.flatnonzero(subject.labels[:, 0] == label)[0]) for label in (1, 0, -1)]
    write_erased([erased(1, 2, (1, 1, 1))], subject, THRESHOLDS, workspace)
    write_erased(
        [erased(row, 0, (after, 1, 1)) for row in rows for after in (0.6, 0.4)],
        subject,
        THRESHOLDS,
        workspace,
    )
    text = (tmp_path / "mine/erased/labels.csv").read_text()
    table = list(csv.DictReader(text.splitlines()))
    assert [row["cat"] for row in table] == ["1", "", "0", "0", "", ""]
    assert {row["split"] for row in table} == {"train"}
    assert [row["group"] for row in table][::2] == [subject.groups[row] for row in rows]
    assert not (tmp_path / "mine/erased/1-2.png").exists(), "what an earlier call wrote"
    for row in table:
        with Image.open(tmp_path / "mine" / row["path"]) as picture:
            assert picture.size == (SIDE, SIDE)
