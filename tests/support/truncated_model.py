"""A worker whose model is cut to nothing when it is mapped into memory and not yet prepared."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edgetag.runtimes import interpreter
from edgetag.runtimes.worker import main

describe = interpreter.describe


def cut_mark(model: Path) -> Path:
    """Return the file that says that a model's pages are gone."""
    return model.with_suffix(".cut")


def describe_and_wait(
    make: Callable[..., Any], model: Path | bytes, threads: int = 1
) -> interpreter.InterpreterSession:
    session = describe(make, model, threads)
    # A size of nothing is seen before the kernel has taken the pages away.
    while not cut_mark(Path(str(model))).exists():
        time.sleep(0.02)
    return session


if __name__ == "__main__":
    interpreter.describe = describe_and_wait
    main()
