"""One tool's files of a float network, and their scores; kept once they are whole."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from edgetag.contract import Preprocessing
from edgetag.conversion.flatfile import gzip_size
from edgetag.dependencies import dependencies_of
from edgetag.errors import InputError
from edgetag.metrics import Scores
from edgetag.pixels import Normalization
from edgetag.process import run_job
from edgetag.progress import Progress
from edgetag.records import Record, Result
from edgetag.study.peers.jobs import SAID, WORKER, Job, Said, started_by
from edgetag.study.peers.tools import Kind, Tool
from edgetag.workspace import digest_file, digest_json

SILENCE_S = 900.0
"""A tool that says nothing for so long while it makes or scores a file counts as hung."""

AGREEING = 1e-3
"""Largest difference of a score between a tool's float file and ours. Rounding of floats in another
order comes to 1e-5; another network, or other pixels, to far more."""


@dataclass(frozen=True)
class Given:
    """What every tool is given.

    Attributes:
        source: The float `.tflite` file.
        contract: How pixels become its input.
        calibrating: `.npy` of the pictures that calibrate.
        timed: `.npy` of the pictures that files are timed with.
        pictures: Split → `.npy` of its pictures.
        expected: Scores of the float file over the pictures that calibrate, `[n, tags]`.
    """

    source: Path
    contract: Preprocessing
    calibrating: Path
    timed: Path
    pictures: Mapping[str, Path]
    expected: Scores


class MadeFile(Record):
    """A tool's file.

    Attributes:
        name: Of the file in the tool's folder.
        sha256: File name → digest, of it and of what belongs to it.
        size_bytes: All of them together.
        gzip_bytes: Likewise, compressed.
        precision: What its runtime says that it computes floats in; "" where it does not say.
    """

    name: str
    sha256: dict[str, str]
    size_bytes: int
    gzip_bytes: int
    precision: str


class Made(Result):
    """`made.json` of a tool: written last, so that what it tells of is whole.

    Attributes:
        inputs: Digest of all that files and scores follow from.
        files: Kind → file.
        scores: File name of scores → digest.
    """

    SCHEMA: ClassVar[str] = "edgetag.study-peer/1.0"
    inputs: str
    files: dict[Kind, MadeFile]
    scores: dict[str, str]


def scores_file(folder: Path, kind: Kind, split: str) -> Path:
    """Return where a file's scores over a split lie, `[n, tags]` float32."""
    return folder / f"{kind.replace(' ', '-')}-{split}.npy"


def made_by(
    tool: Tool,
    python: Path,
    folder: Path,
    given: Given,
    progress: Progress,
    make_here: Callable[[Path], None] | None = None,
) -> Made:
    """Return a tool's files and scores, which are made where they are not there.

    Args:
        tool: Which.
        python: Of its environment.
        folder: Where its files go.
        given: What every tool is given.
        progress: Is told of every step.
        make_here: Makes `files["int8"]` in this process, given its path; default: the tool's does.

    Raises:
        InputError: The tool cannot make or run them, or its float file is another network.
    """
    inputs = digest_json(
        {
            "made with": [dependencies_of(__name__).digest, digest_file(WORKER)],
            "tool": [tool.key, tool.requirements],
            "source": digest_file(given.source),
            "contract": given.contract.digest(),
            "pictures": [
                digest_file(given.calibrating),
                *map(digest_file, given.pictures.values()),
            ],
        }
    )
    record = folder / "made.json"
    kept = Made.read_kept(record)
    if kept and kept.inputs == inputs and _are_whole(kept, folder):
        progress.say(f"{tool.title}: unchanged, kept")
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    record.unlink(missing_ok=True)
    work = _Work(tool, python, folder, given)
    with progress.track(f"{tool.title}: making files", None):
        if make_here:
            make_here(folder / tool.files["int8"])
        else:
            work.make()
    if "float" in tool.files:
        work.check_float()
    count = len(tool.files) * len(given.pictures)
    precisions = {}
    with progress.track(f"{tool.title}: scoring", count, "splits") as task:
        for kind in tool.files:
            for split, pictures in given.pictures.items():
                precisions[kind] = work.score(kind, pictures, scores_file(folder, kind, split))
                task.advance()
    result = Made(
        inputs=inputs,
        files={kind: work.described(kind, precisions[kind]) for kind in tool.files},
        scores={
            path.name: digest_file(path)
            for kind in tool.files
            for path in (scores_file(folder, kind, split) for split in given.pictures)
        },
    )
    result.write(record)
    return result


