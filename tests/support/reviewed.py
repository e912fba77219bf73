"""`edgetag review` as it is used: a run with built data, and a server of its page."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from edgetag.cache_index import read_index
from edgetag.children import python_environment
from edgetag.image_cache import shard_path
from edgetag.mining.result import Finding, MinedTag, MineResult
from edgetag.pixels import Pixels
from edgetag.workspace import Workspace
from tests.support.chromium import Tab
from tests.support.commands import invoked
from tests.support.run_folders import write_cache, write_manifest
from tests.support.served import PATIENCE_S, until

PENDING = "document.body.dataset.pending === '0'"
"""All that was said on a page has been sent."""

SELECTED = "document.querySelector('.cell[aria-selected=true]')?.id"
TAGS = ("cat", "dog", "food")
RECIPE = """
name = "reviewed"
[data]
source = "labels.csv"
tags = {tags}
[network]
input_size = 64
"""


@dataclass
class ReviewedRun:
    """A folder with `recipe.toml`, and a run in it whose data are built."""

    folder: Path
    tags: Sequence[str] = TAGS

    @property
    def recipe(self) -> Path:
        return self.folder / "recipe.toml"

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.folder / "run")

    @property
    def database(self) -> Path:
        return self.workspace.review / "review.sqlite"

    def arguments(self, *words: object) -> list[str]:
        """Return `review WORDS --out RUN`, the recipe behind the verb."""
        verb = [str(word) for word in words if word in ("export", "import")]
        rest = [str(word) for word in words if word not in ("export", "import")]
        return ["review", *verb, str(self.recipe), *rest, "--out", str(self.workspace.root)]

    def command(self, *words: object) -> list[str]:
        """Return the same as a command for a process of its own."""
        return [sys.executable, "-P", "-m", "edgetag.cli.main", *self.arguments(*words)]

    def do(self, *words: object, fails: bool = False) -> str:
        """Return what a command says."""
        code, said = invoked(*self.arguments(*words))
        assert (code != 0) == fails, said
        return said


def make_reviewed(
    folder: Path,
    count: int = 40,
    findings: int = 25,
    tags: Sequence[str] = TAGS,
    paths: Sequence[str] = (),
    size: int = 64,
    shard: int = 1024,
) -> ReviewedRun:
    """Write data of `count` pictures; all findings are about the first tag.

    Of more than a shard the pictures repeat: one file stands for all of them.
    """
    run = ReviewedRun(folder, tags)
    folder.mkdir(parents=True, exist_ok=True)
    run.recipe.write_text(RECIPE.format(tags=list(tags)))
    names = [f"{number:064x}" for number in range(count)]
    places = list(paths) or [f"folder{number % 2}/{number}.png" for number in range(count)]
    write_cache(run.workspace.cache, soft_pictures(min(count, shard), size))
    if count > shard:
        for number in range(1, -(-count // shard)):
            shard_path(run.workspace.cache, number).hardlink_to(shard_path(run.workspace.cache, 0))
        index = read_index(run.workspace.cache).replace(images=count)
        index.write(run.workspace.cache / "index.json")
    numbers = np.arange(count)
    labels: dict[str, list[int | None]] = {
        tag: [None if number % 7 == 3 else int(number >> column & 1) for number in numbers]
        for column, tag in enumerate(tags)
    }
    splits = ["train" if number % 4 else "test" for number in numbers]
    write_manifest(run.workspace, splits, labels, identities=names, paths=places)
    result = MineResult(
        features="pretrained",
        folds=5,
        tags=tuple(MinedTag(tag=tag, labels=count, positives=1) for tag in tags),
        findings=tuple(
            Finding(
                rank=rank,
                kind="suspect label" if rank % 5 else "near the threshold",
                path=places[-rank],
                identity=names[-rank],
                split=splits[-rank],
                tag=tags[0],
                label=None,
                score=0.9,
                why="models that never saw it say 0.9",
            )
            for rank in range(1, findings + 1)
        ),
        absent={},
        versions={},
    )
    result.write(run.workspace.mine / "mine.json")
    return run


def soft_pictures(count: int, size: int) -> Pixels:
    """Draw blobs of colour, `[count, size, size, 3]`; as JPEG they are as large as photos."""
    random = np.random.default_rng(3)
    coarse = random.integers(0, 256, (count, 12, 12, 3), dtype=np.uint8)
    resized = (
        Image.fromarray(each).resize((size, size), Image.Resampling.BICUBIC) for each in coarse
    )
    return np.stack([np.asarray(each) for each in resized])


@dataclass
class Review:
    """A server of the page that runs."""

    process: subprocess.Popen[bytes]
    log: Path
    url: str
    client: httpx.Client
    keys: int = field(default=0)

    def say(
        self, number: int, tag: str, label: int | None, by: str = "ann", **more: Any
    ) -> httpx.Response:
        """Answer about the picture of a number, as the page does."""
        self.keys += 1
        sent: dict[str, Any] = {
            "key": f"key-of-test-{self.keys}",
            "identity": f"{number:064x}",
            "tag": tag,
        }
        sent |= {"before": None, "label": label, **more}
        return self.client.post("/v1/answers", json={"by": by, "answers": [sent]})

    def pictures(self, **wanted: object) -> dict[str, Any]:
        """Return a page of pictures."""
        answer = self.client.get("/v1/pictures", params={k: str(v) for k, v in wanted.items()})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


def ready(tab: Tab, number: int = 0) -> None:
    """Wait until a page shows pictures, one of which is chosen."""
    tab.wait_for(f"document.body.dataset.loaded && {SELECTED} === 'p{number}'")


@contextmanager
def reviewing(run: ReviewedRun, *options: object, **environment: str) -> Iterator[Review]:
    """Start a server on a free port, and end it."""
    log = run.folder / "review.log"
    with log.open("ab") as written:
        start = written.tell()
        process = subprocess.Popen(
            run.command("--port", "0", *options),
            stderr=written,
            env={**os.environ, **python_environment(), **environment},
        )

    def lines() -> str:
        return log.read_bytes()[start:].decode()

    try:
        until(lambda: "review: http" in lines() or process.poll() is not None, lines)
        assert process.poll() is None, lines()
        url = lines().partition("review: ")[2].split()[0]
        with httpx.Client(base_url=url, timeout=PATIENCE_S) as client:
            yield Review(process, log, url, client)
    finally:
        process.kill()
        process.wait()
