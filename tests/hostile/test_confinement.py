"""What a process that runs a model can still reach, once it is confined."""

import json
import os
import socket
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgetag.children import python, python_environment
from edgetag.confinement import confined_by, landlock_version
from edgetag.preprocess import Preprocessing
from edgetag.proc import free_memory_bytes
from edgetag.runtimes import FailureKind, LoadFailure, ScoreRun, engines, score
from edgetag.runtimes.scoring import WORKER
from edgetag.serving.messages import Start
from tests.support.bad_loops import hungry_model
from tests.support.paths import MODELS, RELEASED, ROOT
from tests.support.programs import captured
from tests.support.run_folders import write_cache

needs_landlock = pytest.mark.skipif(
    not landlock_version(), reason="this kernel has no Landlock; verdicts say so"
)
CONTRACT = Preprocessing(input_size=64, mean=127.0, std=128.0)
TRIED = """
def tried(act):
    try:
        act()
    except OSError as error:
        return error.strerror
    return "done"
"""
TRIES = (
    TRIED
    + """
import json, os, resource, socket, sys
from pathlib import Path
from edgetag.confinement import confine
secret, named, scratch, parent, port = map(str, sys.argv[1:])
confine([Path(named)], [Path(scratch)])
print(json.dumps({
    "named file": tried(lambda: Path(named).read_bytes()),
    "another file": tried(lambda: Path(secret).read_bytes()),
    "its folder": tried(lambda: os.listdir(Path(secret).parent)),
    "home": tried(lambda: os.listdir(Path.home())),
    "parent's environment": tried(lambda: Path(f"/proc/{parent}/environ").read_bytes()),
    "scratch": tried(lambda: (Path(scratch) / "x").write_text("x")),
    "beside the secret": tried(lambda: Path(secret + ".x").write_text("x")),
    "change what is named": tried(lambda: Path(named).write_bytes(b"")),
    "connection": tried(lambda: socket.create_connection(("127.0.0.1", int(port)), 5)),
    "signal": tried(lambda: os.kill(int(parent), 0)),
    "software": tried(lambda: __import__("numpy")),
    "memory without end": "done" if resource.getrlimit(resource.RLIMIT_AS)[1] < 0 else "bounded",
}))
"""
)


@needs_landlock
def test_a_confined_process_reaches_what_it_was_given_and_no_more(tmp_path: Path) -> None:
    places = [tmp_path / "of somebody" / "secret.txt", tmp_path / "job" / "model.tflite"]
    for place in places:
        place.parent.mkdir()
        place.write_text("content")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = captured(
            [*python("-c", TRIES), *map(str, [*places, scratch, os.getpid(), port])],
            env=python_environment(),
            check=True,
        )
    outcome = json.loads(done.stdout)
    reached = {what for what, ending in outcome.items() if ending == "done"}
    expected = {"named file", "scratch", "software"}
    expected |= {"connection"} if landlock_version() < 4 else set()
    expected |= {"signal"} if landlock_version() < 6 else set()
    assert reached == expected, outcome


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    folder = tmp_path / "cache"
    write_cache(folder, np.zeros((2, 64, 64, 3), np.uint8))
    return folder


def scored(model: Path, cache: Path, module: str = WORKER) -> ScoreRun | LoadFailure:
    rows = np.arange(2, dtype=np.int64)
    engine = engines.get("litert")
    return score(engine, model, cache, rows, CONTRACT, timeout_s=60.0, module=module)


