"""Tables of every stage's result, for the terminal."""

from dataclasses import replace
from functools import singledispatch

from edgetag.benchmarking.compare import Comparison
from edgetag.benchmarking.history import History
from edgetag.benchmarking.result import BenchResult
from edgetag.compression.result import PruneResult, QuantizeResult
from edgetag.conversion.result import ExportResult
from edgetag.dataset.result import CheckReport, DatasetResult, SplitCounts
from edgetag.device.comparing import InstructionComparison
from edgetag.device.listing import MachineList
from edgetag.device.result import DeviceResult
from edgetag.explaining.result import Explanation
from edgetag.phones.result import PhoneList, PhonesResult
from edgetag.records import Result
from edgetag.reporting.device import device_sheets, instruction_ratio_sheets, machines_sheet
from edgetag.reporting.explanation import explanation_sheets
from edgetag.reporting.findings import find
from edgetag.reporting.heat_maps import heat_maps_sheet
from edgetag.reporting.latency import history_sheet, latency_sheets, ratio_sheets
from edgetag.reporting.phones import phone_list_sheet, phone_sheets
from edgetag.reporting.plan import plan_sheet
from edgetag.reporting.result import ReportResult
from edgetag.reporting.rows import budget_rows, tag_budget_rows
from edgetag.reporting.sheets import (
    budgets_sheet,
    changes_sheet,
    files_sheet,
    outcome_sheets,
    tags_sheet,
    thresholds_sheet,
    told_sheets,
)
from edgetag.reporting.tables import (
    MARKS,
    NONE,
    WITH_LOSSES,
    Sheet,
    format_percent,
    format_points,
)
from edgetag.reporting.wording import of_tags
from edgetag.training.result import PipelineRate, TrainResult
from edgetag.validation.accepted_state import Baseline
from edgetag.validation.plan_result import Plan
from edgetag.validation.rate import ScoringRate
from edgetag.validation.result import VariantVerdict, Verdict

SHOWN_FINDINGS = 20
"""Rows of a list of findings that a terminal shows."""


@singledispatch
def sheets(result: Result) -> tuple[Sheet, ...]:
    """Return the tables that show a stage's result; none for kinds without one."""
    del result
    return ()


@sheets.register
def _(result: DatasetResult) -> tuple[Sheet, ...]:
    return (_counts_sheet(f"{result.images} images by tag and split", result.splits),)


@sheets.register
def _(result: CheckReport) -> tuple[Sheet, ...]:
    title = f"{result.images} of {result.listed} rows would be used ({result.format})"
    found = [_counts_sheet(title, result.splits)]
    if result.dropped:
        dropped = tuple((d.path, d.reason, d.detail, d.where) for d in result.dropped)
        headings = ("path", "reason", "detail", "where")
        found.append(_findings("Would be left out", headings, dropped))
    if result.near_duplicates:
        near = tuple(
            (
                f"{n.path} ({n.split})",
                f"{n.other_path} ({n.other_split})",
                f"{n.distance_bits} bits",
            )
            for n in result.near_duplicates
        )
        found.append(_findings("Near duplicates across splits", ("path", "other", "apart"), near))
    if result.unknown_tags:
        unknown = tuple((u.name, str(u.rows), u.where) for u in result.unknown_tags)
        found.append(_findings("Tags not in the vocabulary", ("tag", "rows", "first"), unknown))
    for title, heading, sentences in (
        ("Advice", "advice", result.advice),
        ("What would leave a run undecided", "doubt", result.doubts),
        ("What would stop a run", "problem", result.problems),
    ):
        if sentences:
            rows = tuple((sentence,) for sentence in sentences)
            found.append(_findings(title, (heading,), rows))
    return tuple(found)


@sheets.register
def _(result: TrainResult) -> tuple[Sheet, ...]:
    rows = tuple(
        (
            str(epoch.epoch), str(epoch.phase), f"{epoch.loss:.4f}", f"{epoch.validation_map:.4f}",
            f"{epoch.images_per_s:.0f}", "best" if epoch.epoch == result.best_epoch else "",
        )
        for epoch in result.epochs
    )  # fmt: skip
    headings = ("epoch", "phase", "loss", "validation mAP", "images/s", "")
    return (Sheet(f"Training on {', '.join(result.devices)}", headings, frozenset(range(5)), rows),)


