"""What came out of a rescue, in words."""

from collections.abc import Sequence

from edgetag.catalogue.variants import TRAINED
from edgetag.conversion.layers import label
from edgetag.judging.decisions import Decision
from edgetag.recipe import Variant
from edgetag.rescue.result import Keep, Step
from edgetag.tables.formats import format_points


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
        limits = ", ".join(_broken(last)) or "a limit"
        failing = f"breaks {limits}" if last.accuracy == "fail" else "stays undecided"
        return (
            f"Even with all {len(last.layers)} layers in {kind}, {variant} {failing} "
            f"({_drop(last)}), so no choice of layers mends it. "
            + _advice(variant, keep, last, untrained)
        )
    if chosen is None:
        most = steps[-2]
        text = f"The layers that may be kept are too few; the most tried: {_drop(most)}."
        text += f" It breaks {', '.join(broken)}." if (broken := _broken(most)) else ""
        return text + _open(most)
    broken = _broken(chosen)
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


def _broken(step: Step) -> list[str]:
    return [check.budget for check in step.budgets if check.verdict == "fail"]


def _open(step: Step) -> str:
    """Say which other limits are undecided, and why, where that is known."""
    reasons = [
        f"{check.budget}{f' ({check.reason})' if check.reason else ''}"
        for check in step.budgets
        if check.verdict == "undecided"
    ]
    return f" Undecided: {', '.join(reasons)}." if reasons else ""


def _advice(variant: Variant, keep: Keep, step: Step, untrained: Decision | None) -> str:
    if step.failure is not None:
        return f"The file does not run: {step.failure}."
    if keep == "int16":
        return "Their weights still have 8 bits; try: --keep float."
    if variant in TRAINED:
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
        "What is left is lost at the ends: uint8 scores have 256 steps. Take export.output_type = "
        '"float32" where the recipe has another, or a wider margin.'
    )


def _drop(step: Step) -> str:
    return format_points(step.map_drop, step.map_drop_interval)
