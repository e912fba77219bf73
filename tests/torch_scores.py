"""Does PyTorch compute what TensorFlow computes, of every network? `make torch`.

It runs in edgetag's environment, and once more in one with PyTorch, which `make torch` makes:
PyPI's torch has 6 GB, so CI has none. Weights are by chance, with batch norms as training leaves
them. Where there is a GPU, PyTorch computes on it.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np

from edgetag.arrays import write_array
from edgetag.desktop.engine import open_model, place_of
from edgetag.desktop.job import FloatModel
from edgetag.recipe import NetworkSection
from edgetag.scratch import scratch_folder
from edgetag.writing import write_bytes

SIZES = {
    "efficientnet_lite0": 96,
    "efficientnet_lite1": 96,
    "efficientnet_lite2": 96,
    "mobilenet_v2": 96,
    "mobilenetv4_conv_small": 96,
    "mobilenetv4_conv_medium": 96,
    "model3": 64,
}
TAGS = 20
IMAGES = 16
TORCH = "torch"


def model_of(engine: str, file: Path, network: NetworkSection) -> FloatModel:
    """Return what an engine opens."""
    return FloatModel(engine=engine, file=file, network=network.model_dump(mode="json"), tags=TAGS)


def score_here(engine: str, folder: Path, network: NetworkSection) -> str:
    """Score the folder's images by the folder's ONNX file; return who did, and where."""
    opened = open_model(model_of(engine, folder / "float.onnx", network))
    images = np.load(folder / "images.npy")
    first, others = (opened.infer(opened.place(part)) for part in (images[:1], images[1:]))
    write_array(folder / f"{engine}.npy", np.concatenate([first, others]))
    place = place_of(opened, None, "")
    return f"{engine} {place.versions[engine]} on {place.device}"


def compare(name: str, torch_python: Path) -> None:
    """Print how far a network's scores are from TensorFlow's."""
    from edgetag import networks
    from edgetag.conversion.onnx_file import convert_to_onnx

    network = NetworkSection(name=name, input_size=SIZES[name])
    model, generator = networks.build_untrained(network, TAGS), np.random.default_rng(1)
    for layer in model.layers:
        if type(layer).__name__ == "BatchNormalization":
            weights = layer.get_weights()
            layer.set_weights([w + generator.uniform(-0.1, 0.3, w.shape) for w in weights])
    size = network.input_size
    images = generator.uniform(-1, 1, (IMAGES, size, size, 3)).astype(np.float32)
    expected = model(images, training=False).numpy()
    with scratch_folder() as folder:
        write_bytes(folder / "float.onnx", convert_to_onnx(model))
        write_array(folder / "images.npy", images)
        said = [score_here("onnxruntime", folder, network)]
        script, settings = str(Path(__file__)), network.model_dump_json()
        command = [str(torch_python), "-P", script, TORCH, str(folder), settings]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{name}: {done.stderr}")
        said.append(done.stdout.strip())
        for engine, who in zip(("onnxruntime", TORCH), said, strict=True):
            scores = np.load(folder / f"{engine}.npy")
            apart = np.abs(scores - expected).max()
            print(f"{name:24} {who}: {apart:.1e} of scores {scores.min():.2f}–{scores.max():.2f}")


def main() -> None:
    """Compare every network, or be the process with PyTorch."""
    if sys.argv[1] == TORCH:
        network = NetworkSection.model_validate_json(sys.argv[3])
        print(score_here(TORCH, Path(sys.argv[2]), network))
        return
    for name in SIZES:
        compare(name, Path(sys.argv[1]))


if __name__ == "__main__":
    main()