@sheets.register
def _(result: PruneResult) -> tuple[Sheet, ...]:
    rows = tuple(
        (
            layer.layer, str(layer.weights), f"{layer.sparsity:.3f}",
            NONE if layer.target is None else f"{layer.target:.3f}",
        )
        for layer in result.layers
    )  # fmt: skip
    title = f"Sparsity {result.sparsity:.3f} over all layers ({result.structure})"
    return (Sheet(title, ("layer", "weights", "zeros", "target"), frozenset({1, 2, 3}), rows),)


@sheets.register
def _(result: QuantizeResult) -> tuple[Sheet, ...]:
    rows = tuple(
        (
            found.variant, f"{found.agreement_after_warmup:.3f}", f"{found.sparsity:.3f}",
            _number(found.validation_map_before), _number(found.validation_map),
        )
        for found in result.variants
    )  # fmt: skip
    headings = ("variant", "agreement after warm-up", "zeros", "validation mAP before", "after")
    return (Sheet("Quantization-aware training", headings, frozenset(range(1, 5)), rows),)


@sheets.register
def _(result: Plan) -> tuple[Sheet, ...]:
    return (plan_sheet(result),)


@sheets.register
def _(result: ScoringRate) -> tuple[Sheet, ...]:
    rows = tuple(
        (
            rate.runtime, f"{rate.bare_images_per_s:.0f}", f"{rate.validate_images_per_s:.0f}",
            f"{rate.ratio:.2f}", f"{rate.ratios[0]:.2f} to {rate.ratios[1]:.2f}",
            f"{rate.cpu_ratio:.2f}", f"{rate.start_s:.1f} s",
        )
        for rate in result.rates
    )  # fmt: skip
    headings = ("runtime", "bare", "validate", "ratio", "of a round", "processor time", "start")
    title = (
        f"Images/s of {result.variant}, {result.processes} processes of one thread, median of "
        f"{result.rounds} rounds of {result.images} images; at least {result.target:g} is promised"
    )
    found = (Sheet(title, headings, frozenset(range(1, 7)), rows),)
    failures = tuple((failure.runtime, failure.reason) for failure in result.failures)
    return (*found, _findings("Not timed", ("runtime", "reason"), failures)) if failures else found


@sheets.register
def _(result: ExportResult) -> tuple[Sheet, ...]:
    warnings = tuple((warning,) for warning in result.warnings)
    found = (files_sheet(result),)
    return (*found, _findings("Warnings", ("warning",), warnings)) if warnings else found


@sheets.register
def _(result: Verdict) -> tuple[Sheet, ...]:
    rows = tuple(
        (
            found.variant, found.runtime, found.split, str(found.n_images), _number(found.map),
            format_points(found.map_drop, found.map_drop_interval),
            format_percent(found.flip_rate), format_points(found.f1_gain),
            _mark(found),
        )
        for found in result.variants
    )  # fmt: skip
    headings = (
        "variant", "runtime", "split", "images", "mAP", "drop, points", "flips",
        "F1 gain by own thresholds", "verdict",
    )  # fmt: skip
    counts = {one.split: of_tags(one.n_scored_tags, len(one.tags)) for one in result.variants}
    over = ", ".join(f"{counted} of {split}" for split, counted in counts.items())
    heading = f"Against the float reference; mAP over {over}"
    found = [Sheet(heading, headings, frozenset(range(3, 8)), rows)]
    if maps := heat_maps_sheet(result):
        found.append(_cut(maps))
    if result.failures:
        failures = tuple((f.variant, f.runtime, f.kind, f.reason) for f in result.failures)
        columns = ("variant", "runtime", "what happened", "reason")
        found.append(_findings("Not scored", columns, failures))
    for scored in result.variants:
        if scored.decides and any(tag.verdict == "fail" for tag in scored.tags):
            title = f"{scored.variant} on {scored.runtime}, tag by tag"
            found.append(tags_sheet(title, scored.tags))
    checks = (*budget_rows(result, None), *tag_budget_rows(result))
    if missed := [check for check in checks if check.verdict != "pass"]:
        found.append(_cut(budgets_sheet(missed, "Budgets that are not kept")))
    found += (_cut(sheet) for sheet in told_sheets(find(result)))
    if (fitted := thresholds_sheet(result)).rows:
        found.append(_cut(fitted))
    if result.baseline and result.baseline.changes:
        found.append(_cut(changes_sheet(result.baseline.changes)))
    return tuple(found)


