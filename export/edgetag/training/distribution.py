"""One device, all GPUs of a machine, or several machines: the strategy to train under."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from edgetag.errors import InputError
from edgetag.tf import keras, quiet_stderr, tf
from edgetag.training.cluster import read_cluster


def choose_strategy() -> tf.distribute.Strategy:
    """Return the strategy for what is visible.

    `MultiWorkerMirroredStrategy` with a `TF_CONFIG` of several workers, which must be called
    before TensorFlow runs anything; `MirroredStrategy` with several GPUs; else the default.
    """
    if read_cluster().workers > 1:
        try:
            with quiet_stderr():
                return tf.distribute.MultiWorkerMirroredStrategy()
        except RuntimeError as error:
            raise InputError(
                f"training on several machines cannot start: {error}. Start it in a process of "
                "its own: edgetag train"
            ) from None
    if len(tf.config.list_logical_devices("GPU")) > 1:
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


def is_distributed(strategy: tf.distribute.Strategy) -> bool:
    """Return whether models of this strategy live on more than one device."""
    return bool(strategy.num_replicas_in_sync > 1)


def broadcast(strategy: tf.distribute.Strategy, data: bytes | None) -> bytes:
    """Give every worker what the chief has.

    Args:
        strategy: All workers call this together.
        data: The chief's bytes; of other workers it is ignored.
    """
    if read_cluster().workers == 1:
        return data or b""
    mine = np.frombuffer(data or b"", np.uint8).astype(np.int32)
    length = int(_from_first_replica(strategy, np.array(len(mine), np.int32)))
    if not read_cluster().is_chief:
        mine = np.zeros(length, np.int32)
    if not length:
        return b""
    received: bytes = _from_first_replica(strategy, mine).astype(np.uint8).tobytes()
    return received


def _from_first_replica(strategy: tf.distribute.Strategy, value: Any) -> Any:
    """Sum over replicas of which only the first, the chief's, has anything but zeros."""

    def of(context: Any) -> tf.Tensor:
        first = context.replica_id_in_sync_group == 0
        return tf.constant(value if first else np.zeros_like(value))

    values = strategy.experimental_distribute_values_from_function(of)
    return strategy.reduce(tf.distribute.ReduceOp.SUM, values, axis=None).numpy()


def device_names(strategy: tf.distribute.Strategy) -> tuple[str, ...]:
    """Return the name of every device that this process trains on."""
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return ("CPU",)
    if not is_distributed(strategy):
        gpus = gpus[:1]
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    return tuple(str(d.get("device_name", "GPU")) for d in details)


@contextmanager
def precision(mixed: bool) -> Iterator[None]:
    """Build layers inside the block that compute in float16, if `mixed`, else in float32.

    Variables are float32 either way.
    """
    before = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy("mixed_float16" if mixed else "float32")
    try:
        yield
    finally:
        keras.mixed_precision.set_global_policy(before)
