"""A search that is killed on the way, goes on, and is asked again with other budgets."""

from pathlib import Path

import pytest
from PIL import Image

from edgetag.conversion.flatfile import read_model
from edgetag.machine import this_machine
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe, load_recipe
from edgetag.search.candidates import candidates_of, derived
from edgetag.search.costs import multiplications
from edgetag.search.result import Measures, SearchResult
from edgetag.workspace import Workspace, digest_file
from tests.support.accelerators import RAN
from tests.support.small_run import Lines
from tests.support.trained_run import TrainedRun, command, kill_when_there

OTHERS = """
[export]
representative_images = 10
[compress.channels]
epochs = 0.3
rank = "l1"
allocation = "uniform"
[validation]
min_positives = 5
bootstrap_samples = 100
splits = ["test"]
runtimes = ["litert"]
[search]
kept_channels = [1.0, 0.5]
[search.budgets]
max_map_drop = 0.5
max_size_bytes = 600_000
"""
INT8, NARROW = "mobilenet_v2-64-int8", "mobilenet_v2-64-int8-narrow50"


class Searched:
    """A folder with a recipe and a run whose float model is trained, and a search killed in it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.workspace = folder, Workspace(folder / "runs" / "demo")
        self.kept = self.workspace.root / "search" / "kept"
        kill_when_there(
            command(folder, "search"), self.kept / f"{INT8}-1.00.json", folder / "log.txt"
        )
        self.before = {path: path.stat().st_mtime_ns for path in self.kept.glob("*.json")}
        self.result, self.said = self.search()

    def recipe(self, *changed: tuple[str, str]) -> Recipe:
        path = self.folder / "recipe.toml"
        text = path.read_text()
        for old, new in changed:
            assert old in text
            text = text.replace(old, new)
        path.with_name("changed.toml").write_text(text)
        return load_recipe(path.with_name("changed.toml"))

    def search(
        self, *changed: tuple[str, str], minutes: float | None = None
    ) -> tuple[SearchResult, list[str]]:
        from edgetag.search.stage import run

        lines = Lines()
        return run(self.recipe(*changed), self.workspace, lines, minutes=minutes), lines.lines


@pytest.fixture(scope="module")
def searched(trained_run: TrainedRun, tmp_path_factory: pytest.TempPathFactory) -> Searched:
    return Searched(trained_run.copy(tmp_path_factory.mktemp("search") / "killed", OTHERS))


@pytest.mark.slow
@pytest.mark.tensorflow
@pytest.mark.timeout(1800)
class TestSearch:
    def test_a_killed_search_loses_no_finished_trial(self, searched: Searched) -> None:
        assert len(searched.before) >= 3
        for path, written in searched.before.items():
            assert path.stat().st_mtime_ns == written

    def test_the_float_model_of_the_run_is_taken_and_not_trained_again(
        self, searched: Searched
    ) -> None:
        ours = Workspace(searched.workspace.root / "search" / "mobilenet_v2-64")
        files = [folder.train / "model.npz" for folder in (searched.workspace, ours)]
        assert len({digest_file(path) for path in files}) == 1
        assert "train:" not in (searched.folder / "log.txt").read_text()

    def test_the_cheapest_that_keeps_the_budgets_is_chosen_and_judged(
        self, searched: Searched
    ) -> None:
        result = searched.result
        assert result == SearchResult.read(searched.workspace.root / "search" / "search.json", "")
        assert (result.chosen, result.finished, result.keeps) == (NARROW, True, True)
        trials = {each.name: each for each in result.trials}
        assert trials.keys() == {INT8, NARROW}
        assert trials[INT8].is_final
        for trial in result.trials:
            assert trial.measures is not None
            assert trial.measures.accelerators["litert"] == RAN
        assert "costs less" in trials[INT8].why or "dominated" in trials[INT8].why
        assert result.verdict in ("pass", "undecided")
        assert result.file is not None
        assert digest_file(searched.workspace.root / result.file) == result.file_sha256
        assert (searched.workspace.root / "search" / "front.svg").read_text().count(NARROW) >= 1

    def test_costs_known_before_training_are_those_of_the_trained_file(
        self, searched: Searched
    ) -> None:
        sketch = searched.workspace.root / "search" / "sketches" / f"{NARROW}.tflite"
        (chosen,) = (each for each in searched.result.trials if each.name == NARROW)
        assert chosen.measures is not None
        estimated = multiplications(read_model(sketch))
        assert estimated == pytest.approx(chosen.measures.multiplications, rel=0.1)

    def test_the_front_is_told_as_it_grows(self, searched: Searched) -> None:
        assert any(line.endswith(f"front: {INT8}") for line in searched.said)
        assert any("after 0% of its training" in line for line in searched.said)

    def test_the_chosen_recipe_makes_the_file_that_was_chosen(self, searched: Searched) -> None:
        path = searched.workspace.root / "search" / "chosen.toml"
        recipe, asked = load_recipe(path), searched.recipe()
        (candidate,) = (each for each in candidates_of(asked) if each.name == NARROW)
        assert recipe.digest() == derived(asked, candidate).digest()
        assert recipe.data.source.resolve() == asked.data.source.resolve()

    def test_budgets_that_contradict_each_other_are_answered_with_the_nearest(
        self, searched: Searched
    ) -> None:
        kept = {path: path.stat().st_mtime_ns for path in searched.kept.glob("*.json")}
        accurate, small = ("max_map_drop = 0.5", "min_map = 1.0"), ("600_000", "260_000")
        result, _ = searched.search(accurate, small)
        assert (result.chosen, result.keeps, result.exit_code) == (NARROW, False, 1)
        assert "No combination keeps every budget. The nearest is" in result.outcome
        assert "min_map: 0." in result.outcome
        assert "max_size_bytes: " in result.outcome
        assert {path: path.stat().st_mtime_ns for path in searched.kept.glob("*.json")} == kept

    def test_costs_that_nothing_keeps_are_told_before_any_training(
        self, searched: Searched
    ) -> None:
        result, said = searched.search(("600_000", "1_000"))
        assert (result.chosen, result.exit_code) == (None, 1)
        assert f"none was trained. The nearest is {NARROW}" in result.outcome
        assert not [line for line in said if "of its training" in line]

    def test_a_search_without_time_says_so(self, searched: Searched) -> None:
        result, _ = searched.search(minutes=0)
        assert (result.chosen, result.finished) == (None, False)
        assert "give the search more time" in result.outcome

    def test_what_a_changed_recipe_makes_otherwise_is_measured_anew(
        self, searched: Searched
    ) -> None:
        sketch = searched.kept / f"sketch-{NARROW}.json"
        before = sketch.stat().st_mtime_ns
        more = ("representative_images = 10", "representative_images = 11")
        searched.search(("600_000", "1_000"), more)
        assert sketch.stat().st_mtime_ns > before


@pytest.mark.slow
@pytest.mark.tensorflow
@pytest.mark.parametrize(("cost", "again"), [("latency_ms", True), ("size_bytes", False)])
def test_times_of_another_machine_are_measured_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cost: str, again: bool
) -> None:
    from edgetag.search import trials

    for tag in ("cat", "dog"):
        (tmp_path / "images" / tag).mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(tmp_path / "images" / tag / "a.png")
    file = tmp_path / "recipe.toml"
    file.write_text(
        'name = "a"\n[data]\nsource = "images"\ntags = ["cat", "dog"]\n'
        f'[search]\ncost = "{cost}"\n[search.budgets]\nmax_size_bytes = 9\n'
    )
    recipe, made = load_recipe(file), []

    def make() -> Measures:
        made.append(cost)
        return Measures(multiplications=1, size_bytes=1, gzip_bytes=1)

    def ask() -> int:
        search = trials.Trials(recipe, Workspace(tmp_path / "run"), SilentProgress())
        search._once("a", recipe, make)
        return len(made)

    assert [ask(), ask()] == [1, 1]
    other = this_machine().replace(cpu="another")
    monkeypatch.setattr(trials, "this_machine", lambda: other)
    assert ask() == (2 if again else 1)
