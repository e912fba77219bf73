"""Expected errors of a rule follow from judged pictures; where these tell nothing, nor does it."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.stats import binomtest
from typer.testing import CliRunner, Result

from edgetag.bundling.opening import read_bundle
from edgetag.bundling.released import read_released, released_verdict
from edgetag.cli.app import app
from edgetag.errors import InputError
from edgetag.progress import SilentProgress
from edgetag.screening.expected import Rates, Share, rates_of
from edgetag.screening.known import read_known
from edgetag.screening.rules import parse_rule
from edgetag.screening.tagged import Tagged
from edgetag.screening.truth import UnscoredError, truth_of
from edgetag.validation import stage
from edgetag.validation.judged import Judged, read_judged
from edgetag.validation.proportions import share_design_effect, share_interval
from edgetag.validation.result import Verdict
from edgetag.workspace import RunFile, Workspace
from tests.support.made_bundle import resealed, unpack
from tests.support.paths import RELEASED
from tests.support.run_folders import write_manifest
from tests.support.tiny_run import TAGS, TEST, RunFolder, make_run_folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A validated run folder."""
    run = make_run_folder(tmp_path_factory.mktemp("judged"))
    recipe = run.with_recipe("[benchmark]\nruns = 20\n")
    stage.run(recipe, run.workspace, SilentProgress(), reference=run.reference_file())
    run_file = RunFile(name="tiny", recipe=recipe.model_dump(mode="json"), seed=1, versions={})
    run_file.write(run.workspace.run_file)
    return run


@pytest.fixture(scope="module")
def judged(run: RunFolder) -> Judged:
    return read_judged(run.workspace, "int8")


@pytest.fixture(scope="module")
def bundle(run: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle with that run's verdict."""
    verdict = Verdict.read(run.workspace.validate / "verdict.json", "validate")
    path = tmp_path_factory.mktemp("bundle") / "tiny.zip"
    path.write_bytes(
        resealed({**unpack(RELEASED), "verdict.json": released_verdict(verdict).encode()})
    )
    return path


def table(judged: Judged, threshold: float | None = None) -> Tagged:
    """Return what `edgetag tag` makes of the judged pictures with that file."""
    thresholds = {tag.tag: tag.threshold for tag in judged.entry.tags}
    scores = dict(zip(TAGS, judged.scores.T, strict=True))
    return Tagged(
        paths=tuple(f"{number}.png" for number in range(TEST)),
        sha256=("0" * 64,) * TEST,
        readable=np.ones(TEST, dtype=bool),
        scores=scores,
        is_set={tag: scores[tag] >= np.float32(threshold or thresholds[tag]) for tag in TAGS},
    )


def rates(judged: Judged, text: str, path: Path, variant: str = "int8") -> Rates | str:
    return rates_of(parse_rule(text, TAGS), table(judged), path, variant)


@pytest.mark.slow
def test_a_tag_alone_is_as_wrong_as_the_verdict_says(run: RunFolder, judged: Judged) -> None:
    for tag in judged.entry.tags:
        answer = rates(judged, tag.tag, run.workspace.root)
        assert isinstance(answer, Rates)
        assert (answer.recall.value, answer.fpr.value) == (tag.recall, tag.fpr)
        assert (answer.recall.total, answer.fpr.total) == (tag.positives, tag.negatives)


def test_a_bundle_counts_what_its_run_folder_has(
    run: RunFolder, judged: Judged, bundle: Path
) -> None:
    by_hundredths = ("cat > 0.65", "cat < 0.07", "not (0.3 <= cat)", "cat or cat > 0.4")
    for text in ("cat", "not dog", *by_hundredths):
        here, there = rates(judged, text, run.workspace.root), rates(judged, text, bundle)
        assert isinstance(here, Rates)
        assert isinstance(there, Rates)
        assert (here.recall.hits, here.recall.total) == (there.recall.hits, there.recall.total)
        assert (here.fpr.hits, here.fpr.total) == (there.fpr.hits, there.fpr.total)


@pytest.mark.parametrize(
    ("text", "lacking"),
    [("cat > 0.505", "the limit 0.505"), ("cat and dog > 0.5", "a rule of several tags")],
)
def test_a_bundle_says_nothing_of_limits_between_hundredths_and_of_several_tags(
    judged: Judged, bundle: Path, text: str, lacking: str
) -> None:
    answer = str(rates(judged, text, bundle))
    assert "at its threshold and at hundredths of a score" in answer
    assert f"{lacking} takes the run folder" in answer


def test_a_tag_that_no_judged_picture_has_is_told_as_that_whatever_the_limit(
    judged: Judged,
) -> None:
    for text in ("nsfw > 0.65", "nsfw > 0.655"):
        answer = rates_of(parse_rule(text, ("nsfw",)), table(judged), RELEASED)
        assert str(answer).startswith("it is true for 0 of the judged pictures")


def test_a_bundle_of_before_the_curves_knows_thresholds_alone(
    judged: Judged, bundle: Path, tmp_path: Path
) -> None:
    files = unpack(bundle)
    verdict = json.loads(files["verdict.json"])
    for entry in verdict["variants"]:
        for tag in entry["tags"]:
            del tag["curve"]
    path = tmp_path / "old.zip"
    path.write_bytes(resealed({**files, "verdict.json": json.dumps(verdict).encode()}))
    answer = rates(judged, "cat > 0.51", path)
    assert "counts errors by tag at its threshold; the limit 0.51 takes" in str(answer)
    assert rates(judged, "cat", path) == rates(judged, "cat", bundle)


def test_a_rule_is_judged_picture_by_picture(run: RunFolder, judged: Judged) -> None:
    answer = rates(judged, "cat > 0.6 and not dog", run.workspace.root)
    cat, dog = judged.labels[:, 0], judged.labels[:, 1]
    set_dog = judged.scores[:, 1] >= np.float32(judged.entry.tags[1].threshold)
    holds = (judged.scores[:, 0] > np.float32(0.6)) & ~set_dog
    true, false = (cat == 1) & (dog == 0), (cat == 0) | (dog == 1)
    assert isinstance(answer, Rates)
    assert (answer.recall.hits, answer.recall.total) == ((holds & true).sum(), true.sum())
    assert (answer.fpr.hits, answer.fpr.total) == ((holds & false).sum(), false.sum())
    assert true.sum() + false.sum() < TEST  # what is unknown is left out


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", [1, 1, 1, 0, 0, 0, -1]),
        ("a > 0.9", [1, 1, 1, 0, 0, 0, -1]),
        ("0.9 <= a", [1, 1, 1, 0, 0, 0, -1]),
        ("a < 0.1", [0, 0, 0, 1, 1, 1, -1]),
        ("not b", [0, 1, -1, 0, 1, -1, -1]),
        ("a and b", [1, 0, -1, 0, 0, 0, -1]),
        ("a or b", [1, 1, 1, 1, 0, -1, -1]),
    ],
)
def test_truth_knows_what_labels_leave_open(text: str, expected: list[int]) -> None:
    labels = {
        "a": np.array([1, 1, 1, 0, 0, 0, -1], dtype=np.int8),
        "b": np.array([1, 0, -1, 1, 0, -1, -1], dtype=np.int8),
    }
    assert truth_of(parse_rule(text, ("a", "b")), labels).tolist() == expected


