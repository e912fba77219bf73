"""Tiny images and an image cache of them."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from edgetag.cache_index import CacheIndex
from edgetag.image_cache import shard_path
from edgetag.preprocess import Pixels, Preprocessing
from edgetag.progress import SilentProgress
from edgetag.runtimes.wasm import Wasm
from tests.support.run_folders import noisy_pictures

CONTRACT = Preprocessing(input_size=64, mean=127.0, std=128.0)


@pytest.fixture(scope="session")
def contract() -> Preprocessing:
    return CONTRACT


@pytest.fixture(scope="session")
def pixels() -> Pixels:
    """40 noisy images of one colour each."""
    return noisy_pictures(40, 3)


@pytest.fixture(scope="session")
def cache_folder(pixels: Pixels, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The images in shards of 16."""
    folder = tmp_path_factory.mktemp("cache")
    for shard in range(3):
        np.save(shard_path(folder, shard), pixels[shard * 16 : (shard + 1) * 16])
    index = CacheIndex(images=40, input_size=64, shard_images=16, fingerprint="tiny")
    index.write(folder / "index.json")
    return folder


@pytest.fixture(scope="session")
def wasm_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder with the WebAssembly runtime, fetched by npm once a session."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("needs Node.js and npm")
    folder = tmp_path_factory.mktemp("wasm")
    Wasm(folder).set_up(SilentProgress())
    return folder
