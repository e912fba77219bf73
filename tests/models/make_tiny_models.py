"""Makes the tiny `.tflite` files beside it: `python tests/models/make_tiny_models.py`.

A stem, a CAM head of three tags, 64 px, random weights large enough that scores spread. The files
are kept in the repository so that tests of runtimes need no TensorFlow; they need to be made again
only when this script changes.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgetag.preprocess import Preprocessing, scale
from edgetag.tf import keras, tf

CONTRACT = Preprocessing(input_size=64, mean=127.0, std=128.0)
FOLDER = Path(__file__).parent


def network() -> keras.Model:
    keras.utils.set_random_seed(7)
    image = keras.Input((64, 64, 3), batch_size=1, name="image")
    # Kernel >= stride: XNNPACK in tflite-runtime 2.14 silently gives zeros for 3x3 with stride 4.
    x = keras.layers.Conv2D(8, 5, strides=4, padding="same", activation="relu", name="stem")(image)
    x = keras.layers.Conv2D(3, 1, name="cam")(x)
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    model = keras.Model(image, keras.layers.Activation("sigmoid", name="scores")(x))
    cam = model.get_layer("cam")
    kernel, bias = cam.get_weights()
    cam.set_weights([kernel * 4, bias])
    return model


def calibration() -> Iterator[list[npt.NDArray[np.float32]]]:
    generator = np.random.default_rng(0)
    for _ in range(20):
        color = generator.integers(0, 256, (1, 1, 1, 3))
        noise = generator.integers(-60, 60, (1, 64, 64, 3))
        pixels = (color + noise).clip(0, 255).astype(np.uint8)
        pixels[0, 0, 0], pixels[0, 0, 1] = 0, 255  # the scale is then exactly 1/128
        yield [scale(pixels, CONTRACT)]


def convert(integers: str | None, io: tf.DType) -> bytes:
    converter = tf.lite.TFLiteConverter.from_keras_model(network())
    if integers is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = calibration
        converter.target_spec.supported_ops = [getattr(tf.lite.OpsSet, integers)]
        converter.inference_input_type = converter.inference_output_type = io
    return converter.convert()


class Explaining(tf.Module):
    """The network with its two signatures: scores, and scores with maps before the sigmoid."""

    def __init__(self) -> None:
        super().__init__()
        self.network = network()
        maps = self.network.get_layer("cam").output
        self.both = keras.Model(self.network.input, [self.network.output, maps])

    @tf.function(input_signature=[tf.TensorSpec((1, 64, 64, 3), tf.float32, name="image")])
    def score(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"scores": self.network(image)}

    @tf.function(input_signature=[tf.TensorSpec((1, 64, 64, 3), tf.float32, name="image")])
    def explain(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        scores, maps = self.both(image)
        return {"scores": scores, "maps": maps}


def convert_explaining(*, integers: bool) -> bytes:
    module = Explaining()
    with tempfile.TemporaryDirectory() as folder:
        # TensorFlow sorts signatures by name, and the first one is what runs when none is named.
        signatures = {"default": module.score, "explain": module.explain}
        tf.saved_model.save(module, folder, signatures=signatures)
        keys = list(signatures)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=keys)
        if integers:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: (
                (key, {"image": image}) for (image,) in calibration() for key in keys
            )
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = converter.inference_output_type = tf.uint8
        return converter.convert()


def main() -> None:
    int16 = "EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8"
    for name, integers, io in (
        ("fp32", None, tf.float32),
        ("int8_uint8", "TFLITE_BUILTINS_INT8", tf.uint8),
        ("int8_int8", "TFLITE_BUILTINS_INT8", tf.int8),
        ("int16x8", int16, tf.int16),
    ):
        (FOLDER / f"tiny_{name}.tflite").write_bytes(convert(integers, io))
    for name, quantized in (("fp32", False), ("int8_uint8", True)):
        explaining = convert_explaining(integers=quantized)
        (FOLDER / f"tiny_explain_{name}.tflite").write_bytes(explaining)


if __name__ == "__main__":
    main()
