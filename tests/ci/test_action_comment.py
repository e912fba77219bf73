"""The Action's comment on a pull request, by GitHub's own client."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.composite_action import Job
from tests.support.github_comments import BOT, PullRequest, github
from tests.support.paths import ROOT

ACTION = ROOT / ".github" / "actions" / "verdict"
MARK = "<!-- edgetag verdict: model-report -->"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not os.environ.get("CI") and not shutil.which("gh"),
        reason="needs gh; .ci/system installs it",
    ),
]


def comment(
    pull_request: PullRequest, folder: Path, summary: str
) -> "subprocess.CompletedProcess[str]":
    """Run the step on a report whose summary is this text."""
    report = folder / "runs/ci/report"
    report.mkdir(parents=True, exist_ok=True)
    (report / "summary.md").write_text(summary, encoding="utf-8")
    given = {"recipe": "recipe.toml", "model": "model.tflite", "reference": "reference.npz"}
    with github(pull_request) as environment:
        job = Job(ACTION, given, folder, folder, {**os.environ, **environment})
        job.values |= {
            "github.token": "token",
            "github.event.number": str(pull_request.number),
            "github.repository": pull_request.repository,
            "github.server_url": "https://github.com",
            "github.run_id": "77",
            "steps.judge.outputs.verdict": "fail",
        }
        return job.run("Comment")


def test_one_comment_is_made_and_then_updated_though_others_fill_the_first_page(
    tmp_path: Path,
) -> None:
    pull_request = PullRequest("someone/photos", 12)
    for number in range(40):
        pull_request.say("reviewer", f"remark {number}")
    for summary in ("# pass “ok”\n", "# fail: cat −3.1 points\n"):
        done = comment(pull_request, tmp_path, summary)
        assert done.returncode == 0, done.stderr
        (ours,) = (each for each in pull_request.comments if each["user"]["login"] == BOT)
        assert ours["body"] == f"{MARK}\n{summary}"
    assert len(pull_request.comments) == 41
    written = [request for request in pull_request.requests if not request.startswith("GET")]
    assert written == [
        "POST /repos/someone/photos/issues/12/comments",
        "PATCH /repos/someone/photos/issues/comments/1040",
    ]


def test_what_others_write_is_never_taken_for_the_verdict_s_comment(tmp_path: Path) -> None:
    pull_request = PullRequest("someone/photos", 12)
    theirs = (f"{MARK}\n# pass", f"as it says:\n{MARK}")
    for body in theirs:
        pull_request.say("stranger", body)
    pull_request.say(BOT, f"of another Action, which quotes {MARK}")
    assert comment(pull_request, tmp_path, "# fail\n").returncode == 0
    assert [each["body"] for each in pull_request.comments[:2]] == list(theirs)
    assert [each["body"] for each in pull_request.comments[3:]] == [f"{MARK}\n# fail\n"]


def test_a_summary_that_is_too_long_for_a_comment_is_named_by_its_artifact(tmp_path: Path) -> None:
    pull_request = PullRequest("someone/photos", 12)
    done = comment(pull_request, tmp_path, "| cat | −3.1 |\n" * 5000)
    assert done.returncode == 0, done.stderr
    (ours,) = pull_request.comments
    assert ours["body"] == (
        f"{MARK}\nVerdict: **fail**. Its summary is longer than a comment may be; it is in the "
        "artifact `model-report` of [this run](https://github.com/someone/photos/actions/runs/77).\n"
    )


def test_a_token_that_may_only_read_fails_the_step_alone(tmp_path: Path) -> None:
    pull_request = PullRequest("someone/photos", 12, is_readable_only=True)
    done = comment(pull_request, tmp_path, "# pass\n")
    assert done.returncode == 1
    assert "Resource not accessible by integration" in done.stderr
    assert not pull_request.comments