@pytest.mark.parametrize("text", ["a > b", "0.2 < a < 0.8"])
def test_where_no_label_tells_what_is_right_nothing_is_said(text: str) -> None:
    labels = dict.fromkeys("ab", np.array([1, 0], dtype=np.int8))
    with pytest.raises(UnscoredError, match="no label says"):
        truth_of(parse_rule(text, ("a", "b")), labels)


def test_too_few_true_pictures_are_not_scored(run: RunFolder, judged: Judged) -> None:
    answer = rates(judged, "cat and dog and food and cat > 0.2", run.workspace.root)
    assert "at least 10 and 1 must be" in str(answer)


def test_other_thresholds_than_those_judged_are_refused(run: RunFolder, judged: Judged) -> None:
    rule = parse_rule("cat", TAGS)
    with pytest.raises(InputError, match="set otherwise; name the file that made it"):
        rates_of(rule, table(judged, threshold=0.01), run.workspace.root, "int8")
    by_limit = parse_rule("cat > 0.5", TAGS)  # which needs no thresholds
    answer = rates_of(by_limit, table(judged, threshold=0.01), run.workspace.root, "int8")
    assert isinstance(answer, Rates)


def test_intervals_are_clopper_and_pearsons() -> None:
    for hits, total in ((0, 30), (3, 30), (30, 30)):
        expected = binomtest(hits, total).proportion_ci(0.95, "exact")
        assert share_interval(hits, total, 0.95) == pytest.approx((expected.low, expected.high))


def test_copies_in_groups_tell_no_more_than_the_originals() -> None:
    hits = np.random.default_rng(1).random(200) < 0.3
    alone = np.arange(200)
    assert share_design_effect(hits, alone) == 1.0
    copied, group_of = np.repeat(hits, 3), np.repeat(alone, 3)
    assert share_design_effect(copied, group_of) == pytest.approx(3.0)
    assert share_design_effect(np.ones(600, dtype=bool), group_of) == pytest.approx(3.0)


def test_intervals_hold_the_true_share_also_where_pictures_come_in_groups() -> None:
    """Of a group of five all have it or none: 95 % intervals must hold the truth as often."""
    generator = np.random.default_rng(2)
    group_of = np.repeat(np.arange(60), 5)
    held = 0
    for _ in range(400):
        hits = np.repeat(generator.random(60) < 0.2, 5)
        effect = share_design_effect(hits, group_of)
        low, high = share_interval(hits.sum() / effect, len(hits) / effect, 0.95)
        held += low <= 0.2 <= high
    assert held >= 0.95 * 400


