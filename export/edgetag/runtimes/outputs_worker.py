"""The process in which a model is run whose outputs may be logits; else as `worker`."""

from functools import partial

from edgetag.runtimes.inference import finite
from edgetag.runtimes.worker import main, score_rows

if __name__ == "__main__":
    main(partial(score_rows, check=finite))
