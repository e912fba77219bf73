"""Every stage's result has a table that says what was found."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from edgetag.compression.result import (
    LayerSparsity,
    PrunedNetwork,
    PruneResult,
    QuantizeResult,
)
from edgetag.dataset.check import check
from edgetag.errors import ExitCode
from edgetag.progress import SilentProgress
from edgetag.recipe import parse_recipe
from edgetag.records import Result
from edgetag.reporting.results import tables_of
from edgetag.tables import MOST_FINDINGS, to_rich
from edgetag.tables.markdown import to_markdown
from edgetag.training.result import EpochRecord, PipelineRate, StepRate, TrainResult
from edgetag.validation.baseline import accept, compare
from tests.support.made_results import make_sources, make_verdict, quantized_variant, scored, tag


def test_a_data_check_shows_counts_and_what_would_be_left_out(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text(
        "path,cat\n" + "".join(f"missing{n}.png,1\n" for n in range(30))
    )
    recipe = parse_recipe(
        'name = "x"\n[data]\nsource = "labels.csv"\ntags = ["cat"]\n', tmp_path / "r.toml"
    )
    counts, dropped, problems = tables_of(check(recipe, SilentProgress()))
    assert counts.title.startswith("0 of 30 rows")
    assert len(dropped.texts) == 30
    assert dropped.most_rows == MOST_FINDINGS
    assert dropped.texts[0][:2] == ("missing0.png", "missing")
    assert problems.texts


def test_a_benchmark_shows_the_budgets_that_it_ends_by() -> None:
    kept, broken = (make_sources(latency_ratio=ratio).bench for ratio in (0.5, 0.7))
    assert kept is not None
    assert broken is not None
    title = "Budgets that are not kept"
    assert title not in [table.title for table in tables_of(kept)]
    assert broken.exit_code == ExitCode.BUDGET_BROKEN
    (missed,) = [table for table in tables_of(broken) if table.title == title]
    ((*row, verdict),) = missed.texts
    assert row == ["int8", "litert, 1 thread", "max_latency_ratio", "0.600", "0.700"]
    assert verdict == "✗ fail"


def test_a_training_marks_its_best_epoch() -> None:
    epochs = tuple(
        EpochRecord(
            phase=0, epoch=n, loss=1.0, validation_map=value, images_per_s=9, learning_rate=0.1
        )
        for n, value in enumerate((0.5, 0.75, 0.6))
    )
    (table,) = tables_of(
        TrainResult(
            epochs=epochs,
            best_epoch=1,
            best_validation_map=0.75,
            parameters=1,
            weights_sha256="",
            devices=("CPU",),
        )
    )
    assert [row[-1] for row in table.texts] == ["", "best", ""]


def test_pruning_shows_each_layers_zeros_against_its_target() -> None:
    layers = (
        LayerSparsity(layer="stem", weights=10, zeros=0),
        LayerSparsity(layer="a", weights=10, zeros=5, target=0.5),
    )
    network = PrunedNetwork(
        network="model",
        file="prune/model.npz",
        inputs_sha256="",
        structure="unstructured",
        layers=layers,
        sparsity=0.25,
        steps=1,
        validation_map_before=0.5,
        validation_map_after=None,
        weights_sha256="",
    )
    narrow = network.replace(network="narrow50")
    table, slim = tables_of(PruneResult(networks=(network, narrow)))
    assert (table.title, slim.title) == (
        "Sparsity 0.250 over all layers (unstructured)",
        "narrow50: sparsity 0.250 over all layers (unstructured)",
    )
    assert table.texts == (("stem", "10", "0.000", "–"), ("a", "10", "0.500", "0.500"))


def test_quantization_shows_how_far_logits_are_before_and_after_training() -> None:
    variant = quantized_variant(
        logit_rmse_after_warmup=0.451, logit_rmse=0.152, validation_map_before=0.8
    )
    (table,) = tables_of(QuantizeResult(variants=(variant,)))
    assert "| int8-qat | 0.000 | 0.451 | 0.152 | 0.8000 | – |" in to_markdown(table)


def test_the_pipelines_rate_is_shown_against_the_training_step() -> None:
    rate = StepRate(trains="all", pipeline=1000, step=100, together=95, ratio=0.95)
    result = PipelineRate(
        network="model3", input_size=64, batch_size=8, devices=("CPU",), rates=(rate,)
    )
    (table,) = tables_of(result)
    assert table.texts == (("all", "1000", "100", "95", "10.00", "0.95"),)


def titles(result: Result) -> list[str]:
    return [table.title for table in tables_of(result)]


def test_a_verdict_shows_what_is_undecided_and_what_would_decide() -> None:
    verdict = make_sources(tag_half_width=0.05).verdict
    assert "int8 on litert, tag by tag" not in titles(verdict)
    missed = tables_of(verdict)[titles(verdict).index("Budgets that are not kept")]
    assert dict(zip(missed.headings, missed.texts[0], strict=True)) == {
        "variant": "int8",
        "runtime": "litert",
        "tag": "cat",
        "budget": "max_recall_drop",
        "limit": "2.00 points",
        "measured": "0.40 points [−4.60, 5.40]",
        "would decide": "340 more positives: pass",
        "verdict": "? undecided",
    }


def test_a_verdict_shows_every_tag_of_a_variant_of_which_one_fails() -> None:
    assert "int8 on litert, tag by tag" in titles(make_sources(int8_drop=0.05).verdict)


def test_a_verdict_shows_thresholds_that_were_fitted_and_what_they_bring() -> None:
    verdict = make_sources().verdict
    fitted = tables_of(verdict)[-1]
    assert fitted.title.startswith("Thresholds fitted")
    assert fitted.texts[0][2:] == ("cat", "0.440", "0.410", "0.30")
    same = tuple(
        entry.replace(
            tags=tuple(tag.replace(threshold=tag.reference_threshold) for tag in entry.tags)
        )
        for entry in verdict.variants
    )
    assert not any(
        title.startswith("Thresholds") for title in titles(verdict.replace(variants=same))
    )


def test_a_verdict_shows_what_moved_since_the_accepted_state() -> None:
    verdict = make_sources(int8_drop=0.004).verdict
    baseline = accept(make_sources(int8_drop=0.001).verdict, None, "r")
    compared = compare(verdict, baseline, "baseline.json", 0.002, 0.01, 0.1)
    changes = tables_of(verdict.replace(baseline=compared))[-1]
    assert changes.texts[0] == (
        "int8",
        "litert",
        "map",
        "0.8490",
        "0.8460",
        "0.0020",
        "✗ worse",
    )
    assert len(changes.texts) == len(compared.changes)
    other = compared.replace(same_reference=False)
    changes = tables_of(verdict.replace(baseline=other))[-1]
    assert changes.title.endswith("of other trained weights: decides nothing")
    assert changes.texts[0][-1] == "worse", "of other weights it decides nothing"


@pytest.mark.parametrize("terminal", [True, False])
def test_a_terminal_gets_the_first_rows_of_a_long_table_and_is_told_but_a_pipe_gets_all(
    terminal: bool,
) -> None:
    entry = scored("int8", "litert", "test", 0.004)
    tags = tuple(tag(f"tag {n}", True, 0.05) for n in range(MOST_FINDINGS + 5))
    verdict = make_verdict((entry.replace(tags=tags),))
    missed = next(table for table in tables_of(verdict) if table.title.startswith("Budgets that"))
    console = Console(width=200, file=io.StringIO(), record=True, force_terminal=terminal)
    console.print(to_rich(missed))
    text = console.export_text()
    told = f"({MOST_FINDINGS} of {len(tags)} shown; a pipe and --json get all)"
    assert (told in text) is terminal
    assert text.count("max_recall_drop") == (MOST_FINDINGS if terminal else len(tags))
