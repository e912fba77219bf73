"""The run folder: paths, atomic writes, fingerprints, and what each stage left behind.

A stage writes only here. Every write goes to a temporary name, is flushed to the disk and is
renamed, so a killed run never leaves half a file under a real name.
"""

import hashlib
import json
import resource
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from edgetag.errors import InputError
from edgetag.locks import held
from edgetag.records import Record, Result
from edgetag.userfiles import exists, require_text

LOCK = ".lock"


def digest_file(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_json(value: object) -> str:
    """Return the SHA-256 of a value's canonical JSON, in hex."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


class Making(Record):
    """What decides what a stage leaves; whatever differs later is the reason to run it again."""

    settings: dict[str, str] = Field(description="Section or key of the recipe → digest.")
    code: str = Field(description="Digest of what the stage imports of edgetag.")
    packages: dict[str, str] = Field(description="Package that it computes with → version.")
    inputs: dict[str, str] = Field(description="Stage before it, option or source → digest.")

    @property
    def digest(self) -> str:
        """SHA-256 of all of it."""
        return digest_json(self.model_dump())


class StageRecord(Record):
    """What `run.json` keeps of one finished stage."""

    fingerprint: str = Field(description="Digest of `making`; equal means up to date.")
    making: Making | None = Field(None, description="As it was when the stage began.")
    settings: str = Field(description="Digest of the recipe's sections that the stage reads.")
    outputs: dict[str, str] = Field(description="File relative to the run → SHA-256.")
    taken_in: dict[str, str] = Field(
        default_factory=dict,
        description="File of no stage, likewise, when the stage began; empty where it was missing.",
    )
    finished_at: str
    wall_s: float
    peak_memory_bytes: int


class RunFile(Result):
    """`run.json`: the resolved recipe, versions, seed and finished stages."""

    SCHEMA: ClassVar[str] = "edgetag.run/1.2"
    name: str
    recipe: dict[str, Any]
    seed: int
    versions: dict[str, str]
    stages: dict[str, StageRecord] = Field(default_factory=dict)


class Workspace:
    """Paths of one run folder, which need not be there.

    Raises:
        InputError: There is a file in its place, or that cannot be known, or its name is no text.
    """

    def __init__(self, root: Path) -> None:
        require_text(root)
        if exists(root) and not root.is_dir():
            raise InputError(f"{root}: not a folder; a run folder is wanted here")
        self.root = root

    @property
    def run_file(self) -> Path:
        """The resolved recipe and the finished stages."""
        return self.root / "run.json"

    @property
    def dataset(self) -> Path:
        """Manifest, summary, rejected images and the image cache."""
        return self.root / "dataset"

    @property
    def manifest(self) -> Path:
        """One row per image."""
        return self.dataset / "manifest.parquet"

    @property
    def corrections(self) -> Path:
        """What became of people's answers; not there where a recipe names none."""
        return self.dataset / "corrections.csv"

    @property
    def earlier_answers(self) -> Path:
        """The answers that labels are corrected by; not there where there are none."""
        return self.dataset / "answers.csv"

    @property
    def cache(self) -> Path:
        """Letterboxed uint8 images."""
        return self.dataset / "cache"

    @property
    def train(self) -> Path:
        """Float weights, history, thresholds."""
        return self.root / "train"

    @property
    def prune(self) -> Path:
        """Pruned float weights."""
        return self.root / "prune"

    @property
    def narrow(self) -> Path:
        """Weights of narrower networks."""
        return self.root / "narrow"

    @property
    def quantize(self) -> Path:
        """Weights of quantization-aware training."""
        return self.root / "quantize"

    @property
    def export(self) -> Path:
        """The `.tflite` files."""
        return self.root / "export"

    @property
    def validate(self) -> Path:
        """Scores and the verdict."""
        return self.root / "validate"

    @property
    def explain(self) -> Path:
        """Layers to blame, and what mistakes in preprocessing cost."""
        return self.root / "explain"

    @property
    def bench(self) -> Path:
        """Latency, memory and size."""
        return self.root / "bench"

    @property
    def targets(self) -> Path:
        """Comparisons with other machines, and counted instructions."""
        return self.root / "targets"

    @property
    def rescue(self) -> Path:
        """Variants with some layers in float, and what each costs."""
        return self.root / "rescue"

    @property
    def robustness(self) -> Path:
        """How far tags fall under attack."""
        return self.root / "robustness"

    @property
    def mine(self) -> Path:
        """What deserves a look: labels that look wrong, pictures near a threshold."""
        return self.root / "mine"

    @property
    def review(self) -> Path:
        """What people say of labels: the database of their answers."""
        return self.root / "review"

    @property
    def report(self) -> Path:
        """What people read."""
        return self.root / "report"

    @property
    def bundle(self) -> Path:
        """What the app ships."""
        return self.root / "bundle"

    def trained_weights(self) -> Path:
        """Return the file of the trained float network's weights.

        Raises:
            InputError: There is none yet.
        """
        weights = self.train / "model.npz"
        if not weights.exists():
            raise InputError(f"{weights}: nothing is trained yet; run: edgetag train")
        return weights

    def bundle_file(self, name: str, version: str) -> Path:
        """Return where the bundle of a version lies, or would lie."""
        return self.bundle / f"{name}-{version}.zip"

    def relative(self, path: Path) -> str:
        """Return a path as it is written into `run.json`."""
        return path.relative_to(self.root).as_posix()

    def verified_file(
        self, relative: str, sha256: str, remedy: str = "run the stage that makes it again"
    ) -> Path:
        """Return a file that a result names, after checking that it is still the same.

        Args:
            relative: As `relative` wrote it.
            sha256: The digest that the result gives.
            remedy: What helps where it is not the same, for the error's text.

        Raises:
            InputError: The file is outside the run, missing, or has changed.
        """
        path = self.root / relative
        if not path.resolve().is_relative_to(self.root.resolve()):
            raise InputError(f"{relative}: outside the run folder {self.root}; this is refused")
        try:
            digest = digest_file(path)
        except FileNotFoundError:
            raise InputError(f"{path}: missing; {remedy}") from None
        except OSError as error:
            raise InputError(f"{path}: {error.strerror}; {remedy}") from None
        if digest != sha256:
            raise InputError(
                f"{path}: has changed since it was made (its SHA-256 is {digest[:12]}…, recorded "
                f"is {sha256[:12]}…); {remedy}"
            )
        return path

    def read_run_file(self) -> RunFile | None:
        """Return `run.json`, or None in a new folder.

        Raises:
            InputError: It is damaged.
        """
        try:
            text = self.run_file.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return None
        remedy = f"delete it (rm '{self.run_file}'), and edgetag run does every stage again"
        return RunFile.from_json(text, self.run_file, remedy)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the run folder, so that two commands never write to it at once.

        A new folder in which nothing was written is taken away again.

        Raises:
            InputError: Another process holds it.
        """
        is_new = not self.root.exists()
        busy = InputError(
            f"{self.root}: another edgetag command works in this run folder; wait for it"
        )
        with held(self.root / LOCK, busy):
            try:
                yield
            finally:
                if is_new and [path.name for path in self.root.iterdir()] == [LOCK]:
                    shutil.rmtree(self.root, ignore_errors=True)


def measured(work: Callable[[], Any]) -> tuple[Any, float, int]:
    """Call `work` and return its result, the seconds it took and the peak memory in bytes.

    The peak is the process's own so far, so it never falls from one stage to the next.
    """
    started = time.monotonic()
    result = work()
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return result, time.monotonic() - started, peak
