"""A run is mined: findings as a table, a page and JSON, and nothing else in it changes."""

import csv
import io
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from edgetag.dataset.answers import read_answers
from edgetag.errors import InputError
from edgetag.mining.result import KINDS, MineResult
from edgetag.progress import SilentProgress
from edgetag.training.result import Thresholds
from edgetag.validation import stage as validation
from edgetag.workspace import RunFile, digest_file
from edgetag.writing import write_text
from tests.support.commands import invoked
from tests.support.run_folders import noisy_pictures
from tests.support.tiny_run import RunFolder, make_run_folder

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A validated run, its recipe beside it."""
    folder = make_run_folder(tmp_path_factory.mktemp("judged"))
    validation.run(folder.recipe, folder.workspace, SilentProgress(), folder.reference_file())
    return folder


def mine(folder: RunFolder, **options: object) -> MineResult:
    from edgetag.mining.stage import run

    return run(folder.recipe, folder.workspace, SilentProgress(), **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def mined(judged: RunFolder) -> MineResult:
    return mine(judged, most=5)


@pytest.fixture(scope="module")
def trained(judged: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """The run with weights that can be loaded, which set every tag.

    Its reference scores are of the tiny model.
    """
    from edgetag.networks import build, save_weights

    folder = judged.copy(tmp_path_factory.mktemp("trained") / "run")
    save_weights(build(folder.recipe.network, 3), folder.workspace.train / "model.npz")
    file = folder.workspace.train / "thresholds.json"
    low = dict.fromkeys(folder.thresholds, 0.001)
    thresholds = Thresholds.read(file, "train").replace(thresholds=low)
    thresholds.write(file)
    return folder


@pytest.fixture(scope="module")
def pictures(judged: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty pictures that nobody has labelled, one twice, one that is none, one hidden."""
    folder = tmp_path_factory.mktemp("pictures")
    for number, pixels in enumerate(noisy_pictures(30, seed=9)):
        Image.fromarray(pixels).save(folder / f"{number:02d}.png")
    shutil.copy(folder / "00.png", folder / "again.png")
    (folder / "broken.png").write_bytes(b"no picture")
    shutil.copy(folder / "01.png", folder / ".hidden.png")
    return folder


def digests(root: Path) -> dict[Path, str]:
    kept = (path for path in root.rglob("*") if path.is_file() and "mine" not in path.parts)
    return {path: digest_file(path) for path in kept}


def test_every_kind_is_looked_for_and_most_bounds_each_tag(mined: MineResult) -> None:
    assert mined.absent == {}
    assert mined.kinds.keys() == set(KINDS)
    assert mined.kinds["near the threshold"] == 3 * 5
    assert [finding.rank for finding in mined.findings] == list(range(1, len(mined.findings) + 1))
    assert mined.features == "pretrained"
    assert {"cleanlab", "scikit-learn", "tensorflow"} <= mined.versions.keys()


def test_the_table_has_the_findings_row_by_row(judged: RunFolder, mined: MineResult) -> None:
    text = (judged.workspace.mine / "findings.csv").read_text()
    rows = list(csv.DictReader(io.StringIO(text)))
    labels = {"1": True, "0": False, "": None}
    assert [
        (int(row["rank"]), row["kind"], row["path"], row["tag"], labels[row["label"]])
        for row in rows
    ] == [(each.rank, each.kind, each.path, each.tag, each.label) for each in mined.findings]
    assert MineResult.read(judged.workspace.mine / "mine.json", "mine") == mined


def test_the_table_is_one_of_answers_in_which_a_person_fills_in_labels(
    judged: RunFolder, mined: MineResult
) -> None:
    table = judged.workspace.mine / "findings.csv"
    answers = read_answers(table, judged.recipe.data.vocabulary())
    assert [(each.identity, each.path, each.tag) for each in answers] == [
        (each.identity, each.path, each.tag) for each in mined.findings
    ]
    labels = [None if each.label is None else int(each.label) for each in mined.findings]
    assert [each.label for each in answers] == labels


