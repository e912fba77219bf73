"""Opens a model for a server: in workers, which all have the same."""

import asyncio
import shutil
from pathlib import Path

from edgetag.bundling.opening import is_bundle
from edgetag.ensembles import is_ensemble
from edgetag.errors import InputError
from edgetag.scratch import scratch_folder
from edgetag.serving.fleet import Fleet
from edgetag.serving.logs import Tell
from edgetag.serving.messages import ModelDescription, Start
from edgetag.serving.settings import Settings
from edgetag.serving.worker_process import WorkerProcess, start_worker


async def open_fleet(model: Path, settings: Settings, tell: Tell) -> Fleet:
    """Start the workers of a model.

    They open a copy of the file, so that one that is started later has the same model as the rest.
    The files that an ensemble's names stay where they are.

    Raises:
        InputError: The file is missing or damaged, or does not give its golden scores here.
    """
    holder = scratch_folder()
    folder = holder.__enter__()

    def close_folder() -> None:
        holder.__exit__(None, None, None)

    started: list[tuple[WorkerProcess, ModelDescription]] = []
    try:
        copy = model if is_ensemble(model) else folder / model.name
        if copy != model:
            await asyncio.to_thread(_copy, model, copy)
        start = Start(model=str(copy), variant=settings.variant, max_pixels=settings.max_pixels)
        # The first alone, since it proves the model for the others.
        for count in (1, settings.workers - 1):
            starting = [start_worker(start, tell) for _ in range(count)]
            ended = await asyncio.gather(*starting, return_exceptions=True)
            started += [each for each in ended if not isinstance(each, BaseException)]
            for each in ended:
                if isinstance(each, BaseException):
                    raise each
        if any(described != started[0][1] for _, described in started):
            raise InputError(f"{model}: it changed while it was opened; start again")
    except BaseException as error:
        for worker, _ in started:
            await worker.end()
        close_folder()
        if isinstance(error, InputError):
            raise InputError(str(error).replace(str(folder / model.name), str(model))) from None
        raise
    workers = [worker for worker, _ in started]
    return Fleet(started[0][1], settings, tell, start, close_folder, workers)


def _copy(model: Path, copy: Path) -> None:
    is_bundle(model)  # refuses what is no model, such as a folder or a device that never ends
    try:
        shutil.copyfile(model, copy)
    except OSError as error:
        raise InputError(f"{model}: {error.strerror}; give a bundle or a .tflite file") from None
