"""The model card: what a person must know before shipping the model."""

from pathlib import Path

from edgetag.bundling.contents import Golden, Labels
from edgetag.bundling.released import without_folders
from edgetag.bundling.result import LeftOut
from edgetag.conversion.result import ExportedVariant
from edgetag.dataset.attribution import attribution_file
from edgetag.dataset.result import DatasetResult
from edgetag.recipe import Recipe
from edgetag.reporting.losses import loss_findings
from edgetag.reporting.rows import budget_rows, tag_budget_rows
from edgetag.reporting.sheets import budgets_sheet
from edgetag.reporting.tables import (
    NONE,
    Sheet,
    escape_markdown,
    format_bytes,
    format_fraction,
    format_percent,
    format_points,
    to_markdown,
)
from edgetag.text_templates import template
from edgetag.training.result import Thresholds
from edgetag.validation.result import VariantVerdict, Verdict

TEMPLATE = Path(__file__).parent / "templates" / "model-card.md.j2"

POLICIES = {
    "best_f1": "the score with the best F1",
    "fixed": "a fixed score",
    "recall_at_fpr": "the lowest score within a false-positive rate",
}


def model_card(
    recipe: Recipe,
    exported: tuple[ExportedVariant, ...],
    dataset: DatasetResult,
    trained: Thresholds,
    verdict: Verdict,
    labels: Labels,
    golden: Golden,
    left_out: tuple[LeftOut, ...],
) -> str:
    """Return the card as Markdown; names from recipe and data cannot break out of their places.

    Args:
        recipe: What was built.
        exported: The files that are shipped; the first is the default one.
        dataset: What it was built from.
        trained: How thresholds were chosen.
        verdict: What validation decided.
        labels: Names of the tags.
        golden: The inputs with known outputs.
        left_out: Runtime families without known outputs.
    """
    names = {file.variant for file in exported}
    judged = [entry for entry in verdict.variants if entry.origin == "export"]
    shipped = [e for file in exported for e in judged if e.variant == file.variant]
    default = next((e for e in shipped if e.variant == exported[0].variant and e.decides), None)
    return template(TEMPLATE, md=escape_markdown, without_folders=without_folders).render(
        recipe=recipe,
        verdict=verdict,
        contract=recipe.network.preprocessing(),
        files=to_markdown(_files_sheet(exported, verdict)),
        accuracy=to_markdown(_accuracy_sheet(shipped)),
        rescued=[file for file in exported if file.rescued],
        default=default,
        tags=to_markdown(_tags_sheet(default, labels)) if default else "",
        not_scored=[tag.tag for tag in default.tags if not tag.scored] if default else [],
        sensitive=[label.tag for label in labels.labels if label.sensitive],
        splits=to_markdown(_splits_sheet(dataset)),
        dataset=dataset,
        rejected=sum(dataset.rejected.values()),
        trained=trained,
        policy=POLICIES.get(trained.policy, trained.policy),
        golden=golden,
        families=to_markdown(_families_sheet(golden)),
        left_out=left_out,
        budgets=_budgets(verdict, exported),
        losses=[one for one in loss_findings(verdict) if one.variant in names],
        license=recipe.bundle.license or recipe.export.license,
        attributed=attribution_file(recipe) is not None,
        own_pictures=recipe.bundle.golden_pictures is not None,
    )  # fmt: skip


def _budgets(verdict: Verdict, exported: tuple[ExportedVariant, ...]) -> str:
    """Return what was required of the shipped files; empty where nothing was."""
    shipped = {file.variant for file in exported}
    rows = [*budget_rows(verdict, None), *tag_budget_rows(verdict)]
    wanted = [row for row in rows if row.variant in shipped]
    return to_markdown(budgets_sheet(wanted)) if wanted else ""


def _files_sheet(exported: tuple[ExportedVariant, ...], verdict: Verdict) -> Sheet:
    rows = tuple(
        (
            f"{file.variant}.tflite", format_bytes(file.size_bytes), file.input_type,
            file.output_type, file.min_runtime_version or NONE,
            verdict.decisions.get(file.variant, "undecided"),
        )
        for file in exported
    )  # fmt: skip
    headings = ("file", "size", "input", "output", "TensorFlow Lite from", "verdict")
    return Sheet("Files", headings, frozenset({1}), rows)


def _accuracy_sheet(entries: list[VariantVerdict]) -> Sheet:
    rows = tuple(
        (
            entry.variant, entry.runtime, entry.split, str(entry.n_images),
            format_fraction(entry.map), format_points(entry.map_drop, entry.map_drop_interval),
            format_fraction(entry.f1), format_points(entry.f1_drop, entry.f1_drop_interval),
            format_percent(entry.flip_rate),
        )
        for entry in entries
    )  # fmt: skip
    headings = (
        "variant", "runtime", "split", "images", "mAP", "drop, points", "F1", "drop, points",
        "flips",
    )  # fmt: skip
    return Sheet("Accuracy", headings, frozenset(range(3, 9)), rows)


def _tags_sheet(entry: VariantVerdict, labels: Labels) -> Sheet:
    names = {label.tag: label for label in labels.labels}
    rows = tuple(
        (
            tag.tag, names[tag.tag].en, names[tag.tag].ja, str(tag.positives),
            f"{tag.threshold:.3f}", format_fraction(tag.ap),
            format_points(tag.ap_drop, tag.ap_drop_interval), format_percent(tag.recall),
            format_percent(tag.fpr),
        )
        for tag in entry.tags
        if tag.scored
    )  # fmt: skip
    headings = (
        "tag", "English", "Japanese", "positives", "threshold", "AP", "drop, points", "recall",
        "false positives",
    )  # fmt: skip
    return Sheet("Tags", headings, frozenset(range(3, 9)), rows)


def _splits_sheet(dataset: DatasetResult) -> Sheet:
    rows = tuple((name, str(counts.images)) for name, counts in dataset.splits.items())
    return Sheet("Splits", ("split", "images"), frozenset({1}), rows)


def _families_sheet(golden: Golden) -> Sheet:
    rows = tuple(
        (one.variant, one.family, f"{one.runtime} {one.version}", f"{one.tolerance:g}")
        for one in golden.expected
    )
    return Sheet("Families", ("variant", "family", "made with", "tolerance"), frozenset({3}), rows)