def _mark(found: VariantVerdict) -> str:
    """Return the decision; one of a split for information says that it decides nothing."""
    if not found.decides:
        return f"{MARKS[found.verdict]}, decides nothing"
    lossy = any(not one.within_margin for one in found.losses)
    return WITH_LOSSES if lossy and found.verdict == "pass" else MARKS[found.verdict]


@sheets.register
def _(result: Explanation) -> tuple[Sheet, ...]:
    return explanation_sheets(result)


@sheets.register
def _(result: ReportResult) -> tuple[Sheet, ...]:
    return outcome_sheets(result)


@sheets.register
def _(result: Baseline) -> tuple[Sheet, ...]:
    rows = tuple(
        (
            state.variant, state.runtime, _number(state.map), format_points(state.map_drop),
            str(len(state.tags)), state.sha256[:12],
        )
        for state in result.variants
    )  # fmt: skip
    headings = ("variant", "runtime", "mAP", "drop, points", "scored tags", "SHA-256")
    title = f"Accepted for {result.recipe} over {result.split}"
    reasons = tuple(
        (entry.accepted_at, MARKS[entry.verdict], entry.reason)
        for entry in (result.shortened(), *reversed(result.history))
    )
    return (
        Sheet(title, headings, frozenset({2, 3, 4}), rows),
        Sheet(
            "Reasons, the latest first", ("accepted at", "budgets", "reason"), frozenset(), reasons
        ),
    )


@sheets.register
def _(result: BenchResult) -> tuple[Sheet, ...]:
    found = [*latency_sheets(result)]
    if result.failures:
        failures = tuple((f.variant, f.runtime, f.reason) for f in result.failures)
        found.append(_findings("Not measured", ("variant", "runtime", "reason"), failures))
    return tuple(found)


@sheets.register
def _(result: Comparison) -> tuple[Sheet, ...]:
    return ratio_sheets(result)


@sheets.register
def _(result: History) -> tuple[Sheet, ...]:
    return (history_sheet(result),)


@sheets.register
def _(result: PhonesResult) -> tuple[Sheet, ...]:
    return phone_sheets(result)


@sheets.register
def _(result: PhoneList) -> tuple[Sheet, ...]:
    return (phone_list_sheet(result),)


@sheets.register
def _(result: DeviceResult) -> tuple[Sheet, ...]:
    return device_sheets(result)


@sheets.register
def _(result: InstructionComparison) -> tuple[Sheet, ...]:
    return instruction_ratio_sheets(result)


@sheets.register
def _(result: MachineList) -> tuple[Sheet, ...]:
    return (machines_sheet(result),)


@sheets.register
def _(result: PipelineRate) -> tuple[Sheet, ...]:
    rows = tuple(
        (
            rate.trains, f"{rate.pipeline:.0f}", f"{rate.step:.0f}", f"{rate.together:.0f}",
            f"{rate.pipeline / rate.step:.2f}", f"{rate.ratio:.2f}",
        )
        for rate in result.rates
    )  # fmt: skip
    title = (
        f"Images a second: {result.network}, {result.input_size} px, batch {result.batch_size}, "
        f"{', '.join(result.devices)}"
    )
    headings = ("trains", "pipeline", "step", "together", "pipeline ÷ step", "together ÷ step")
    return (Sheet(title, headings, frozenset(range(1, 6)), rows),)


def _counts_sheet(title: str, splits: dict[str, SplitCounts]) -> Sheet:
    names = sorted(splits, key=lambda name: (name != "train", name != "validation", name))
    headings = ["tag"]
    for name in names:
        headings += [f"{name} ({splits[name].images})", "negative", "unknown"]
    rows = []
    for tag in splits[names[0]].tags if names else ():
        cells = [tag]
        for name in names:
            counts = splits[name].tags[tag]
            cells += [str(counts.positives), str(counts.negatives), str(counts.unknown)]
        rows.append(tuple(cells))
    return Sheet(title, tuple(headings), frozenset(range(1, len(headings))), tuple(rows))


def _findings(title: str, headings: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> Sheet:
    return _cut(Sheet(title, headings, frozenset(), rows))


def _cut(sheet: Sheet) -> Sheet:
    return replace(sheet, most_rows=SHOWN_FINDINGS)


def _number(value: float | None) -> str:
    return NONE if value is None else f"{value:.4f}"