def _are_whole(made: Made, folder: Path) -> bool:
    digests = made.scores | {
        name: sha for file in made.files.values() for name, sha in file.sha256.items()
    }
    paths = {folder / name: sha for name, sha in digests.items()}
    return all(path.is_file() and digest_file(path) == sha for path, sha in paths.items())


class _Work:
    """A tool at work in its folder."""

    def __init__(self, tool: Tool, python: Path, folder: Path, given: Given) -> None:
        self._tool = tool
        self._python = python
        self._folder = folder
        self._given = given

    def make(self) -> None:
        """Write the files."""
        files = {kind: str(self._folder / name) for kind, name in self._tool.files.items()}
        self._do(
            Job(
                do="make",
                tool=self._tool.key,
                source=str(self._given.source),
                files=files,
                pictures=str(self._given.calibrating),
                contract=Normalization.of(self._given.contract),
            ),
            "making files",
        )
        for path in files.values():
            if not Path(path).is_file():
                raise InputError(f"{self._tool.title}: it made no {Path(path).name}")

    def check_float(self) -> None:
        """Refuse a float file that gives other scores than ours."""
        place = self._folder / "checked.npy"
        self.score("float", self._given.calibrating, place, exact=True)
        off = float(np.abs(np.load(place) - self._given.expected).max())
        if not off <= AGREEING:
            raise InputError(
                f"{self._tool.title}: its float file gives other scores than ours, off by "
                f"{off:.2g}; so nothing would follow from its int8"
            )

    def score(self, kind: Kind, pictures: Path, scores: Path, *, exact: bool = False) -> str:
        """Score pictures into a file; return what the runtime computes floats in."""
        precision = ""

        def listen(said: Said) -> None:
            nonlocal precision
            precision = said.precision or precision

        job = Job(
            do="score",
            runtime=self._tool.runs,
            file=str(self._folder / self._tool.files[kind]),
            pictures=str(pictures),
            scores=str(scores),
            exact=exact,
            contract=Normalization.of(self._given.contract),
        )
        scores.unlink(missing_ok=True)  # so that none of an earlier study can pass for these
        self._do(job, f"scoring {kind}", listen)
        shape = (len(np.load(pictures, mmap_mode="r")), self._given.expected.shape[1])
        try:
            made = np.load(scores)
        except (OSError, ValueError) as error:
            raise InputError(f"{self._tool.title}: {kind} left no scores: {error}") from None
        if made.shape != shape or made.dtype != np.float32 or not np.isfinite(made).all():
            raise InputError(f"{self._tool.title}: {kind} gives no scores {list(shape)}")
        return precision

    def described(self, kind: Kind, precision: str) -> MadeFile:
        """Return what is said of a file; OpenVINO's weights lie beside it."""
        name = self._tool.files[kind]
        stem = name.rpartition(".")[0]
        parts = sorted(
            path
            for path in self._folder.iterdir()
            if path.name.rpartition(".")[0] == stem and path.suffix not in (".json", ".npy")
        )
        datas = [path.read_bytes() for path in parts]
        return MadeFile(
            name=name,
            sha256={path.name: digest_file(path) for path in parts},
            size_bytes=sum(map(len, datas)),
            gzip_bytes=sum(map(gzip_size, datas)),
            precision=precision,
        )

    def _do(self, job: Job, what: str, listen: Callable[[Said], None] | None = None) -> None:
        failure = run_job(
            lambda file: started_by(self._python, file),
            job,
            SAID,
            listen or (lambda _: None),
            SILENCE_S,
        )
        if failure:
            raise InputError(f"{self._tool.title}: {failure.while_doing(what)}")
