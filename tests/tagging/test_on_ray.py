"""Workers of a Ray cluster give the rows that threads give, also where one of them is killed."""

import contextlib
import json
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
import polars as pl
import pytest
from ray.exceptions import RayError

from edgetag import PictureError, Tagger
from edgetag.errors import ExitCode, InputError
from edgetag.progress import SilentProgress
from edgetag.tagging.batch import tag_pictures
from edgetag.tagging.errors import BundleError
from edgetag.tagging.listing import Content, Listed, bytes_of, contents, list_pictures
from edgetag.tagging.on_ray import Worker, ray_engine, rows_of, waves_of
from edgetag.tagging.ray_cluster import _interrupt_kept
from edgetag.tagging.remote import Address
from tests.support.object_store import object_store
from tests.support.paths import RELEASED
from tests.support.processes import children, descendants
from tests.support.stopped_batch import draw, stopped_after

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

IN_STORE = "s3://photos/"

LOOK_S = 0.2
"""Between two looks at all processes."""


@pytest.fixture(scope="module")
def store() -> Iterator[dict[str, str]]:
    """A store of objects on this machine, and the environment that leads to it."""
    with object_store() as environment:
        yield environment


@pytest.fixture(scope="module")
def named(store: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder `here`, an archive, a list of pictures and objects, and objects below photos/."""
    root = tmp_path_factory.mktemp("named")
    client = boto3.client("s3")
    client.create_bucket(Bucket="photos")
    for file in draw(root / "stored", 40, size=40):
        client.upload_file(str(file), "photos", f"sub/{file.name}")
    client.put_object(Bucket="photos", Key="sub/bad.png", Body=b"none")
    client.put_object(Bucket="photos", Key="notes.txt", Body=b"none")
    here = draw(root / "here", 150, size=48)
    (root / "here" / "empty.png").touch()
    with zipfile.ZipFile(root / "packed.zip", "w") as archive:
        archive.write(here[5], "packed.png")
        archive.writestr("bad.png", b"none")
    listed = [str(here[3]), f"{IN_STORE}sub/00007.png", f"{IN_STORE}sub/none.png"]
    pl.DataFrame({"path": listed}).write_parquet(root / "list.parquet")
    return root


@dataclass(frozen=True)
class Tagged:
    """Tables of the same pictures, by threads and by Ray, and what Ray's command printed.

    Attributes:
        temporary: Where Ray's files were.
        interrupted: How the command before ended, of which Ray was just starting.
    """

    by_threads: Path
    by_ray: Path
    result: dict[str, int]
    killed: int
    temporary: Path
    interrupted: int


def kill_a_worker(command: int) -> bool:
    """Kill a process that tags for a command; return whether there was one yet."""
    for process in descendants(command):
        try:
            title = Path(f"/proc/{process}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if title.startswith(b"ray::MapWorker") and b".submit" in title:
            os.kill(process, signal.SIGKILL)
            return True
    return False


def writing_below(folder: Path) -> list[str]:
    """Return the processes that have files below a folder open, whoever started them."""
    writing = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            files = [os.readlink(file) for file in (process / "fd").iterdir()]  # noqa: PTH115
        except OSError:
            continue  # it has just ended
        writing += [process.name] if any(f.startswith(f"{folder}/") for f in files) else []
    return writing


def interrupted(command: list[str]) -> int:
    """Start a command, press Ctrl-C while Ray starts, and return how it ended."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and len(children(process.pid)) < 3:
            time.sleep(LOOK_S)
        process.send_signal(signal.SIGINT)
    return process.returncode


@pytest.fixture(scope="module")
def temporary() -> Iterator[Path]:
    """A folder whose path is short: a socket's may have 107 bytes."""
    with (
        tempfile.TemporaryDirectory(prefix="ray", dir="/tmp") as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("TMPDIR", folder)
        yield Path(folder)


@pytest.fixture(scope="module")
def tagged(named: Path, tagger: Tagger, temporary: Path) -> Tagged:
    """Tag everything twice: on threads, and on two workers after a stop, of which one is killed."""
    lists = [str(named / "packed.zip"), str(named / "list.parquet")]
    pictures = [str(named / "here"), IN_STORE, *lists]
    by_threads, by_ray = named / "threads.parquet", named / "ray.parquet"
    tag_pictures(tagger, list_pictures(pictures).pictures, by_threads, SilentProgress())
    stopped_after(tagger, named / "here", by_ray, 10)
    command = [sys.executable, "-m", "edgetag", "tag", str(RELEASED), *pictures, "--json"]
    on_ray = [*command, "-o", str(by_ray), "--on", "ray", "--workers", "2"]
    stopped = interrupted(on_ray)
    assert writing_below(temporary) == []
    killed = 0
    with subprocess.Popen(on_ray, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while process.poll() is None and not killed:
            killed += kill_a_worker(process.pid)
            time.sleep(LOOK_S)
        told, errors = process.communicate()
    assert process.returncode == 0, errors.decode()
    return Tagged(by_threads, by_ray, json.loads(told), killed, temporary, stopped)


def test_workers_give_the_bytes_that_threads_give_though_one_is_killed(tagged: Tagged) -> None:
    assert tagged.killed == 1
    assert tagged.by_ray.read_bytes() == tagged.by_threads.read_bytes()


def test_what_threads_have_finished_is_not_computed_by_workers_again(tagged: Tagged) -> None:
    assert tagged.result["pictures"] == len(pl.read_parquet(tagged.by_ray)) == 151 + 41 + 2 + 3
    assert tagged.result["reused"] >= 10


def test_objects_have_rows_as_files_have(tagged: Tagged) -> None:
    rows = {row["path"]: row for row in pl.read_parquet(tagged.by_ray).iter_rows(named=True)}
    assert rows[f"{IN_STORE}sub/00000.png"]["score_cat"] is not None
    assert rows[f"{IN_STORE}sub/bad.png"]["error"].startswith("unreadable: not one of JPEG")
    assert rows[f"{IN_STORE}sub/none.png"]["error"] == "missing: there is no such object"


def test_nothing_of_a_cluster_is_left_also_after_an_interrupt(tagged: Tagged) -> None:
    assert tagged.interrupted == ExitCode.BAD_INPUT
    assert not tagged.by_ray.with_name("ray.parquet.parts").exists()
    assert list(tagged.temporary.iterdir()) == []
    assert writing_below(tagged.temporary) == []


def test_a_cluster_whose_workers_cannot_begin_is_one_sentence(named: Path) -> None:
    def failing() -> Iterator[tuple[int, bytes]]:
        yield 0, pickle.dumps(["row"])
        raise RayError("long\nModuleNotFoundError: No module named 'edgetag'\n")

    pictures = list_pictures([str(named / "here")]).pictures
    rows = rows_of([pictures[:1], pictures[1:]], failing())
    assert next(rows)[0] == pictures[0]
    with pytest.raises(InputError, match=r"compute: ModuleNotFoundError: No .*must have the same"):
        next(rows)


def test_pictures_in_archives_are_sent_in_waves_that_memory_holds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edgetag.tagging.on_ray.WAVE", 3)
    monkeypatch.setattr("edgetag.tagging.on_ray.WAVE_BYTES", 100)
    sizes = (40, 70, 10, 0, 0, 0, 101, 5)
    coming = [(Listed(f"{size}", size, 0, lambda: b""), b"x" * size) for size in sizes]
    waves = [[int(picture.name) for picture, _ in wave] for wave in waves_of(coming)]
    assert waves == [[40, 70], [10, 0, 0], [0, 101], [5]]


def test_a_prefix_is_listed_by_name_and_an_object_of_any_name_is_taken(named: Path) -> None:
    listing = list_pictures([IN_STORE])
    names = [picture.name for picture in listing.pictures]
    assert names == sorted(names)
    assert (len(names), listing.passed_over) == (41, 1)
    assert all(picture.size_bytes > 0 < picture.modified_ns for picture in listing.pictures)
    (note,) = list_pictures([f"{IN_STORE}notes.txt"]).pictures
    ((picture, content),) = contents([note])
    assert (picture, bytes_of(content)) == (note, b"none")


@pytest.mark.parametrize("url", [f"{IN_STORE}none/", "s3://none/", "nowhere://x", "s3://"])
def test_an_address_with_nothing_is_one_sentence(named: Path, url: str) -> None:
    with pytest.raises(InputError, match=f"{url}: "):
        list_pictures([url])


def test_an_object_larger_than_a_picture_is_not_read_whole(
    named: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgetag.tagging.remote.MOST_BYTES", 100)
    with pytest.raises(PictureError, match="over 100 bytes"):
        Address(f"{IN_STORE}sub/00000.png").read()


def test_a_list_without_paths_is_told(tmp_path: Path) -> None:
    for table in (pl.DataFrame({"name": ["a.png"]}), pl.DataFrame({"path": ["a.png", None]})):
        table.write_parquet(tmp_path / "list.parquet")
        with pytest.raises(InputError, match=r"list\.parquet: .*column path"):
            list_pictures([str(tmp_path / "list.parquet")])


def answer(tagger: Tagger, settings: dict[str, object], contents: list[Content]) -> bytes:
    """Return what a worker that has these settings answers."""
    worker = Worker(pickle.dumps(tagger), settings)
    made = worker({"number": 0, "contents": pickle.dumps(contents)})["made"]
    assert isinstance(made, bytes)
    return made


def test_a_worker_with_another_version_is_refused(tagger: Tagger, named: Path) -> None:
    calls = [list_pictures([str(named / "here" / "empty.png")]).pictures]
    made = answer(tagger, tagger.settings(), [named / "here" / "empty.png"])
    ((picture, row),) = rows_of(calls, iter([(0, made)]))
    assert ([picture], row.error[:10]) == ([*calls[0]], "unreadable")
    made = answer(tagger, tagger.settings() | {"edgetag": "9"}, [])
    with pytest.raises(InputError, match=r"has \{'edgetag': .*\}; install the same versions"):
        list(rows_of(calls, iter([(0, made)])))


def test_pictures_whose_worker_is_lost_again_and_again_are_named(named: Path) -> None:
    pictures = list_pictures([str(named / "here")]).pictures
    rows = rows_of([pictures[:2], pictures[2:4], pictures[4:]], iter([(0, pickle.dumps("ab"))]))
    assert [str(row) for _, row in (next(rows), next(rows))] == ["a", "b"]
    with pytest.raises(BundleError, match=r"lost 4 times between .*00002\.png and .*00003\.png"):
        next(rows)


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"ray is not installed.*edgetag\[cluster\]"):
        ray_engine(2)
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(InputError, match=r"fsspec is not installed.*edgetag\[cluster\]"):
        list_pictures([IN_STORE])


def test_a_broken_pyarrow_is_told_before_ray_trips_over_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyarrow.py").write_text("raise ImportError('it wants numpy 2')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "pyarrow", raising=False)
    with pytest.raises(InputError, match=r"pyarrow.* cannot be used: it wants numpy 2"):
        ray_engine(2)


def test_a_ctrl_c_that_code_between_swallows_is_not_lost() -> None:
    after = []

    def interrupted_while_it_starts() -> None:
        with _interrupt_kept():
            with contextlib.suppress(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
            after.append("went on")

    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            interrupted_while_it_starts()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, former)
    assert after == ["went on"]
