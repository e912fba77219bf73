"""Files that loop, crash, want all memory or vanish while they run: one line, and the next file."""

import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgetag.dataset import open_dataset
from edgetag.preprocess import Preprocessing
from edgetag.proc import free_memory_bytes
from edgetag.recipe import load_recipe
from edgetag.runtimes import FailureKind, LoadFailure, engines, score
from edgetag.runtimes.here import EngineHere
from edgetag.validation.pictures import known_pictures
from edgetag.validation.result import Verdict
from edgetag.validation.scores import ReferenceMeta, ReferenceScores, write_reference
from edgetag.workspace import Workspace
from tests.support import run_folders
from tests.support.bad_loops import crashing_model, endless_model, hungry_model
from tests.support.commands import invoked
from tests.support.models_elsewhere import TAGS, described
from tests.support.paths import MODELS, ROOT
from tests.support.processes import descendants
from tests.support.truncated_model import cut_mark

pytestmark = pytest.mark.slow
MAPPING = [name for name in ("litert", "tflite-runtime") if engines.get(name).available() is None]
PATIENCE_S = 8.0
PICTURES = 24
RECIPE = """
name = "harm"
[data]
source = "labels.csv"
tags = ["a", "b", "c", "d", "e"]
[network]
input_size = 64
[validation]
splits = ["test"]
runtimes = ["litert"]
min_positives = 3
bootstrap_samples = 200
[budgets.default]
max_map_drop = 0.9
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A recipe whose data are built, with reference scores in `reference.npz` beside it."""
    pixels = run_folders.noisy_pictures(PICTURES)
    labels = np.random.default_rng(3).integers(0, 2, (PICTURES, len(TAGS)))
    rows = [f"path,split,{','.join(TAGS)}"]
    for number, (picture, row) in enumerate(zip(pixels, labels, strict=True)):
        Image.fromarray(picture).save(tmp_path / f"{number}.png")
        rows.append(f"{number}.png,{'train' if number < 2 else 'test'},{','.join(map(str, row))}")
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE)
    (tmp_path / "good.tflite").write_bytes(described())
    workspace = Workspace(tmp_path / "run")
    code, said = invoked("data", "build", str(path), "--out", str(workspace.root))
    assert code == 0, said
    dataset, loaded = open_dataset(workspace), load_recipe(path)
    known = dataset.rows("test")
    scores = run_folders.score(tmp_path / "good.tflite", dataset.images(known), loaded)
    meta = ReferenceMeta(
        engine="TensorFlow",
        device="elsewhere",
        versions={},
        weights_sha256="0" * 64,
        preprocessing=loaded.network.preprocessing().digest(),
        thresholds=dict.fromkeys(TAGS, 0.5),
        fp32_size_bytes=1000,
    )
    write_reference(
        tmp_path / "reference.npz",
        ReferenceScores(
            scores=scores,
            identities=tuple(dataset.identities(known)),
            tags=TAGS,
            split=("test",) * len(known),
            meta=meta,
            known=known_pictures(dataset, known),
        ),
    )
    return path


def test_files_that_do_harm_cost_a_line_each_and_the_good_one_is_judged(
    recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EngineHere, "silence_limit_s", PATIENCE_S)
    free = free_memory_bytes()
    assert free is not None
    folder = recipe.parent
    harm = {
        "endless": endless_model(),
        "crashing": crashing_model(),
        "hungry": hungry_model(2 * free // 4),
    }
    for name, content in harm.items():
        (folder / f"{name}.tflite").write_bytes(content)
    files = [str(folder / f"{name}.tflite") for name in (*harm, "good")]
    reference = ["--reference", str(folder / "reference.npz")]
    out = folder / "run"
    _, said = invoked(
        "validate", "file", str(recipe), *files, *reference, "--as", "fp32", "--out", str(out)
    )
    assert "Traceback" not in said
    verdict = Verdict.read(out / "validate" / "verdict.json", "validate")
    reasons = {failure.variant: failure.reason for failure in verdict.failures}
    assert set(reasons) == set(harm), said
    assert reasons["endless"] == f"no answer for {PATIENCE_S:g} s while running it"
    assert reasons["crashing"] == "it crashed (SIGSEGV) while loading it"
    assert all(
        "\n" not in reason and reason in said.replace("\n", " ") for reason in reasons.values()
    )
    assert {entry.variant for entry in verdict.variants} == {"good"}
    assert "pass" not in {verdict.decisions[name] for name in harm}


@pytest.mark.parametrize("engine", MAPPING)
def test_a_file_that_is_cut_while_it_is_loaded_ends_its_process_by_sigbus(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A runtime maps the file into memory: what is cut off is gone from there too."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    model = tmp_path / "model.tflite"
    model.write_bytes((MODELS / "tiny_fp32.tflite").read_bytes())
    run_folders.write_cache(tmp_path / "cache", np.zeros((2, 64, 64, 3), np.uint8))

    def cut_when_mapped() -> None:
        while not any(str(model) in maps for maps in map(mapped, descendants(os.getpid()))):
            time.sleep(0.02)
        os.truncate(model, 0)
        cut_mark(model).touch()

    cutter = threading.Thread(target=cut_when_mapped, daemon=True)
    cutter.start()
    failure = score(
        engines.get(engine),
        model,
        tmp_path / "cache",
        np.arange(2, dtype=np.int64),
        Preprocessing(input_size=64, mean=127.0, std=128.0),
        timeout_s=100.0,
        module="tests.support.truncated_model",
    )
    cutter.join()
    assert failure == LoadFailure(FailureKind.CRASHED, "it crashed (SIGBUS) while loading it")


def mapped(pid: int) -> str:
    """Return what a process has mapped, nothing where it has just ended."""
    try:
        return Path(f"/proc/{pid}/maps").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
