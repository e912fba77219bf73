"""The WebAssembly engine: scores like the others', failures like the others'."""

import json
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from edgetag.cache_index import CacheIndex
from edgetag.conversion.flatfile import pack_model
from edgetag.errors import InputError
from edgetag.image_cache import shard_path
from edgetag.preprocess import Preprocessing
from edgetag.process import JobCancelledError
from edgetag.runtimes import FailureKind, LoadFailure, ScoreRun, engines, score
from edgetag.runtimes.encoding import decode, encoding_table
from edgetag.runtimes.protocol import Engine
from edgetag.runtimes.session import Tensor
from edgetag.runtimes.wasm import Wasm
from edgetag.runtimes.wasm.engine import WORKER
from tests.support.bad_loops import crashing_model, endless_model
from tests.support.listening import Counter
from tests.support.models_elsewhere import model_elsewhere
from tests.support.paths import MODELS
from tests.support.programs import captured
from tests.support.worker_jobs import write_job

LITERT = engines.get("litert")
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")


@pytest.fixture(scope="module")
def wasm(wasm_cache: Path) -> Engine:
    return Wasm(wasm_cache)


def run(
    engine: Engine, model: Path, cache: Path, rows: list[int], timeout_s: float = 60.0
) -> ScoreRun | LoadFailure:
    wanted = np.array(rows, dtype=np.int64)
    contract = Preprocessing(input_size=64)
    return score(engine, model, cache, wanted, contract, 1, Counter(), timeout_s)


def javascript(module: str, code: str) -> object:
    """Return what a snippet gives that may use `m`, one of the worker's modules."""
    script = f"const m = await import({json.dumps((WORKER.parent / module).as_uri())});"
    script += f"console.log(JSON.stringify(await (async () => {{ {code} }})()));"
    done = captured(["node", "--input-type=module", "-e", script], check=True)
    return json.loads(done.stdout)


