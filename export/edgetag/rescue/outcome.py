"""What came out of a rescue, in words and as a table."""

from collections.abc import Sequence

from edgetag.judging.decisions import Decision
from edgetag.recipe import Variant
from edgetag.reporting.tables import MARKS, NONE, Sheet, format_bytes, format_ms
from edgetag.rescue.layers import label
from edgetag.rescue.result import Keep, RescueResult, Step

FINE_TUNED = ("int8-qat", "int8-pruned-qat")
"""Their weights are not the float model's."""

SHOWN_LAYERS = 4
"""Layers named in a cell of the table; the JSON has them all."""


def describe(
    variant: Variant,
    keep: Keep,
    steps: Sequence[Step],
    chosen: Step | None,
    *,
    searched: bool,
    untrained: Decision | None = None,
) -> str:
    """Say what came out.

    Args:
        variant: What was rescued.
        keep: How layers are kept.
        steps: By number of layers.
        chosen: The step with the fewest layers that keeps the limits on accuracy.
        searched: Whether layers were ranked and tried.
        untrained: What validation decided on int8, which is quantized without fine-tuning; None
            where nothing is known of it.
    """
    kind = "float" if keep == "float" else "16 bits"
    if chosen is None and not searched:
        last = steps[-1]
        told = "breaks a limit" if last.accuracy == "fail" else "stays undecided"
        return (
            f"Even with all {len(last.layers)} layers in {kind}, {variant} {told} "
            f"({_drop(last)}), so no choice of layers mends it. "
            + _advice(variant, keep, last, untrained)
        )
    if chosen is None:
        return f"The layers that may be kept are too few; the most tried: {_drop(steps[-2])}."
    broken = [check.budget for check in chosen.budgets if check.verdict == "fail"]
    if not chosen.layers:
        text = f"{variant} keeps its limits on accuracy as it is; nothing was kept in {kind}."
        text += f" But it breaks {', '.join(broken)}, and layers mend accuracy." if broken else ""
        return text + _open(chosen)
    plural = "s" if len(chosen.layers) > 1 else ""
    text = (
        f"{len(chosen.layers)} layer{plural} in {kind} bring{'' if plural else 's'} {variant} "
        f"inside its limits on accuracy: {', '.join(label(name) for name in chosen.layers)}."
    )
    text += f" But the file then breaks {', '.join(broken)}." if broken else ""
    text += _open(chosen)
    if broken:
        return text
    return text + (
        f" {len(steps)} files were judged on the same images, and the more there are, the likelier "
        "one passes by luck: --adopt SPLIT judges it on another split's images, and ships it if it "
        "passes there too."
    )


def _open(step: Step) -> str:
    """Say which other limits are undecided, and why, where that is known."""
    told = [
        f"{check.budget}{f' ({check.reason})' if check.reason else ''}"
        for check in step.budgets
        if check.verdict == "undecided"
    ]
    return f" Undecided: {', '.join(told)}." if told else ""


def _advice(variant: Variant, keep: Keep, step: Step, untrained: Decision | None) -> str:
    if step.failure is not None:
        return f"The file does not run: {step.failure}."
    if keep == "int16":
        return "Their weights still have 8 bits; try: --keep float."
    if variant in FINE_TUNED:
        # These weights in float have seen no quantization: what they lack, fine-tuning took.
        cause = f"The fine-tuning of {variant} lost that, not the quantization. "
        if untrained == "pass":
            return cause + "int8, which is not fine-tuned, passes its limits: ship that."
        return cause + (
            "Give quantization more distillation or a lower learning_rate, or try int8, which is "
            "not fine-tuned."
        )
    if step.accuracy == "undecided":
        return "More images in the split that decides would narrow the interval."
    return (
        "What is left is lost at the ends: uint8 scores have 256 steps. Try export.output_type = "
        '"float32", or a wider margin.'
    )


def steps_sheet(result: RescueResult) -> Sheet:
    """Return the table of steps, with the float file's cost as its last row."""
    rows = []
    for step in result.steps:
        latency = step.latency_ms
        rows.append(
            (
                str(len(step.layers)),
                _change(step),
                NONE if step.map is None else f"{step.map:.4f}",
                _drop(step),
                format_bytes(step.size_bytes),
                format_bytes(step.gzip_bytes),
                format_ms(latency.p50) if latency else NONE,
                format_ms(latency.p90) if latency else NONE,
                MARKS[step.verdict] + (" ←" if step.name == result.chosen else ""),
            )
        )
    fp32, latency = result.fp32, result.fp32.latency_ms
    rows.append(
        (
            "fp32", NONE, NONE, NONE, format_bytes(fp32.size_bytes), format_bytes(fp32.gzip_bytes),
            format_ms(latency.p50) if latency else NONE,
            format_ms(latency.p90) if latency else NONE, NONE,
        )
    )  # fmt: skip
    kind = "float" if result.keep == "float" else "16 bits"
    headings = (
        "kept", "layers", "mAP", "drop, points", "size", "gzip", "p50 ms", "p90 ms",
        "verdict",
    )  # fmt: skip
    title = f"{result.variant} with layers in {kind}, on {result.runtime}, {result.split}"
    return Sheet(title, headings, frozenset({0, 2, 3, 4, 5, 6, 7}), tuple(rows))


def ranking_sheet(result: RescueResult, shown: int = 10) -> Sheet:
    """Return the layers that quantizing hurts most."""
    rows = tuple(
        (str(rank), layer.label, layer.operator, f"{layer.error:.5f}")
        for rank, layer in enumerate(result.ranking[:shown], start=1)
    )
    title = f"Change of the scores by quantizing one layer alone ({len(result.ranking)} layers)"
    return Sheet(title, ("rank", "layer", "operator", "RMS"), frozenset({0, 3}), rows)


def _change(step: Step) -> str:
    """Say which layers a step has, by those of the steps before."""
    if not step.layers:
        return NONE
    if step.dropped:
        return f"{len(step.layers) + len(step.dropped)} without {_named(step.dropped)}"
    return f"+ {_named(step.added)}" if step.added else "the same"


def _named(names: tuple[str, ...]) -> str:
    labels = [label(name) for name in names[:SHOWN_LAYERS]]
    more = len(names) - len(labels)
    return ", ".join(labels) + (f" and {more} more" if more else "")


def _drop(step: Step) -> str:
    if step.map_drop is None or step.map_drop_interval is None:
        return NONE
    low, high = step.map_drop_interval
    return f"{100 * step.map_drop:.2f} [{100 * low:.2f}, {100 * high:.2f}]"