def test_the_page_shows_each_finding(judged: RunFolder, mined: MineResult) -> None:
    page = (judged.workspace.mine / "index.html").read_text()
    assert page.count("<img ") == len(mined.findings)
    (note,) = mined.notes
    assert note.startswith("no heat maps"), "the tiny run's weights are none"
    assert page.count(' src="') == page.count(' src="data:image/webp;base64,')


def test_beside_each_picture_is_where_the_network_sees_the_tag(trained: RunFolder) -> None:
    result = mine(trained, most=3)
    (note,) = result.notes
    assert "reference.npz: scores of another float model than" in note, "those of the tiny model"
    page = (trained.workspace.mine / "index.html").read_text()
    assert page.count("<img ") == 2 * len(result.findings)
    assert page.count(' src="') == page.count(' src="data:image/webp;base64,')


def test_covered_pictures_are_written_with_labels_that_the_data_stage_reads(
    trained: RunFolder,
) -> None:
    result = mine(trained, most=3, erased=4)
    table = pl.read_csv(trained.workspace.mine / "erased" / "labels.csv")
    assert result.erased == len(table) > 0
    assert table.columns == ["path", "split", "group", "cat", "dog", "food"]
    assert all((trained.workspace.mine / path).exists() for path in table["path"])
    stay = [each for each in result.findings if each.kind == "stays when erased"]
    page = (trained.workspace.mine / "index.html").read_text()
    assert page.count("<img ") == 2 * len(result.findings) + len(stay)


def test_a_network_that_cannot_be_asked_erases_nothing(judged: RunFolder) -> None:
    with pytest.raises(InputError, match="weights of another model"):
        mine(judged, erased=1)


def test_verdicts_are_judged_again_as_if_suspects_were_wrong(
    judged: RunFolder, mined: MineResult
) -> None:
    assert [each.variant for each in mined.sensitivity] == ["fp32", "int8"]
    turned = [sum(tag.to_no + tag.to_yes for tag in each.tags) for each in mined.sensitivity]
    assert len(set(turned)) == 1, "the same labels, whatever the file"
    assert turned[0] <= sum(about.suspects or 0 for about in mined.tags)


def test_nothing_but_its_own_folder_changes_and_features_are_kept(
    judged: RunFolder, mined: MineResult
) -> None:
    before = digests(judged.workspace.root)
    features = judged.workspace.mine / "features.npz"
    written = features.stat().st_mtime_ns
    assert mine(judged, most=5) == mined
    assert digests(judged.workspace.root) == before
    assert features.stat().st_mtime_ns == written


def test_features_that_are_damaged_are_made_again(judged: RunFolder, mined: MineResult) -> None:
    features = judged.workspace.mine / "features.npz"
    features.write_bytes(features.read_bytes()[:1000])
    assert mine(judged, most=5) == mined


def test_without_a_verdict_labels_are_judged_and_the_rest_is_said_to_be_absent(
    judged: RunFolder, mined: MineResult, tmp_path: Path
) -> None:
    folder = judged.unjudged(tmp_path / "unjudged")
    result = mine(folder, most=5)
    from edgetag.mining.stage import OF_SCORES

    assert result.absent.keys() == {*OF_SCORES, "changed by compression"}
    assert all("edgetag validate" in reason for reason in result.absent.values())
    assert result.tags == mined.tags
    assert {finding.kind for finding in result.findings} <= {
        "suspect label",
        "like a confirmed hit",
    }
    assert result.sensitivity == ()
    assert any("no verdict to judge again" in note for note in result.notes)