def test_numbers_follow_from_rates_and_prevalence() -> None:
    recall, fpr = Share(90, 100, (0.8, 0.95)), Share(10, 1000, (0.005, 0.02))
    answer = Rates("a file", recall, fpr, 0.95)
    numbers = {
        answer.false_alarms(0.02, 1000): (9.8, 4.9, 19.6),
        answer.misses(0.02, 1000): (2.0, 1.0, 4.0),
        answer.holding(0.02, 1000): (27.8, 20.9, 38.6),
        answer.precision(0.02): (18 / 27.8, 16 / 35.6, 19 / 23.9),
    }
    for (value, bounds), expected in numbers.items():
        assert bounds is not None
        assert (value, *bounds) == pytest.approx(expected)
    nothing = Rates("a file", Share(0, 9, (0.0, 0.0)), Share(0, 9, (0.0, 0.0)), 0.95)
    assert nothing.precision(0.5) == (None, None)


def test_what_is_not_the_judged_run_is_refused(run: RunFolder, tmp_path: Path) -> None:
    def changed(name: str) -> Workspace:
        return Workspace(Path(shutil.copytree(run.workspace.root, tmp_path / name)))

    relabelled = changed("labels")
    labels = {tag: [1] * len(run.labels) for tag in TAGS}
    splits = pl.read_parquet(relabelled.manifest)["split"].to_list()
    write_manifest(relabelled, splits, labels)
    with pytest.raises(InputError, match="not the pictures and labels"):
        read_judged(relabelled, "int8")
    rescored = changed("scores")
    kept = rescored.validate / "scores"
    shutil.copy(kept / "fp32.litert.npz", kept / "int8.litert.npz")
    with pytest.raises(InputError, match="not the scores that verdict"):
        read_judged(rescored, "int8")
    with pytest.raises(InputError, match="nothing was scored of 'int9'; it judges: fp32, int8"):
        read_judged(run.workspace, "int9")
    with pytest.raises(InputError, match="a folder without run"):
        read_known(tmp_path, None, "cat")


@pytest.mark.slow
def test_a_verdict_in_a_bundle_that_is_none_is_refused(bundle: Path, tmp_path: Path) -> None:
    path = tmp_path / "bad.zip"
    files = unpack(bundle)
    texts = [(b"{}", "confidence"), (b"no", "Invalid JSON"), (b"[" * 10_000, "Invalid JSON")]
    for key, wrong, reason in (
        (b'"positives"', b"1000000000000000000000000000000", "positives"),
        (b'"n_groups"', b"100000", "100000 groups of 120 images"),
        (b'"recall"', b"null", "is scored and has no recall"),
        (b'"fpr"', b"1.5", "fpr"),
    ):
        texts.append(
            (re.sub(key + rb":[0-9.e-]+", key + b":" + wrong, files["verdict.json"]), reason)
        )
    for counts in (b"[]", b"[" + b",".join([b"7"] * 98 + [b"8"]) + b"]"):
        wrong = re.sub(rb'"negatives":\[[^]]+\]', b'"negatives":' + counts, files["verdict.json"])
        texts.append((wrong, "no count at rising thresholds"))
    for text, reason in texts:
        path.write_bytes(resealed({**files, "verdict.json": text}))
        with pytest.raises(InputError, match=reason):
            read_released(path)
    with pytest.raises(InputError, match="has no tag 'face'"):
        read_known(bundle, "int8", "face")
    default = read_bundle(bundle).variants[0].variant
    with pytest.raises(InputError, match=f"nothing was scored of '{default}'"):
        read_known(bundle, None, "cat")


def screen(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["screen", *map(str, arguments)], env={"COLUMNS": "200"})


def test_the_command_tells_what_is_expected(
    run: RunFolder, judged: Judged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tagged = table(judged)
    columns = {f"score_{tag}": tagged.scores[tag] for tag in TAGS}
    set_tags = [[tag for tag in TAGS if tagged.is_set[tag][number]] for number in range(TEST)]
    pl.DataFrame(
        {"path": tagged.paths, "sha256": tagged.sha256, "error": [""] * TEST, "tags": set_tags}
        | columns
    ).write_parquet("tags.parquet")
    stated = ("--verdict", run.workspace.root, "--prevalence", 0.1)
    answer = screen("tags.parquet", "cat", *stated, "--sheet", "sheet.html")
    assert answer.exit_code == 0, answer.output
    assert "<bdi>it misses</bdi>" in Path("sheet.html").read_text()
    assert "were it true for 10.0 % of the pictures; by int8 on litert over test" in answer.output
    assert "it holds and is wrong" in answer.output
    values = json.loads(screen("tags.parquet", "cat", *stated, "--json").stdout)
    (cat,) = (tag for tag in judged.entry.tags if tag.tag == "cat")
    assert values["holding"] + values["others"] == TEST
    assert values["expected"]["recall"]["value"] == cat.recall
    assert values["expected"]["false_alarms"]["value"] == pytest.approx(0.9 * TEST * (cat.fpr or 0))
    unscored = screen(
        "tags.parquet", "cat > dog", "--verdict", run.workspace.root, "--prevalence", 1
    )
    assert unscored.exit_code == 0
    assert "not scored: no label says which of two tags" in unscored.output
    assert values["not_scored"] == ""
    alone = screen("tags.parquet", "cat", "--prevalence", 0.1)
    assert "belong together" in str(alone.exception)
