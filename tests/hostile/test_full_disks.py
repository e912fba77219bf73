"""Disks that are really full: one sentence, and what to do."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgetag.children import python_environment
from tests.support.paths import MODELS, RELEASED, ROOT
from tests.support.programs import captured
from tests.support.stopped_batch import draw

MODEL = MODELS / "tiny_fp32.tflite"
MOUNT = 'mount -t tmpfs -o size="$1" tmpfs "$2" && shift 2 && exec "$@"'


def on_small_disk(size: str, place: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    """Run a command that sees a small, empty disk in place of a folder."""
    place.mkdir(exist_ok=True)
    return captured(
        ["unshare", "-rm", "sh", "-c", MOUNT, "sh", size, str(place), *command],
        cwd=ROOT,  # of which `python -c` imports
        env=python_environment() | {"TMPDIR": str(place)},
    )


@pytest.fixture(autouse=True)
def _needs_mounts(tmp_path: Path) -> None:
    tried = on_small_disk("1m", tmp_path / "tried", "true")
    if tried.returncode:
        pytest.skip(f"this system lets nobody mount a small disk: {tried.stderr.strip()}")


WRITE = """
import sys
from pathlib import Path
import numpy as np
import polars
from edgetag import arrays, writing
from edgetag.errors import InputError
array = np.zeros(1 << 20, np.uint8)
path = Path(sys.argv[2])
try:
    if sys.argv[1] == "write_arrays":
        arrays.write_arrays(path, {"first": array[:1000], "second": array})
    elif sys.argv[1] == "polars":
        with writing.atomic_write(path) as file:
            noise = np.random.default_rng(0).integers(0, 1 << 60, 100_000)
            polars.DataFrame({"noise": noise}).write_parquet(file)
    else:
        module = writing if sys.argv[1] == "write_bytes" else arrays
        getattr(module, sys.argv[1])(path, array)
except InputError as error:
    print(error)
assert not list(path.parent.iterdir())
"""


@pytest.mark.slow
@pytest.mark.parametrize("write", ["write_array", "write_arrays", "write_bytes", "polars"])
def test_what_does_not_fit_is_one_sentence_and_leaves_nothing(tmp_path: Path, write: str) -> None:
    path = tmp_path / "disk" / "file"
    done = on_small_disk("400k", path.parent, sys.executable, "-c", WRITE, write, str(path))
    assert done.stderr == ""
    assert done.stdout.startswith(f"{path}: no space left on the disk; free some")


BENCH = """
import sys
from pathlib import Path
import numpy as np
from edgetag.benchmarking.measure import Plan, measure
from edgetag.errors import InputError
from edgetag.preprocess import Preprocessing
from edgetag.progress import SilentProgress
pixels = np.zeros((int(sys.argv[2]), 64, 64, 3), np.uint8)
plan = Plan("litert", 1, Preprocessing(input_size=64), pixels, 1, 1, 1, 60)
try:
    measure([Path(sys.argv[1])], plan, SilentProgress())
except InputError as error:
    print(error)
"""


@pytest.mark.slow
def test_a_full_place_for_temporary_files_ends_a_benchmark_in_one_sentence(tmp_path: Path) -> None:
    place = tmp_path / "tmp"
    done = on_small_disk("200k", place, sys.executable, "-c", BENCH, str(MODEL), "100")
    assert done.stderr == ""
    assert done.stdout.startswith(str(place))
    assert "no space left" in done.stdout


HISTORY = """
import sys
from pathlib import Path
from edgetag.benchmarking import history
from edgetag.errors import InputError
from tests.support.made_results import make_sources
path = Path(sys.argv[1])
many = make_sources().bench.replace(measured_at="2026-11-29T00:00:00+00:00")
history.append(path, many)
path.with_name("rest").open("wb", buffering=0).write(bytes(1 << 20))
figures = [many.results[0].replace(variant=f"variant {n}") for n in range(2000)]
try:
    history.append(path, many.replace(results=tuple(figures)))
except InputError as error:
    print(error)
print(len(history.read_history(path).figures) == len(many.results))
"""


@pytest.mark.slow
def test_a_history_that_does_not_fit_is_one_sentence_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "disk" / "history.sqlite"
    done = on_small_disk("100k", path.parent, sys.executable, "-c", HISTORY, str(path))
    assert done.stderr == ""
    assert done.stdout.startswith(f"{path}: no space left on the disk; free some")
    assert done.stdout.endswith("\nTrue\n")


@pytest.mark.slow
def test_a_run_folder_on_a_full_disk_ends_a_build_in_one_sentence(tmp_path: Path) -> None:
    for number in range(40):
        noise = np.random.default_rng(number).integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(noise).resize((32, 32)).save(tmp_path / f"{number}.png")
    rows = "".join(f"{number}.png,{number % 2}\n" for number in range(40))
    (tmp_path / "labels.csv").write_text(f"path,cat\n{rows}")
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        'name = "x"\n[data]\nsource = "labels.csv"\ntags = ["cat"]\n[network]\ninput_size = 64\n'
    )
    run = tmp_path / "run"
    edgetag = str(Path(sys.executable).with_name("edgetag"))
    done = on_small_disk("300k", run, edgetag, "data", "build", str(recipe), "--out", str(run))
    assert done.returncode == 2, done.stderr
    error = done.stderr[done.stderr.index("error: ") :]
    assert "no space left on the disk; free some and run the same command again" in error
    assert "Traceback" not in done.stderr
    assert error.count("\n") == 1


TAG_TWICE = """
cd "$1"
fill() { head -c "$1" /dev/zero > rest; }
fill 900000
"$2" tag "$3" "$4" -o tags.parquet
echo "ended with $?"
rm rest
"$2" tag "$3" "$4" -o tags.parquet && "$2" tag "$3" "$4" -o again.parquet
cmp tags.parquet again.parquet
"""


@pytest.mark.slow
def test_a_table_on_a_full_disk_is_one_sentence_and_the_same_command_goes_on(
    tmp_path: Path,
) -> None:
    draw(tmp_path / "pictures", 600)
    edgetag = str(Path(sys.executable).with_name("edgetag"))
    place = tmp_path / "disk"
    bundle = str(RELEASED)
    command = ["bash", "-c", TAG_TWICE, "bash", str(place), edgetag, bundle]
    done = on_small_disk("950k", place, *command, str(tmp_path / "pictures"))
    assert done.returncode == 0, done.stderr
    assert "ended with 2" in done.stdout
    assert "no space left on the disk; free some and run the same command again" in done.stderr
    assert "Traceback" not in done.stderr
    reused = re.search(r"tags.parquet: 600 pictures; (\d+) known before", done.stdout)
    assert reused
    assert int(reused[1]) > 0
