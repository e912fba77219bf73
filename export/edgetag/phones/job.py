"""What a program on a phone is told to do: `edgetag.phone-job/1.1`.

The demo app reads it, and so may a runner of the user's, which is started as `RUNNER JOB.json` in
edgetag's folder. Paths are absolute, on the phone:

- `model`: the `.tflite` file. Or `variant`: a name in the app's own bundle.
- `images`: a `.npy`, `[n, size, size, 3]` uint8, RGB, letterboxed as the contract says. A model
  with uint8 input takes these pixels as they are, if its scale is 1/std and its zero point mean,
  as edgetag's are. A float model takes `(pixel - mean) / std` with the contract's mean and std;
  an int8 or int16 model takes that, quantized with its own scale and zero point. Or `pictures`: a
  folder of picture files.
- `scores`: where a runner writes a `.npy`, `[n, tags]` float32, dequantized, in 0..1, or the same
  as a JSON list of lists. An app may not write there: it answers with `edgetag.phone-scores`
  (`answer.AppScores`) in its own folder.
"""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from edgetag.preprocess import Preprocessing
from edgetag.records import Result

RunsOn = Literal["cpu", "gpu", "npu"]
"""What a model is asked to run on, and what it ran on. The demo app reaches no NPU, and says so; an
app with `tagger-litert2`, or a runner, may."""

MOST_THREADS, MOST_RUNS = 64, 1_000_000

Path = Annotated[str, Field(min_length=1, max_length=1000)]


class RunnerJob(Result):
    """A job; what is None is not in its JSON.

    Attributes:
        model: Path of the `.tflite` file; or
        variant: a file of the app's own bundle, by its variant's name.
        images: Path of the images, `[n, size, size, 3]` uint8 `.npy`; or
        pictures: path of a folder of picture files.
        scores: Path to write, `[n, tags]`; an app passes it over.
        threads: For the runtime.
        contract: How pixels become input.
        delegate: What to run on; the runner's choice where it is None.
        warmup_runs: Inferences before the timed ones.
        runs: Inferences to time; none where it is None.
    """

    SCHEMA: ClassVar[str] = "edgetag.phone-job/1.1"
    model: Path | None = None
    variant: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    images: Path | None = None
    pictures: Path | None = None
    scores: Path
    threads: int = Field(ge=1, le=MOST_THREADS)
    contract: Preprocessing
    delegate: RunsOn | None = None
    warmup_runs: Annotated[int, Field(ge=0, le=MOST_RUNS)] | None = None
    runs: Annotated[int, Field(ge=1, le=MOST_RUNS)] | None = None

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if (self.model is None) == (self.variant is None):
            raise ValueError("give model or variant, and not both")
        if (self.images is None) == (self.pictures is None):
            raise ValueError("give images or pictures, and not both")
        return self

    def to_json(self) -> str:
        """Return indented JSON that ends in a newline, without what is None."""
        return self.model_dump_json(by_alias=True, indent=2, exclude_none=True) + "\n"
