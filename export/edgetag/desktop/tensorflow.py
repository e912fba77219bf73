"""The float network under TensorFlow, from the weights that training left."""

from importlib.metadata import version
from typing import Any

from edgetag import networks
from edgetag.desktop.availability import NO_GPU, wanted_gpu
from edgetag.desktop.engine import Floats
from edgetag.desktop.job import FloatModel
from edgetag.recipe import NetworkSection
from edgetag.tf import tf


def use_device(device: str) -> tuple[int | None, str]:
    """Let TensorFlow see one device; call before it computes.

    Returns:
        The GPU's number and name; None and nothing for the CPU.

    Raises:
        InputError: There is no such GPU.
    """
    gpus = tf.config.list_physical_devices("GPU")
    gpu = wanted_gpu(device, len(gpus))
    tf.config.set_visible_devices([] if gpu is None else [gpus[gpu]], "GPU")
    if gpu is None:
        return None, ""
    tf.config.experimental.set_memory_growth(gpus[gpu], True)  # else it takes all that there is
    details = tf.config.experimental.get_device_details(gpus[gpu])
    return gpu, str(details.get("device_name", ""))


class TensorFlowModel:
    """The network as a function of any batch.

    Args:
        model: Says which network, and where it computes.
    """

    def __init__(self, model: FloatModel) -> None:
        self.gpu, self.name = use_device(model.device)
        self.why_no_gpu = NO_GPU if self.gpu is None else ""
        self.versions = {name: version(name) for name in ("tensorflow", "tf-keras")}
        tf.config.experimental.enable_tensor_float_32_execution(model.tf32)
        section = NetworkSection.model_validate(model.network)
        network = networks.build_untrained(section, model.tags)
        networks.load_weights(network, model.file)
        size = section.input_size

        # Of any batch: a graph for each size would take no less time and seconds more to build.
        @tf.function(input_signature=[tf.TensorSpec((None, size, size, 3), tf.float32)])
        def infer(images: tf.Tensor) -> tf.Tensor:
            return network(images, training=False)

        self._infer = infer

    def place(self, images: Floats) -> Any:
        """Return a tensor."""
        return tf.constant(images)

    def infer(self, placed: Any) -> Floats:
        """Return scores."""
        scores: Floats = self._infer(placed).numpy()
        return scores


open_model = TensorFlowModel
