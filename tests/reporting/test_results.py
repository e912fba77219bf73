"""Every stage's result has a table that says what was found."""

from pathlib import Path

from edgetag.compression.result import (
    LayerSparsity,
    PruneResult,
    QuantizedVariant,
    QuantizeResult,
)
from edgetag.dataset.check import check
from edgetag.progress import SilentProgress
from edgetag.recipe import parse_recipe
from edgetag.reporting.results import SHOWN_FINDINGS, sheets
from edgetag.reporting.tables import to_markdown
from edgetag.training.result import EpochRecord, PipelineRate, StepRate, TrainResult


def test_a_data_check_shows_counts_and_what_would_be_left_out(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text(
        "path,cat\n" + "".join(f"missing{n}.png,1\n" for n in range(30))
    )
    recipe = parse_recipe(
        'name = "x"\n[data]\nsource = "labels.csv"\ntags = ["cat"]\n', tmp_path / "r.toml"
    )
    counts, dropped, problems = sheets(check(recipe, SilentProgress()))
    assert counts.title.startswith("0 of 30 rows")
    assert len(dropped.rows) == SHOWN_FINDINGS
    assert f"{SHOWN_FINDINGS} of 30 shown" in dropped.title
    assert dropped.rows[0][:2] == ("missing0.png", "missing")
    assert problems.rows


def test_a_training_marks_its_best_epoch() -> None:
    epochs = tuple(
        EpochRecord(
            phase=0, epoch=n, loss=1.0, validation_map=value, images_per_s=9, learning_rate=0.1
        )
        for n, value in enumerate((0.5, 0.75, 0.6))
    )
    (sheet,) = sheets(
        TrainResult(
            epochs=epochs, best_epoch=1, best_validation_map=0.75, parameters=1,
            weights_sha256="", devices=("CPU",),
        )
    )  # fmt: skip
    assert [row[-1] for row in sheet.rows] == ["", "best", ""]


def test_pruning_shows_each_layers_zeros_against_its_target() -> None:
    layers = (
        LayerSparsity(layer="stem", weights=10, zeros=0),
        LayerSparsity(layer="a", weights=10, zeros=5, target=0.5),
    )
    result = PruneResult(
        structure="unstructured", layers=layers, sparsity=0.25, steps=1,
        validation_map_before=0.5, validation_map_after=None, weights_sha256="",
    )  # fmt: skip
    (sheet,) = sheets(result)
    assert sheet.rows == (("stem", "10", "0.000", "–"), ("a", "10", "0.500", "0.500"))


def test_quantization_shows_the_agreement_after_the_warm_up() -> None:
    variant = QuantizedVariant(
        variant="int8-qat", file="f", weights_sha256="", inputs_sha256="", warmup_steps=60,
        agreement_after_warmup=0.958, sparsity=0.0, validation_map_before=0.8,
        validation_map=None,
    )  # fmt: skip
    (sheet,) = sheets(QuantizeResult(variants=(variant,)))
    assert "| int8-qat | 0.958 | 0.000 | 0.8000 | – |" in to_markdown(sheet)


def test_the_pipelines_rate_is_shown_against_the_training_step() -> None:
    rate = StepRate(trains="all", pipeline=1000, step=100, together=95, ratio=0.95)
    result = PipelineRate(
        network="model3", input_size=64, batch_size=8, devices=("CPU",), rates=(rate,)
    )
    (sheet,) = sheets(result)
    assert sheet.rows == (("all", "1000", "100", "95", "10.00", "0.95"),)