@needs_node
@pytest.mark.slow
def test_all_folders_may_be_named_from_where_one_stands(
    wasm_cache: Path, cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(wasm_cache.parent)
    pictures = cache_folder.relative_to(wasm_cache.parent)
    engine = Wasm(Path(wasm_cache.name))
    scored = run(engine, MODELS / "tiny_fp32.tflite", pictures, [0, 1])
    assert isinstance(scored, ScoreRun), scored


TENSORS = [
    Tensor("image", (1, 64, 64, 3), "float32", 0.0, 0),
    Tensor("image", (1, 64, 64, 3), "uint8", float(np.float32(1 / 128)), 127),
    Tensor("image", (1, 64, 64, 3), "uint8", float(np.float32(0.0131)), 3),
    Tensor("image", (1, 64, 64, 3), "int8", 0.5, -1),  # many halves to round
    Tensor("image", (1, 64, 64, 3), "int16", float(np.float32(1 / 32767)), 0),
]


@needs_node
def test_javascript_encodes_and_decodes_as_python_does_bit_for_bit() -> None:
    scalings = [(127.0, 128.0), (123.675, 58.395), (0.25, 0.5)]
    contracts = [Preprocessing(input_size=64, mean=mean, std=std) for mean, std in scalings]
    cases = [(contract, tensor) for contract in contracts for tensor in TENSORS]
    described = [
        {
            "contract": contract.model_dump(),
            "tensor": {"dtype": t.dtype, "scale": t.scale, "zeroPoint": t.zero_point},
        }
        for contract, t in cases
    ]
    code = f"""return {json.dumps(described)}.map(({{contract, tensor}}) => {{
        const table = m.encodingTable(contract, tensor);
        return [Array.from(table), Array.from(m.decode(table, tensor))];
    }});"""
    found = javascript("encoding.mjs", code)
    assert isinstance(found, list)
    assert len(found) == len(cases)
    for (contract, tensor), (encoded, decoded) in zip(cases, found, strict=True):
        table = encoding_table(contract, tensor)
        assert np.array_equal(np.array(encoded).astype(table.dtype), table)
        assert np.array_equal(np.array(decoded, dtype=np.float32), decode(table, tensor))


@pytest.mark.slow
@needs_node
def test_quantization_is_read_from_the_file_as_the_interpreter_tells_it() -> None:
    tensors = []
    for path in sorted(MODELS.glob("*.tflite")):
        interpreter = LITERT.load(path, 1).interpreter  # type: ignore[attr-defined]
        for details in (*interpreter.get_input_details(), *interpreter.get_output_details()):
            scale, zero_point = details["quantization"]
            tensors.append(
                (str(path), int(details["index"]), {"scale": scale, "zeroPoint": zero_point})
            )
    code = (
        "const fs = await import('node:fs');"
        f"return {json.dumps([tensor[:2] for tensor in tensors])}"
        ".map(([path, index]) => m.quantization(fs.readFileSync(path), index));"
    )
    assert javascript("flatfile.mjs", code) == [expected for *_, expected in tensors]


@needs_node
@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ("[0.2, 1.00001]", [pytest.approx(0.2), 1.0]),
        ("[0.2, 3.25]", "scores outside 0..1, such as 3.25; its last layer lacks a sigmoid"),
        ("[0.2, NaN]", "it gives scores that are not numbers"),
    ],
)
def test_javascript_checks_scores_as_python_does(values: str, verdict: object) -> None:
    code = f"""try {{
        return Array.from(m.checked(Float32Array.from({values}), {{scale: 0}}));
    }} catch (error) {{ return error.message; }}"""
    assert javascript("encoding.mjs", code) == verdict


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "tolerance"),
    [
        ("tiny_fp32", 1e-5),
        ("tiny_int8_uint8", 0.0),
        ("tiny_int8_int8", 0.0),
        ("tiny_int16x8", 1e-4),
    ],
)
def test_scores_agree_with_litert_in_the_order_of_the_rows(
    file: str, tolerance: float, wasm: Engine, cache_folder: Path
) -> None:
    rows = [39, 0, 17, 16, 16, *range(40)]
    model = MODELS / f"{file}.tflite"
    here = run(LITERT, model, cache_folder, rows)
    there = run(wasm, model, cache_folder, rows)
    assert isinstance(here, ScoreRun), here
    assert isinstance(there, ScoreRun), there
    assert there.scores.dtype == np.float32
    assert there.scores.shape == (45, 3)
    assert np.ptp(there.scores) > 0.5
    assert np.abs(there.scores - here.scores).max() <= tolerance
    assert there.seconds > 0
    assert there.cpu_seconds > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b"no model at all", "it lacks the mark TFL3"),
        ((MODELS / "tiny_fp32.tflite").read_bytes()[:2000], ""),
        ((MODELS / "tiny_fp32.tflite").read_bytes()[:8] + bytes(3000), ""),
    ],
)
def test_a_damaged_model_gives_one_reason(
    data: bytes, reason: str, wasm: Engine, cache_folder: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model.tflite"
    model.write_bytes(data)
    found = run(wasm, model, cache_folder, [0])
    assert isinstance(found, LoadFailure)
    assert found.kind in (FailureKind.NOT_LOADABLE, FailureKind.CRASHED)
    assert reason in found.reason
    assert found.reason
    assert "\n" not in found.reason


@pytest.mark.slow
def test_flipped_bits_never_take_edgetag_down(
    wasm: Engine, cache_folder: Path, tmp_path: Path
) -> None:
    whole = (MODELS / "tiny_int8_uint8.tflite").read_bytes()
    generator = np.random.default_rng(5)
    kinds = set()
    for number in range(12):
        damaged = bytearray(whole)
        for place in generator.integers(8, len(whole), 30):
            damaged[place] ^= 1 << int(generator.integers(8))
        model = tmp_path / f"{number}.tflite"
        model.write_bytes(damaged)
        found = run(wasm, model, cache_folder, [0, 1], timeout_s=20.0)
        kinds.add("scored" if isinstance(found, ScoreRun) else found.kind.value)
        if isinstance(found, LoadFailure):
            assert found.reason
            assert "\n" not in found.reason
    assert kinds - {"scored"}


@pytest.mark.slow
def test_a_model_without_a_sigmoid_is_a_wrong_output(
    wasm: Engine, cache_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "model.tflite").write_bytes(pack_model(model_elsewhere(last="")))
    found = run(wasm, tmp_path / "model.tflite", cache_folder, list(range(40)))
    assert isinstance(found, LoadFailure)
    assert found.kind is FailureKind.WRONG_OUTPUT
    assert found.reason.startswith("scores outside 0..1, such as ")


@pytest.mark.slow
def test_a_model_that_crashes_the_runtime_is_told_in_one_line(
    wasm: Engine, cache_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "model.tflite").write_bytes(crashing_model())
    found = run(wasm, tmp_path / "model.tflite", cache_folder, [0])
    assert isinstance(found, LoadFailure)
    assert found.kind is FailureKind.CRASHED
    assert found.reason.startswith("it ended with exit code 1 while loading it: RangeError")
    here = run(LITERT, tmp_path / "model.tflite", cache_folder, [0])
    assert here == LoadFailure(FailureKind.CRASHED, "it crashed (SIGSEGV) while loading it")


@pytest.mark.slow
def test_a_missing_operator_is_named(wasm: Engine, cache_folder: Path, tmp_path: Path) -> None:
    model = model_elsewhere()
    model.operatorCodes[0].version = 8  # a CONV_2D of TensorFlow Lite 2.15
    (tmp_path / "model.tflite").write_bytes(pack_model(model))
    found = run(wasm, tmp_path / "model.tflite", cache_folder, [0])
    assert isinstance(found, LoadFailure)
    assert found.kind is FailureKind.NOT_LOADABLE
    assert found.reason.startswith("Didn't find op for builtin opcode 'CONV_2D' version '8'")


@pytest.mark.slow
def test_an_inference_that_never_ends_is_a_time_out(
    wasm: Engine, cache_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "model.tflite").write_bytes(endless_model())
    found = run(wasm, tmp_path / "model.tflite", cache_folder, [0], timeout_s=3.0)
    assert found == LoadFailure(FailureKind.TIMED_OUT, "no answer for 3 s while running it")


@pytest.mark.slow
def test_a_model_for_another_size_is_refused(
    wasm: Engine, cache_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "model.tflite").write_bytes(pack_model(model_elsewhere(size=32)))
    found = run(wasm, tmp_path / "model.tflite", cache_folder, [0])
    reason = "it takes images of 32x32, but the image cache has 64x64"
    assert found == LoadFailure(FailureKind.NOT_LOADABLE, reason)


@pytest.mark.slow
def test_a_damaged_cache_is_the_users_error_not_the_models(
    wasm: Engine, cache_folder: Path, tmp_path: Path
) -> None:
    model = MODELS / "tiny_fp32.tflite"
    folder = tmp_path / "cache"
    shutil.copytree(cache_folder, folder)
    shard = folder / "shard-00000.npy"
    shard.write_bytes(shard.read_bytes()[:5000])
    with pytest.raises(InputError, match=r"shard-00000\.npy: damaged image cache: it is shorter"):
        run(wasm, model, folder, [0])
    shard.write_bytes(b"\x93NUMPY")
    with pytest.raises(InputError, match=r"shard-00000\.npy: damaged image cache"):
        run(wasm, model, folder, [0])
    with pytest.raises(InputError, match="has no image 47"):
        run(wasm, model, cache_folder, [47])
    (folder / "index.json").write_text("{}")
    with pytest.raises(InputError, match=r"index\.json: images: Field required"):
        run(wasm, model, folder, [0])


@pytest.mark.slow
def test_cancelling_ends_the_process_and_progress_is_told(wasm: Engine, cache_folder: Path) -> None:
    cancelled = threading.Event()

    class Cancelling(Counter):
        """Cancels once some work is done."""

        def advance(self, amount: int = 1, note: str = "") -> None:
            super().advance(amount, note)
            cancelled.set()

    counter = Cancelling()
    rows = np.zeros(20_000_000, dtype=np.int64)  # hours of work
    with pytest.raises(JobCancelledError):
        score(
            wasm,
            MODELS / "tiny_fp32.tflite",
            cache_folder,
            rows,
            Preprocessing(input_size=64),
            1,
            counter,
            60.0,
            cancelled,
        )
    assert 0 < counter.done < len(rows)


@pytest.mark.slow
def test_a_worker_whose_parent_died_ends_by_itself(
    wasm: Engine, cache_folder: Path, tmp_path: Path
) -> None:
    job = write_job(tmp_path, cache_folder, np.zeros(5_000_000, dtype=np.int64), engine="wasm")
    launch = wasm.launch("edgetag.runtimes.worker", str(job))
    process = subprocess.Popen(
        launch.command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=launch.environment
    )
    assert process.stdout is not None
    assert b"loaded" in process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=100) == 1
    assert not (tmp_path / "scores.npy").exists()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_does_not_grow_with_the_images(
    wasm: Engine, cache_folder: Path, tmp_path: Path
) -> None:
    """The images of the longer job are 151 MB, those of the shorter 13 MB."""
    cache = tmp_path / "cache"
    cache.mkdir()
    noise = np.random.default_rng(4).integers(0, 256, (1024, 64, 64, 3), dtype=np.uint8)
    for shard in range(12):
        np.save(shard_path(cache, shard), noise)
    index = CacheIndex(images=12288, input_size=64, shard_images=1024, fingerprint="streamed")
    index.write(cache / "index.json")
    peaks = []
    for images in (1024, 12288):
        job = write_job(tmp_path, cache, np.arange(images), engine="wasm")
        launch = wasm.launch("edgetag.runtimes.worker", str(job))
        (tmp_path / "peak.cjs").write_text(
            'const fs = require("fs");'
            'process.on("exit", () => fs.writeSync(2, fs.readFileSync("/proc/self/status")));'
        )
        command = [launch.command[0], "--require", str(tmp_path / "peak.cjs"), *launch.command[1:]]
        done = captured(command, env=launch.environment, check=True)
        line = next(line for line in done.stderr.splitlines() if line.startswith("VmHWM"))
        peaks.append(int(line.split()[1]) * 1024)
        assert np.load(tmp_path / "scores.npy").shape == (images, 3)
    assert peaks[1] - peaks[0] < 40_000_000
