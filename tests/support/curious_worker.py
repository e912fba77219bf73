"""A worker whose model, so to speak, looks at a file that is none of its job's."""

import os
from pathlib import Path

from edgetag.runtimes.inference import WrongOutputError
from edgetag.runtimes.worker import main


def look(*_: object) -> None:
    secret = Path(os.environ["EDGETAG_TEST_SECRET"])
    try:
        secret.read_bytes()
    except OSError as error:
        raise WrongOutputError(f"{secret.name}: {error.strerror}") from None
    raise WrongOutputError("it was read")


if __name__ == "__main__":
    main(look)
