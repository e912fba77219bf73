"""Who this process is among the machines that train together, from `TF_CONFIG`.

Nothing here imports TensorFlow, so that the command line can ask before it starts.
"""

import json
import os
from dataclasses import dataclass

from edgetag.errors import InputError

VARIABLE = "TF_CONFIG"


@dataclass(frozen=True)
class Cluster:
    """A place among workers.

    Attributes:
        workers: How many there are, the chief included.
        is_chief: Whether this is the one that writes files.
    """

    workers: int = 1
    is_chief: bool = True


def read_cluster() -> Cluster:
    """Read `TF_CONFIG`; a process without one is alone.

    Raises:
        InputError: The variable is set but does not describe this process.
    """
    text = os.environ.get(VARIABLE)
    if not text:
        return Cluster()
    try:
        config = json.loads(text)
        addresses = config["cluster"]
        kind, index = config["task"]["type"], int(config["task"]["index"])
        chiefs, workers = len(addresses.get("chief", ())), len(addresses.get("worker", ()))
        count = {"chief": chiefs, "worker": workers}[kind]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{VARIABLE}: not a cluster of chief and worker tasks ({type(error).__name__}: "
            f"{error}); unset it to train on one machine, or see tf.distribute's documentation"
        ) from None
    if not 0 <= index < count or chiefs > 1:
        raise InputError(
            f"{VARIABLE}: {kind} {index} is not one of its {count}; give every machine its own "
            "task index from 0"
        )
    is_chief = kind == "chief" or (chiefs == 0 and index == 0)
    return Cluster(chiefs + workers, is_chief)
