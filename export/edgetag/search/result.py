"""What `edgetag search` leaves: what was tried, what was chosen, and why the others lost."""

from typing import ClassVar

from pydantic import Field

from edgetag.errors import ExitCode
from edgetag.judging.decisions import EXIT_CODES, Decision
from edgetag.machine import Acceleration
from edgetag.recipe import Cost, Variant
from edgetag.records import Record, Result


class Measures(Record):
    """What was measured of a file; None is what was not.

    Attributes:
        map: Mean average precision over pictures of the validation split, 0..1,
        images: and how many pictures these were.
        map_drop: That of the float model of the recipe's own network and size, less it.
        logit_rmse: Distance of logits from the float model of its own network and size.
        multiplications: Of convolutions and dense layers, for one picture.
        size_bytes: Of the file,
        gzip_bytes: and after gzip.
        latency_ms: Median of one picture, where the recipe judges latency.
        arm_instructions: Of one inference on an emulated Cortex-A76.
        accelerators: Engine → what it was asked for and what ran, of every engine that ran the
            file; empty before schema 1.1.
    """

    map: float | None = None
    images: int | None = None
    map_drop: float | None = None
    logit_rmse: float | None = None
    multiplications: int
    size_bytes: int
    gzip_bytes: int
    latency_ms: float | None = None
    arm_instructions: int | None = None
    accelerators: dict[str, Acceleration] = Field(default_factory=dict)


class SearchTrial(Record):
    """A combination that was looked at.

    Attributes:
        name: Such as `efficientnet_lite0-96-int8-narrow50`.
        network: The architecture.
        input_size: In pixels.
        variant: What the file is made as.
        sparsity: Share of zeros; 0 where nothing is pruned.
        trained: Share of its training behind the float model that it had: 1 for all, or where
            there is none to have; 0 for none yet; None where only a file with weights of no
            training was made.
        measures: Of its last file; None where there is none.
        exceeds: Limit → by which share of it it is broken; empty where all are kept.
        dominated_by: A trial that is as cheap and as accurate, and better in one of both.
        failure: Why there is no file.
        why: Why it was not chosen, or that it was.
    """

    name: str
    network: str
    input_size: int
    variant: Variant
    sparsity: float
    trained: float | None = None
    measures: Measures | None = None
    exceeds: dict[str, float] = Field(default_factory=dict)
    dominated_by: str | None = None
    failure: str | None = None
    why: str = ""

    @property
    def is_final(self) -> bool:
        """Whether its accuracy is what it would be in the end."""
        return self.trained == 1 and self.measures is not None

    def cost(self, cost: Cost) -> float:
        """Return what it costs, infinite where that is not known."""
        value = getattr(self.measures, cost) if self.measures else None
        return float("inf") if value is None else float(value)

    @property
    def accuracy(self) -> float:
        """Mean average precision, −1 where there is none."""
        value = self.measures.map if self.measures else None
        return -1.0 if value is None else value


class SearchResult(Result):
    """`search/search.json`.

    Attributes:
        recipe: Its name.
        recipe_sha256: Digest of the recipe that was searched.
        seed: Of the sampler and of every training.
        cost: What accuracy is weighed against.
        budgets: Limits that the chosen one must keep.
        combinations: How many the recipe allows.
        split: The split that chose.
        float_map: Of the float model of the recipe's own network and size; None before training.
        trials: In the order in which they were first looked at.
        front: Names of final trials that no other one dominates, the cheapest first.
        finished: False while the search is under way, or where its time ran out.
        chosen: Name of the trial that is chosen, the nearest one where none keeps every budget.
        keeps: Whether it keeps every budget.
        file: Its file, relative to the run folder,
        file_sha256: and that file's digest.
        run_folder: Where all of it lies, relative to the run folder.
        verdict: On the splits that judge, by the recipe's budgets of the variant; None where
            nothing was chosen.
        outcome: What came out, in a few sentences.
    """

    SCHEMA: ClassVar[str] = "edgetag.search/1.1"
    recipe: str
    recipe_sha256: str
    seed: int
    cost: Cost
    budgets: dict[str, float]
    combinations: int
    split: str = "validation"
    float_map: float | None = None
    trials: tuple[SearchTrial, ...] = ()
    front: tuple[str, ...] = ()
    finished: bool = False
    chosen: str | None = None
    keeps: bool = False
    file: str | None = None
    file_sha256: str | None = None
    run_folder: str | None = None
    verdict: Decision | None = None
    outcome: str = ""

    @property
    def exit_code(self) -> ExitCode:
        """That of the verdict, and that of a broken budget where none could be kept."""
        return EXIT_CODES[self.verdict if self.keeps and self.verdict else "fail"]


class KeptTrial(Result):
    """`search/kept/<name>.json`: what an earlier attempt measured.

    Attributes:
        inputs: Digest of all that it follows from.
        measures: What it measured.
    """

    SCHEMA: ClassVar[str] = "edgetag.kept-trial/1.1"
    inputs: str
    measures: Measures
