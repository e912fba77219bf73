"""An image cache of three pictures."""

from pathlib import Path

import numpy as np
import pytest

from edgetag.contract import Preprocessing
from tests.support.run_folders import write_cache


@pytest.fixture
def contract_json() -> str:
    return Preprocessing(input_size=64).model_dump_json()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    folder = tmp_path / "cache"
    write_cache(folder, np.zeros((3, 64, 64, 3), dtype=np.uint8))
    return folder