@needs_landlock
def test_the_process_that_scores_is_confined(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    secret = tmp_path / "secret.txt"
    secret.write_text("content")
    monkeypatch.setenv("EDGETAG_TEST_SECRET", str(secret))
    done = scored(MODELS / "tiny_fp32.tflite", cache, "tests.support.curious_worker")
    assert done == LoadFailure(FailureKind.WRONG_OUTPUT, "secret.txt: Permission denied")


CURIOUS = (
    TRIED
    + """
import json, os, socket, sys
from pathlib import Path
import edgetag.editing.batch as editing, edgetag.tagging.engines as tagging
import edgetag.quantizing.file as quantizing, edgetag.serving.worker as serving
from edgetag.cli.main import main
secret, port, *sys.argv = sys.argv[1:]
outcomes = {}
def curious(read):
    def reading(*given, **more):
        outcomes.update({
            "secret": tried(lambda: Path(secret).read_bytes()),
            "home": tried(lambda: os.listdir(Path.home())),
            "beside the secret": tried(lambda: Path(secret + ".x").write_text("x")),
            "a picture changed": tried(lambda: Path("photos/cat.png").write_bytes(b"")),
            "connection": tried(lambda: socket.create_connection(("127.0.0.1", int(port)), 5)),
        })
        return read(*given, **more)
    return reading
tagging.row_of, editing.open_picture = map(curious, (tagging.row_of, editing.open_picture))
serving.answer, quantizing.calibrate = map(curious, (serving.answer, quantizing.calibrate))
said = os.dup(2)
try:
    main() if sys.argv[0] == "edgetag" else serving.main()
finally:
    os.write(said, json.dumps(outcomes).encode())
"""
)
"""A command, or a server's worker, whose reader of pictures does what a picture could that was made
for a fault of decoders, or whose engine what a model could."""


def tried(folder: Path, *command: str) -> None:
    """Have it read a picture, and see what else it reached."""
    (folder / "photos").mkdir()
    Image.new("RGB", (40, 60), (90, 80, 70)).save(folder / "photos" / "cat.png")
    secret = folder / "secret.txt"
    secret.write_text("content")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        done = subprocess.run(
            [*python("-c", CURIOUS), str(secret), port, *command],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=python_environment(),
            check=False,
        )
    said = done.stderr.decode()
    assert done.returncode == 0, said
    outcomes = json.loads(said[said.rindex("{") :])
    reached = {what for what, ending in outcomes.items() if ending == "done"}
    assert reached == ({"connection"} if landlock_version() < 4 else set()), outcomes
    assert len(outcomes) == 5


@pytest.mark.slow
@needs_landlock
@pytest.mark.parametrize(
    "command",
    [
        ["tag", "-o", "made/tags.csv"],
        ["tag", "-o", "made/tags.parquet", "--report", "pages/tags.html"],
        ["heatmap", "-o", "made", "--tag", "face"],
        ["mosaic", "-o", "made", "--tag", "face"],
        ["crop", "-o", "made", "--tag", "face", "--shape", "1:1"],
    ],
    ids=" ".join,
)
def test_a_command_that_reads_strangers_pictures_reaches_nothing_else(
    command: list[str], tmp_path: Path
) -> None:
    verb, *options = command
    tried(tmp_path, "edgetag", verb, str(RELEASED), "photos", *options)
    assert list((tmp_path / "made").rglob("*.*")), "what it may write, it writes"


@pytest.mark.slow
@needs_landlock
def test_a_strangers_float_file_reaches_nothing_while_it_is_quantized(tmp_path: Path) -> None:
    pytest.importorskip("litert_quantizer")
    given = ("--model", str(MODELS / "tiny_fp32.tflite"), "--images", "photos")
    tried(tmp_path, "edgetag", "quantize", "file", *given, "-o", "made/int8.tflite")
    made = {path.name for path in (tmp_path / "made").iterdir()}
    assert made == {"int8.tflite", "int8.json"}


@pytest.mark.slow
@needs_landlock
def test_a_servers_worker_reaches_nothing(tmp_path: Path) -> None:
    start = Start(model=str(RELEASED), variant=None, max_pixels=10_000)
    tried(tmp_path, "worker", start.model_dump_json())


@pytest.mark.slow
@needs_landlock
def test_sidecars_are_written_beside_pictures_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "photos" / "inner").mkdir(parents=True)
    for name in ("cat.png", "inner/dog.png"):
        Image.new("RGB", (40, 60), (90, 80, 70)).save(tmp_path / "photos" / name)
    edgetag = python("-m", "edgetag", "tag", str(RELEASED), "photos/inner", "photos/cat.png")
    done = captured(
        [*edgetag, "-o", "tags.csv", "--sidecars", "hydrus"], cwd=tmp_path, env=python_environment()
    )
    assert done.returncode == 0, done.stderr
    assert "2 sidecars" in done.stdout
    assert (tmp_path / "photos" / "inner" / "dog.png.txt").is_file()


@pytest.mark.slow
def test_a_model_that_wants_more_memory_than_there_is_ends_alone(
    cache: Path, tmp_path: Path
) -> None:
    free = free_memory_bytes()
    assert free is not None
    hungry = tmp_path / "hungry.tflite"
    hungry.write_bytes(hungry_model(2 * free // 4))
    failure = scored(hungry, cache)
    assert isinstance(failure, LoadFailure)
    assert failure.kind in (FailureKind.CRASHED, FailureKind.NOT_LOADABLE), failure
    assert "\n" not in failure.reason
    modest = tmp_path / "modest.tflite"
    modest.write_bytes(hungry_model(1 << 20))
    assert isinstance(scored(modest, cache), ScoreRun)
    assert isinstance(scored(MODELS / "tiny_fp32.tflite", cache), ScoreRun)


def test_where_the_kernel_has_none_it_is_said() -> None:
    version = landlock_version()
    assert confined_by() == (f"Landlock {version}" if version else "nothing")
