"""The process that works beside the stages: `python -m edgetag.ahead_worker JOB.json`."""

from collections.abc import Iterator
from contextlib import contextmanager

from edgetag.ahead import AheadJob, Made, Said, Trained
from edgetag.children import Emit, begin_job
from edgetag.compression import quantize_stage
from edgetag.conversion import stage as export_stage
from edgetag.progress import SilentTask, Task
from edgetag.recipe import resolved_recipe
from edgetag.workspace import Workspace, measured


class _Telling:
    """Tells the other process what is said; it shows no tasks."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit

    def say(self, message: str) -> None:
        """Pass a line on."""
        self._emit(Said(text=message))

    @contextmanager
    def track(self, what: str, total: int | None, unit: str = "it") -> Iterator[Task]:  # noqa: ARG002
        """Yield a task that counts nothing."""
        yield SilentTask()


def main() -> None:
    """Do the job in the file named by the first argument."""
    job, emit = begin_job(AheadJob)
    workspace = Workspace(job.root)
    recipe = resolved_recipe(job.recipe, workspace.run_file)
    progress = _Telling(emit)

    def work() -> None:
        quantize_stage.train(recipe, workspace, job.trained, progress)
        emit(Trained())
        export_stage.make(recipe, workspace, job.exported, progress)

    emit(Made(peak_memory_bytes=measured(work)[2]))


if __name__ == "__main__":
    main()
