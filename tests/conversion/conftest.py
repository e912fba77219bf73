"""A network small enough to convert in a second, and every variant of it, converted once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgetag.conversion.metadata import ModelInfo, attach
from edgetag.conversion.representative import with_full_range
from edgetag.preprocess import Pixels, Preprocessing, preprocess, scale
from edgetag.tags import Vocabulary
from tests.support.tiny_network import SIZE, TAGS, build_tiny, convert_model, quantize_aware

PHOTOS = ("chelsea.png", "coffee.png", "motorcycle_left.png", "astronaut.png", "rocket.jpg")


@pytest.fixture(scope="session")
def contract() -> Preprocessing:
    return Preprocessing(input_size=SIZE)


@pytest.fixture(scope="session")
def photos(contract: Preprocessing) -> Pixels:
    """Real photos, letterboxed: `[5, 64, 64, 3]` uint8."""
    import skimage

    folder = Path(skimage.__file__).parent / "data"
    return np.stack([preprocess(folder / name, contract) for name in PHOTOS])


@pytest.fixture(scope="session")
def info(contract: Preprocessing) -> ModelInfo:
    return ModelInfo(
        name="tiny",
        description="A network for tests.",
        author="edgetag",
        license="Apache-2.0",
        vocabulary=Vocabulary(TAGS),
        contract=contract,
    )


@pytest.fixture(scope="session")
def tiny() -> Any:
    return build_tiny()


@pytest.fixture(scope="session")
def aware(tiny: Any, photos: Pixels, contract: Preprocessing) -> Any:
    """The tiny network, quantization-aware."""
    return quantize_aware(tiny, scale(photos, contract))


@pytest.fixture(scope="session")
def exported(
    tiny: Any,
    aware: Any,
    photos: Pixels,
    contract: Preprocessing,
    info: ModelInfo,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], Path]:
    """Return the file of a variant, converted when first asked for."""
    folder = tmp_path_factory.mktemp("exported")

    def export(variant: str) -> Path:
        path = folder / f"{variant}.tflite"
        if not path.exists():
            data = convert_model(
                aware if variant == "int8-qat" else tiny,
                variant,
                contract,
                representative=with_full_range(photos),
            )
            path.write_bytes(attach(data, info))
        return path

    return export
