"""One file on one runtime over some images, and what it scored."""

from dataclasses import dataclass, replace
from pathlib import Path

from edgetag.conversion.external import Weighted
from edgetag.dataset import Rows
from edgetag.metrics import Scores
from edgetag.preprocess import Preprocessing
from edgetag.runtimes import Engine
from edgetag.validation.scores import VariantMeta
from edgetag.workspace import Workspace


@dataclass(frozen=True)
class Scored:
    """Scores `[n, tags]` of one file on one runtime in the tags' order, and what made them."""

    scores: Scores
    meta: VariantMeta


@dataclass(frozen=True, eq=False)
class Run:
    """One file on one runtime over some images.

    Attributes:
        variant: Its name, also of the file of its scores.
        path: The `.tflite` file.
        sha256: Its digest.
        contract: How pixels become its input.
        columns: Output column of each tag, each column once; None where the output is in the
            tags' order.
        rows: `[n]` rows of the image cache.
        engine: The runtime.
        members: Of an ensemble, the files that are scored in its place.
    """

    variant: str
    path: Path
    sha256: str
    contract: Preprocessing
    columns: tuple[int, ...] | None
    rows: Rows
    engine: Engine
    members: tuple[Weighted, ...] = ()

    def __post_init__(self) -> None:
        if self.columns is not None and sorted(self.columns) != list(range(len(self.columns))):
            raise ValueError(f"columns {self.columns} do not name each output once")

    @property
    def name(self) -> str:
        """For people, such as `int8-qat on litert`."""
        return f"{self.variant} on {self.engine.name}"

    @property
    def of_files(self) -> tuple["Run", ...]:
        """The runs that its scores come from: of each file of an ensemble, else itself."""
        return tuple(
            replace(
                self,
                variant=member.model.name,
                path=member.model.path,
                sha256=member.model.sha256,
                contract=member.model.contract,
                columns=member.model.columns,
                members=(),
            )
            for member in self.members
        ) or (self,)

    def score_file(self, workspace: Workspace) -> Path:
        """Return where its scores are kept."""
        return score_file(workspace, self.variant, self.engine.name)


def score_file(workspace: Workspace, variant: str, runtime: str) -> Path:
    """Return where the scores of a file on a runtime are kept."""
    return workspace.validate / "scores" / f"{variant}.{runtime}.npz"
