"""The model card: what a person must know before shipping the model."""

from pathlib import Path

from edgetag.bundling.contents import Golden, Labels
from edgetag.bundling.front_matter import front_matter
from edgetag.bundling.limits import limit_rows
from edgetag.bundling.released import without_folders
from edgetag.bundling.result import LeftOut
from edgetag.conversion.result import ExportedVariant
from edgetag.dataset.attribution import attribution_file
from edgetag.dataset.result import DatasetResult
from edgetag.recipe import Recipe
from edgetag.reporting.losses import loss_findings
from edgetag.reporting.tables import budgets_table
from edgetag.tables import Column, Number, Rows, Table, points
from edgetag.tables.formats import format_bytes, format_fraction, format_mean, format_percent
from edgetag.tables.markdown import to_markdown
from edgetag.tables.text import escape_markdown
from edgetag.text_templates import template
from edgetag.training.result import Thresholds
from edgetag.validation.result import VariantVerdict, Verdict
from edgetag.validation.tables import agreements_table

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

    Of the exported files, which are shipped, the first is the default one; `left_out` are
    runtime families without known outputs.
    """
    names = {file.variant for file in exported}
    judged = [entry for entry in verdict.variants if entry.origin == "export"]
    agreements = [agreement for agreement in verdict.agreements if agreement.variant in names]
    agreed = agreements_table(agreements, verdict.confidence)
    shipped = [e for file in exported for e in judged if e.variant == file.variant]
    default = next((e for e in shipped if e.variant == exported[0].variant and e.decides), None)
    return template(TEMPLATE, md=escape_markdown, without_folders=without_folders).render(
        recipe=recipe,
        front_matter=front_matter(recipe, verdict, [e for e in shipped if _beside(e, default)]),
        verdict=verdict,
        contract=recipe.network.preprocessing(),
        files=to_markdown(_files_table(exported, verdict)),
        accuracy=to_markdown(_accuracy_table(shipped)),
        agreements=to_markdown(agreed) if agreed.rows else "",
        rescued=[file for file in exported if file.rescued],
        default=default,
        tags=to_markdown(_tags_table(default, labels)) if default else "",
        not_scored=[tag.tag for tag in default.tags if not tag.scored] if default else [],
        sensitive=[label.tag for label in labels.labels if label.sensitive],
        splits=to_markdown(_splits_table(dataset)),
        dataset=dataset,
        rejected=sum(dataset.rejected.values()),
        trained=trained,
        policy=POLICIES.get(trained.policy, trained.policy),
        golden=golden,
        families=to_markdown(_families_table(golden)),
        left_out=left_out,
        budgets=_budgets(verdict, exported),
        losses=[loss for loss in loss_findings(verdict) if loss.variant in names],
        license=recipe.bundle.license or recipe.export.license,
        attributed=attribution_file(recipe) is not None,
        own_pictures=recipe.bundle.golden_pictures is not None,
    )


def _beside(entry: VariantVerdict, default: VariantVerdict | None) -> bool:
    """Tell whether it is about the default file on the same runtime, over any split."""
    return default is not None and (entry.variant, entry.runtime) == (
        default.variant,
        default.runtime,
    )


def _budgets(verdict: Verdict, exported: tuple[ExportedVariant, ...]) -> str:
    """Return what was required of the shipped files; empty where nothing was."""
    rows = limit_rows(verdict, {file.variant for file in exported})
    return to_markdown(budgets_table(rows)) if rows else ""


def _files_table(exported: tuple[ExportedVariant, ...], verdict: Verdict) -> Table:
    return Rows(exported).table(
        "Files",
        Column("file", lambda file: f"{file.variant}.tflite"),
        Number("size", lambda file: format_bytes(file.size_bytes)),
        Column("input", lambda file: file.input_type),
        Column("output", lambda file: file.output_type),
        Column("TensorFlow Lite from", lambda file: file.min_runtime_version or None),
        Column("verdict", lambda file: verdict.decisions.get(file.variant, "undecided")),
    )


def _accuracy_table(entries: list[VariantVerdict]) -> Table:
    return Rows(entries).table(
        "Accuracy",
        Column("variant", lambda entry: entry.variant),
        Column("runtime", lambda entry: entry.runtime),
        Column("split", lambda entry: entry.split),
        Number("images", lambda entry: entry.n_images),
        Number("mAP", lambda entry: format_mean(entry.map)),
        points("drop", lambda entry: (entry.map_drop, entry.map_drop_interval)),
        Number("F1", lambda entry: format_mean(entry.f1)),
        points("drop", lambda entry: (entry.f1_drop, entry.f1_drop_interval)),
        Number("flips", lambda entry: format_percent(entry.flip_rate)),
    )


def _tags_table(entry: VariantVerdict, labels: Labels) -> Table:
    names = {label.tag: label for label in labels.labels}
    return Rows(tag for tag in entry.tags if tag.scored).table(
        "Tags",
        Column("tag", lambda tag: tag.tag),
        Column("English", lambda tag: names[tag.tag].en),
        Column("Japanese", lambda tag: names[tag.tag].ja),
        Number("positives", lambda tag: tag.positives),
        Number("threshold", lambda tag: format_fraction(tag.threshold)),
        Number("AP", lambda tag: format_mean(tag.ap)),
        points("drop", lambda tag: (tag.ap_drop, tag.ap_drop_interval)),
        Number("recall", lambda tag: format_percent(tag.recall)),
        Number("false positives", lambda tag: format_percent(tag.fpr)),
    )


def _splits_table(dataset: DatasetResult) -> Table:
    return Rows(dataset.splits.items()).table(
        "Splits", Column("split", lambda row: row[0]), Number("images", lambda row: row[1].images)
    )


def _families_table(golden: Golden) -> Table:
    return Rows(golden.expected).table(
        "Families",
        Column("variant", lambda expected: expected.variant),
        Column("family", lambda expected: expected.family),
        Column("made with", lambda expected: f"{expected.runtime} {expected.version}"),
        Number("tolerance", lambda expected: f"{expected.tolerance:g}"),
    )