def test_a_tag_that_few_pictures_have_is_not_judged_and_the_reason_is_told(
    judged: RunFolder, tmp_path: Path
) -> None:
    folder = judged.copy(tmp_path / "rare")
    manifest = pl.read_parquet(folder.workspace.manifest)
    rare = pl.Series("tag:cat", np.arange(len(manifest)) < 7).cast(pl.Int8)
    manifest.with_columns(rare).write_parquet(folder.workspace.manifest)
    result = mine(folder, tags=("cat",))
    (cat,) = result.tags
    assert (cat.suspects, cat.positives) == (None, 7)
    assert cat.not_judged == "7 pictures have it; 20 are needed"


def test_tags_of_a_single_group_are_not_judged_and_the_reason_is_told(
    judged: RunFolder, tmp_path: Path
) -> None:
    folder = judged.copy(tmp_path / "kin")
    manifest = pl.read_parquet(folder.workspace.manifest)
    manifest.with_columns(pl.lit("one session").alias("group")).write_parquet(
        folder.workspace.manifest
    )
    result = mine(folder, tags=("cat",))
    (cat,) = result.tags
    assert cat.suspects is None
    assert cat.not_judged == "its pictures are all of one group, which is held out together"


def test_a_tag_that_the_data_lacks_is_refused(judged: RunFolder) -> None:
    with pytest.raises(InputError, match="the data has no tag 'horse'; it has: cat, dog, food"):
        mine(judged, tags=("horse",))


def test_the_command_takes_a_run_folder_and_says_where_the_page_lies(
    judged: RunFolder, mined: MineResult, tmp_path: Path
) -> None:
    folder = judged.copy(tmp_path / "run")
    kept = folder.recipe.model_dump(mode="json")
    text = RunFile(name="tiny", recipe=kept, seed=1, versions={}).to_json()
    write_text(folder.workspace.run_file, text)
    code, printed = invoked("mine", str(folder.workspace.root), "--most", "2", "--tag", "dog")
    assert code == 0, printed
    assert f"page: {folder.workspace.mine / 'index.html'}" in printed
    result = MineResult.read(folder.workspace.mine / "mine.json", "mine")
    assert result.tags == tuple(about for about in mined.tags if about.tag == "dog")


def test_pictures_without_labels_are_looked_at_too(trained: RunFolder, pictures: Path) -> None:
    result = mine(trained, pictures=[pictures], most=300, tags=("cat",))
    new = [each for each in result.findings if each.split == "new"]
    kinds = {"near the threshold", "models disagree", "far from training", "like a confirmed hit"}
    assert {"near the threshold", "like a confirmed hit"} <= {each.kind for each in new} <= kinds
    assert {each.path for each in new} == {str(pictures / f"{i:02d}.png") for i in range(30)}
    assert {each.label for each in new} == {None}
    assert all(0 <= each.score <= 1 for each in new)


def test_a_picture_without_a_label_changes_no_judgement_of_labels(
    trained: RunFolder, mined: MineResult, pictures: Path
) -> None:
    assert mine(trained, pictures=[pictures / "03.png"]).tags == mined.tags


def test_pictures_that_are_missing_are_refused(judged: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file or folder"):
        mine(judged, pictures=[tmp_path / "none"])
    with pytest.raises(InputError, match="no picture in it"):
        mine(judged, pictures=[tmp_path])


def test_what_people_have_answered_is_not_asked_again(
    judged: RunFolder, mined: MineResult, tmp_path: Path
) -> None:
    folder = judged.copy(tmp_path / "answered")
    manifest = pl.read_parquet(folder.workspace.manifest)
    about = {(each.identity, each.tag) for each in mined.findings if each.rank % 2}
    lists = [
        [tag for tag in ("cat", "dog", "food") if (identity, tag) in about]
        for identity in manifest["identity"].to_list()
    ]
    answered = pl.Series("answered", lists, dtype=pl.List(pl.String))
    manifest.with_columns(answered).write_parquet(folder.workspace.manifest)
    result = mine(folder, most=5)
    assert not about & {(each.identity, each.tag) for each in result.findings}
    assert result.kinds.keys() == mined.kinds.keys()
