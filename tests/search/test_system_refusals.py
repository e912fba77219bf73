"""What the system refuses, such as space on a disk, ends a search: it is no candidate's failure."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from edgetag.errors import InputError
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe, parse_recipe
from edgetag.scratch import scratch_folder
from edgetag.workspace import Workspace
from edgetag.writing import atomic_write
from tests.support.run_folders import tiny_recipe

FULL = OSError(errno.ENOSPC, "No space left on device")
TOO_LARGE = OSError(errno.EFBIG, "File too large")


def no_room(file: Path) -> None:
    with atomic_write(file):
        raise FULL


def no_room_for_temporary_files(_file: Path) -> None:
    with scratch_folder():
        raise FULL


def too_large_for_the_system(_file: Path) -> None:
    with scratch_folder():
        raise TOO_LARGE


def held_by_another(file: Path) -> None:
    with Workspace(file.parent).locked(), Workspace(file.parent).locked():
        pass


def recipe_in(folder: Path) -> Recipe:
    text = tiny_recipe("tiny", "[search.budgets]\nmax_size_bytes = 1_000_000\n")
    return parse_recipe(text, folder / "recipe.toml")


@pytest.mark.slow
@pytest.mark.tensorflow
@pytest.mark.parametrize(
    "refuse", [no_room, no_room_for_temporary_files, too_large_for_the_system, held_by_another]
)
def test_a_search_does_not_choose_among_what_the_system_let_through(
    refuse: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgetag.search import stage, trials

    monkeypatch.setattr(trials, "write_sketch", lambda _recipe, _candidate, file: refuse(file))
    (tmp_path / "labels.csv").write_text("path,cat,dog,food\n")
    with pytest.raises(InputError):
        stage.run(recipe_in(tmp_path), Workspace(tmp_path / "run"), SilentProgress())
    assert not list(tmp_path.glob("run/search/search.json"))


@pytest.mark.slow
@pytest.mark.tensorflow
def test_a_search_over_labels_that_are_not_there_is_a_wrong_input(tmp_path: Path) -> None:
    from edgetag.search import stage

    with pytest.raises(InputError, match=r"labels\.csv: no such file"):
        stage.run(recipe_in(tmp_path), Workspace(tmp_path / "run"), SilentProgress())
