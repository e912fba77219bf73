"""The walk over the stages: what is made if needed, what is skipped, and what a kill costs.

The stages are stand-ins that write their files at once; `tests/e2e/test_if_needed.py` walks real
ones.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from edgetag import one_stage, pipeline
from edgetag.compression.result import QuantizedVariant, QuantizeResult
from edgetag.conversion.result import ExportResult
from edgetag.conversion.stage import _trained_if_needed
from edgetag.dataset.result import DatasetResult, SplitCounts, TagCounts
from edgetag.errors import InputError
from edgetag.explaining.result import Explanation
from edgetag.judging.decisions import Decision, worst
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe, parse_recipe, passed_over
from edgetag.records import Result
from edgetag.stages import Stage
from edgetag.training.result import Thresholds
from edgetag.validation.result import Verdict
from edgetag.workspace import Workspace, digest_file
from edgetag.writing import write_text
from tests.support.made_results import (
    dataset_result,
    exported,
    make_sources,
    make_verdict,
    quantized_variant,
    scored,
)
from tests.support.run_folders import write_cache
from tests.support.small_run import Lines

PLAIN = ["dataset", "train", "export", "validate", "bench", "explain", "bundle", "report"]
NEEDED = [*PLAIN[:4], "quantize", "export", "validate", *PLAIN[4:]]


class Left(Result):
    """What a stand-in leaves."""

    SCHEMA: ClassVar[str] = "edgetag.test-left/1.0"
    text: str


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Plant:
    """Stand-ins of all stages, and what they did."""

    workspace: Workspace
    int8: Decision = "pass"
    qat: Decision = "pass"
    float_: Decision = "pass"
    seed: int = 1
    tags: tuple[str, ...] = ("cat", "dog")
    turn: str = ""
    """Makes the same stages leave other files, as trainings on a GPU do."""
    unread: int = 0
    """Pictures that the next explanation cannot read."""
    kill: tuple[str, int, str] = ("", 0, "")
    """Stage, which of its runs, and whether before or after it has left its files."""
    ran: list[str] = field(default_factory=list)
    bundled: list[tuple[str, ...]] = field(default_factory=list)

    def recipe(self, more: str = "") -> Recipe:
        source = self.workspace.root.parent / "l.csv"
        tags = list(self.tags)
        text = f'name = "x"\nseed = {self.seed}\n[data]\nsource = "l.csv"\ntags = {tags}\n{more}'
        return parse_recipe(text, source.with_name("r.toml"))

    def run(self, more: str = "", force: bool = False) -> list[str]:
        """Walk, and return which stages ran."""
        self.ran = []
        pipeline.run_all(self.recipe(more), self.workspace, SilentProgress(), force)
        return self.ran

    def alone(self, name: str) -> list[str]:
        """Run one stage by itself, and return what was said."""
        lines = Lines()
        one_stage.run_stage(name, self.recipe(), self.workspace, lines)
        return [line for line in lines.lines if line.startswith("note")]

    def require(self, *names: str) -> None:
        one_stage.require_in_step(names, self.recipe(), self.workspace, SilentProgress())

    @property
    def files(self) -> list[str]:
        path = self.workspace.export / "export.json"
        return [one.variant for one in ExportResult.read(path, "export").variants]

    def verdict(self) -> Decision:
        return Verdict.read(self.workspace.validate / "verdict.json", "validate").verdict

    def stand_in(self, which: Stage) -> Any:
        def run(recipe: Recipe, workspace: Workspace, _progress: Any, **options: Any) -> Result:
            self.ran.append(which.name)
            self._kill(which, "before")
            result = self._leave(which, recipe, options)
            for output in which.outputs[1:]:
                if "*" not in output and output != "dataset/cache/index.json":
                    text = f"{which.name} {recipe.seed} {self.turn}"
                    write_text(workspace.root / output, text)
            if which.name == "train":
                kept = Thresholds(policy=self.turn, split="validation", thresholds=at_half(recipe))
                kept.write(workspace.train / "thresholds.json")
            result.write(workspace.root / which.outputs[0])
            self._kill(which, "after")
            return result

        return type(
            "Module", (), {"run": staticmethod(run), "require": staticmethod(lambda _: None)}
        )

    def _kill(self, which: Stage, when: str) -> None:
        if self.kill == (which.name, self.ran.count(which.name), when):
            self.kill = ("", 0, "")
            raise Killed

    def _leave(self, which: Stage, recipe: Recipe, options: dict[str, Any]) -> Result:
        if which.name == "dataset":
            pixels = np.zeros((1, 32, 32, 3), dtype=np.uint8)
            write_cache(self.workspace.cache, pixels, f"seed {recipe.seed}")
            return dataset(recipe.seed)
        if which.name == "quantize":
            weights = self.workspace.quantize / "int8-qat.npz"
            write_text(weights, f"weights of seed {recipe.seed} {self.turn}")
            return QuantizeResult(variants=(quantized(weights),))
        if which.name == "export":
            names = (*recipe.export.variants, *_trained_if_needed(recipe, self.workspace))
            return ExportResult(variants=tuple(exported(name, 1) for name in names))
        if which.name == "validate":
            return self._judge(recipe)
        if which.name == "bench":
            bench = make_sources().bench
            assert bench is not None
            return bench.replace(results=(), failures=(), budgets=())
        if which.name == "explain":
            unread, self.unread = self.unread, 0
            return Explanation(blame=(), preprocessing=(), notes=(self.turn,), unread=unread)
        if which.name == "bundle":
            self.bundled.append(options["variants"])
            write_text(self.workspace.bundle / "x-0.1.0.zip", " ".join(options["variants"]))
        return Left(text=f"{which.name} of seed {recipe.seed} {self.turn}")

    def _judge(self, recipe: Recipe) -> Verdict:
        given: dict[str, Decision] = {"int8": self.int8, "int8-qat": self.qat}
        decisions = {name: given.get(name, self.float_) for name in self.files}
        over = passed_over(recipe, decisions)
        entries = tuple(scored(name, "litert", "test", 0.0) for name in decisions)
        counting = [decision for name, decision in decisions.items() if name not in over]
        return make_verdict(entries, (), decisions).replace(
            passed_over=over, verdict=worst(counting)
        )


def dataset(seed: int) -> DatasetResult:
    """Splits that can be trained and judged on."""
    counts = SplitCounts(images=60, tags={"cat": TagCounts(positives=30, negatives=30, unknown=0)})
    splits = dict.fromkeys(("train", "validation", "test"), counts)
    return dataset_result(input_size=32, splits=splits, cache_fingerprint=f"seed {seed}")


def at_half(recipe: Recipe) -> dict[str, float]:
    return dict.fromkeys(recipe.data.tags, 0.5)


def quantized(weights: Path) -> QuantizedVariant:
    return quantized_variant(weights_sha256=digest_file(weights))


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Plant]:
    (tmp_path / "l.csv").write_text("path,cat,dog,cow\na.png,1,0,0\n")
    (tmp_path / "a.png").write_bytes(b"x")

    def made(folder: str = "run", **settings: Any) -> Plant:
        plant = Plant(Workspace(tmp_path / folder), **settings)
        for module in (pipeline, one_stage):
            monkeypatch.setattr(module, "load_stage", plant.stand_in)
        return plant

    def read(which: Stage, workspace: Workspace) -> Result:
        kinds: dict[str, type[Result]] = {
            "dataset": DatasetResult,
            "explain": Explanation,
            "validate": Verdict,
        }
        kind = kinds.get(which.name, Left)
        if which.name in ("export", "quantize", "bench"):
            return Left(text=which.name)
        return kind.read(workspace.root / which.outputs[0], which.name)

    monkeypatch.setattr(pipeline, "read_result", read)
    return made


@pytest.mark.slow
def test_where_int8_passes_nothing_is_trained_for_it(make: Callable[..., Plant]) -> None:
    plant = make()
    assert plant.run() == PLAIN
    assert plant.files == ["fp32", "fp16", "int8"]
    assert plant.bundled == [("int8",)]
    assert plant.run() == []


@pytest.mark.parametrize("decision", ["fail", "undecided", "not judged"])
def test_where_int8_does_not_pass_another_is_made_and_ships(
    make: Callable[..., Plant], decision: Decision
) -> None:
    plant = make(int8=decision)
    assert plant.run() == NEEDED
    assert plant.files == ["fp32", "fp16", "int8", "int8-qat"]
    assert plant.bundled == [("int8-qat",)]
    assert plant.run() == []


KILLS = [
    (name, turn, when)
    for name, turn in [
        *((name, 1) for name in dict.fromkeys(NEEDED)),
        ("export", 2),
        ("validate", 2),
    ]
    for when in ("before", "after")
]


@pytest.mark.parametrize("kill", KILLS, ids=lambda kill: "-".join(map(str, kill)))
def test_a_run_killed_at_any_point_goes_on_to_the_same_end(
    make: Callable[..., Plant], kill: tuple[str, int, str]
) -> None:
    plant = make(int8="fail", kill=kill)
    with pytest.raises(Killed):
        plant.run()
    again = plant.run()
    assert plant.files == ["fp32", "fp16", "int8", "int8-qat"]  # as without a kill, see above
    assert plant.bundled[-1] == ("int8-qat",)
    finished = NEEDED[: NEEDED.index(kill[0]) + (4 if kill[1] == 2 else 0)]
    assert not {"dataset", "train", "quantize"} & set(again) & set(finished)
    assert plant.run() == []


def test_pictures_that_lay_elsewhere_are_explained_once_they_are_there(
    make: Callable[..., Plant],
) -> None:
    plant = make()
    plant.run()
    plant.unread = 3
    plant.alone("explain")
    assert plant.run() == ["explain"]
    assert plant.run() == []


def test_the_report_is_written_anew_where_what_it_shows_was_made_anew(
    make: Callable[..., Plant],
) -> None:
    plant = make()
    plant.run()
    plant.turn = "by other layers"
    plant.alone("explain")
    assert plant.run()[-1] == "report"
    assert plant.run() == []


def test_a_key_that_nothing_else_reads_is_told_by_bundle_and_report(
    make: Callable[..., Plant],
) -> None:
    plant = make()
    plant.run()
    assert plant.run("[phones]\nruns = 7\n") == ["bundle", "report"]
    assert plant.run("[phones]\nruns = 7\n") == []
    plant.alone("report")  # which takes a bundle by another recipe that packs the same
    assert plant.run() == ["bundle"]


@pytest.mark.parametrize(
    "more",
    [
        '[bundle]\nvariants = ["int8"]\n',
        '[export]\nvariants = ["fp32", "fp16", "int8", "int8-qat"]\n',
    ],
)
def test_a_file_that_fails_decides_once_the_recipe_says_that_it_does(
    make: Callable[..., Plant], more: str
) -> None:
    plant = make(int8="fail")
    plant.run()
    assert plant.verdict() == "pass"
    plant.run(more)
    assert plant.verdict() == "fail"
    plant.run()
    assert plant.verdict() == "pass"


def test_what_was_trained_on_other_weights_is_no_longer_exported(
    make: Callable[..., Plant],
) -> None:
    plant = make(int8="fail")
    plant.run()
    plant.seed, plant.int8 = 2, "pass"
    of_seed = [name for name in PLAIN if name != "dataset"]  # pictures are not drawn by chance
    assert plant.run() == of_seed
    assert plant.files == ["fp32", "fp16", "int8"]
    plant.seed, plant.int8 = 3, "fail"
    assert plant.run() == [name for name in NEEDED if name != "dataset"]
    assert plant.files[-1] == "int8-qat"


def test_a_stage_by_itself_does_not_mix_what_two_trainings_left(
    make: Callable[..., Plant],
) -> None:
    plant = make(int8="fail")
    plant.run()
    assert plant.alone("export") == plant.alone("validate") == plant.alone("bench") == []
    plant.turn = "another training"
    plant.alone("train")
    for name in ("export", "validate", "bench", "explain"):
        with pytest.raises(InputError, match=r"was made from what train.* left before; run: edge"):
            plant.alone(name)
    with pytest.raises(InputError, match=r"export was made from what train.* left before"):
        plant.require("export")  # as rescue and robustness do, which are no stages
    plant.alone("quantize")
    plant.alone("export")
    plant.require("export", "targets")
    for name in ("bundle", "report"):
        with pytest.raises(InputError, match="validate judged what train, export left before"):
            plant.alone(name)
    plant.alone("validate")
    plant.alone("bundle")


def test_a_stage_by_itself_refuses_what_changed_since_it_was_trained(
    make: Callable[..., Plant],
) -> None:
    plant = make()
    plant.run()
    write_text(plant.workspace.train / "model.npz", "another model")
    with pytest.raises(InputError, match=r"train/model\.npz changed since train left it"):
        plant.alone("export")
    (plant.workspace.train / "model.npz").unlink()
    plant.alone("bundle")


def test_a_stage_by_itself_tells_that_labels_changed(make: Callable[..., Plant]) -> None:
    plant = make()
    plant.run()
    labels = plant.recipe().data.source
    labels.write_text("path,cat,dog\na.png,0,0\n")
    (said,) = plant.alone("validate")
    assert said.startswith("note: dataset is of other data than there are now (labels or pictures")
    labels.unlink()
    assert plant.alone("validate") == []
    labels.write_text("path,cat,dog\na.png,0,0\n")
    plant.turn = "of other pictures"
    plant.alone("dataset")
    assert [line[:35] for line in plant.alone("export")] == ["note: train is of other data than t"]
    with pytest.raises(InputError, match="validate judged what dataset, export left before"):
        plant.alone("report")


@pytest.mark.parametrize("tags", [("dog", "cat"), ("cat", "cow")])
def test_a_stage_by_itself_gives_no_scores_the_names_of_other_tags(
    make: Callable[..., Plant], tags: tuple[str, ...]
) -> None:
    plant = make()
    plant.run()
    plant.tags = tags
    plant.alone("dataset")
    for name in ("export", "validate", "bench", "explain", "bundle"):
        with pytest.raises(InputError, match=r"trained on cat, dog, but the recipe now lists"):
            plant.alone(name)
    plant.alone("train")
    plant.alone("export")


def test_where_nothing_passes_the_old_bundle_goes(make: Callable[..., Plant]) -> None:
    plant = make()
    plant.run()
    assert (plant.workspace.bundle / "x-0.1.0.zip").exists()
    plant.seed, plant.int8, plant.qat = 2, "fail", "fail"
    plant.run()
    assert plant.bundled[-1] == ("fp16",)  # the smaller one of those that pass
    plant.seed, plant.float_ = 3, "undecided"
    assert "bundle" not in plant.run()
    assert not list(plant.workspace.bundle.iterdir())
    assert plant.run() == []


def test_the_run_folder_keeps_the_recipe_of_now_also_where_nothing_runs(
    make: Callable[..., Plant],
) -> None:
    plant = make()
    plant.run()
    assert plant.run('root = "."\n') == []  # where pictures lie is nothing that results follow from
    kept = plant.workspace.read_run_file()
    assert kept is not None
    assert kept.recipe["data"]["root"] == str(plant.workspace.root.parent)


def test_force_runs_all_again(make: Callable[..., Plant]) -> None:
    plant = make(int8="fail")
    plant.run()
    assert plant.run(force=True) == NEEDED


def test_force_keeps_what_no_stage_makes_again(make: Callable[..., Plant]) -> None:
    plant = make()
    plant.run()
    kept = [plant.workspace.bench / name for name in ("history.sqlite", "phones.json")]
    for path in kept:
        write_text(path, "measured before")
    stray = plant.workspace.train / "checkpoint.npz"
    write_text(stray, "of the run before")
    plant.run(force=True)
    assert [path.read_text() for path in kept] == ["measured before"] * 2
    assert not stray.exists()


def test_force_leaves_nothing_behind_a_link_to_another_disk(
    make: Callable[..., Plant], tmp_path: Path
) -> None:
    plant = make()
    plant.run()
    elsewhere = plant.workspace.train.rename(tmp_path / "large disk")
    plant.workspace.train.symlink_to(elsewhere)
    strays = [elsewhere / "checkpoint.npz", elsewhere / "tensorboard" / "events"]
    for path in strays:
        write_text(path, "of the run before")
    plant.run(force=True)
    assert not any(path.exists() for path in strays)
    assert (elsewhere / "train.json").exists()


def test_force_deletes_nothing_in_a_folder_that_is_no_run(make: Callable[..., Plant]) -> None:
    plant = make("project")
    own = plant.workspace.root / "export" / "module.py"
    write_text(own, "of a user")
    plant.run(force=True)
    assert own.read_text() == "of a user"


def test_force_does_not_delete_the_data_that_it_is_to_read(
    make: Callable[..., Plant],
) -> None:
    plant = make()
    more = '[bundle]\nattribution = "run/dataset/makers.md"\n'
    makers = plant.workspace.dataset / "makers.md"
    write_text(makers, "Ada")
    plant.run(more)
    with pytest.raises(InputError, match=r"--force would delete it.*makers\.md"):
        plant.run(more, force=True)
    assert makers.read_text() == "Ada"
    assert (plant.workspace.train / "train.json").exists()
