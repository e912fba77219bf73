"""One inference between markers, on the emulated machine.

Started as `-m edgetag.targets.counting.counted JOB.json`. The job is that of the scoring process,
and the input its first image. Where the job's file has cuts beside it, the beginnings of the model
are run likewise.
"""

import gc
from typing import Any

import numpy as np

from edgetag.children import Emit
from edgetag.image_cache import ImageCache
from edgetag.messages import from_line
from edgetag.runtimes.encoding import encode, encoding_table
from edgetag.runtimes.interpreter import InterpreterSession
from edgetag.runtimes.messages import Done, Job, Scored
from edgetag.runtimes.session import Session, Values
from edgetag.runtimes.worker import main
from edgetag.targets.counting.cuts import Cuts, cuts_path
from edgetag.targets.counting.markers import EMPTY, FIRST_CUT, WHOLE, mark

WARM_UP = 3
RUNS = 5


def run_counted(session: Session, job: Job, cache: ImageCache, emit: Emit) -> None:
    """Run the model between markers; see `worker.Work`."""
    if not isinstance(session, InterpreterSession):
        raise TypeError(f"{type(session).__name__} has no interpreter to count")
    rows = np.load(job.rows, allow_pickle=False)
    values = encode(cache[rows[:1]], encoding_table(job.contract, session.input))
    gc.collect()
    gc.disable()  # it would work at some markers and not at others
    for _ in range(RUNS):
        mark(2 * EMPTY)
        mark(2 * EMPTY + 1)
    _run(session.interpreter, session.input_index, values, WHOLE)
    emit(Scored(images=1))
    file = cuts_path(job.model)
    if file.exists():
        cuts = from_line(Cuts, file.read_text(encoding="utf-8"))
        make = type(session.interpreter)
        data = job.model.read_bytes()
        for number in range(len(cuts.cuts)):
            interpreter = make(model_content=cuts.apply(data, number), num_threads=1)
            interpreter.allocate_tensors()
            index = interpreter.get_input_details()[0]["index"]
            _run(interpreter, index, values, FIRST_CUT + number)
            emit(Scored(images=number + 2))
    emit(Done(seconds=0, cpu_seconds=0))


def _run(interpreter: Any, index: int, values: Values, section: int) -> None:
    invoke = interpreter.invoke
    begin, end = 2 * section, 2 * section + 1
    interpreter.set_tensor(index, values)
    for _ in range(WARM_UP):
        invoke()
    for _ in range(RUNS):
        mark(begin)
        invoke()
        mark(end)


if __name__ == "__main__":
    main(run_counted)
