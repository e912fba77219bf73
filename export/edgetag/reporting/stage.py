"""The report stage: joins what the stages before found, and writes it for people and CI systems.

Only validation's verdict must be there. A CI job that validates and does nothing else has no
export, no benchmark and no explanation; the report then says what is missing.
"""

import hashlib
import zipfile
from collections.abc import Collection

from edgetag.benchmarking.current import read_current as read_bench
from edgetag.conversion.exported import exported_if_there
from edgetag.conversion.result import ExportResult
from edgetag.dataset import open_dataset
from edgetag.dataset.attribution import attribution_file, read_attribution
from edgetag.dataset.result import DatasetResult
from edgetag.errors import InputError
from edgetag.explaining.result import Explanation
from edgetag.judging.decisions import worst
from edgetag.phones.current import read_current as read_phones
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.reporting.findings import find, unjudged
from edgetag.reporting.float_model import read_float_model
from edgetag.reporting.junit import write_junit
from edgetag.reporting.page.data import read_rejected
from edgetag.reporting.page.write import write_page
from edgetag.reporting.result import ReportResult
from edgetag.reporting.rows import (
    budget_rows,
    failure_rows,
    shown_runtime,
    tag_budget_rows,
    variant_rows,
)
from edgetag.reporting.shipping import shipping_sentence
from edgetag.reporting.sources import PackedBundle, Sources
from edgetag.reporting.summary import write_summary
from edgetag.robustness.current import read_current as read_robustness
from edgetag.shipping import choose
from edgetag.targets.store import read_current
from edgetag.validation.details import Details
from edgetag.validation.result import Verdict
from edgetag.workspace import Workspace, digest_file
from edgetag.writing import write_bytes, write_text


def run(recipe: Recipe, workspace: Workspace, progress: Progress) -> ReportResult:
    """Write `report/index.html`, `summary.md`, `junit.xml`, and their rows as `report.json`.

    Raises:
        InputError: The verdict is missing, or a result of an earlier stage is damaged.
    """
    sources = _read(recipe, workspace)
    summary, junit = workspace.report / "summary.md", workspace.report / "junit.xml"
    report = join(sources, workspace.relative(summary), workspace.relative(junit))
    page = workspace.report / "index.html"
    report = report.replace(page=workspace.relative(page))
    write_text(page, write_page(report, sources))
    write_text(summary, write_summary(report, sources))
    write_bytes(
        junit, write_junit(sources.verdict, report.budgets, sources.versions, sources.targets)
    )
    report.write(workspace.report / "report.json")
    progress.say(f"report: {page}")
    return report


def _packed(
    recipe: Recipe, workspace: Workspace, exported: ExportResult | None, ships: Collection[str]
) -> PackedBundle | None:
    """Return the bundle of the recipe's version, None where it does not hold just what ships."""
    path = workspace.bundle_file(recipe.name, recipe.bundle.version)
    ours = {file.sha256 for file in exported.variants if file.variant in ships} if exported else ()
    if not path.exists():
        return None
    try:
        with zipfile.ZipFile(path) as bundle:
            models = [name for name in bundle.namelist() if name.endswith(".tflite")]
            packed = {hashlib.sha256(bundle.read(name)).hexdigest() for name in models}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise InputError(f"{path}: damaged ({error}); run: edgetag bundle") from None
    if packed != ours:
        return None  # of an earlier training, or of what shipped before
    return PackedBundle(workspace.relative(path), digest_file(path), path.stat().st_size)


def _read(recipe: Recipe, workspace: Workspace) -> Sources:
    run_file = workspace.read_run_file()
    exported = exported_if_there(workspace)
    verdict = Verdict.read(workspace.validate / "verdict.json", "validate")
    has_images = (workspace.cache / "index.json").exists()
    stated = attribution_file(recipe)
    # A CI job may have the pictures without the text about them.
    attribution = read_attribution(recipe) if stated and stated.exists() else None
    # Figures of files that have been exported anew since are left out.
    ours = {file.sha256 for file in exported.variants} if exported else set()
    explained = Explanation.read_if_there(workspace.explain / "explain.json", "explain")
    bench, targets = read_bench(recipe, workspace), read_current(recipe, workspace)
    shipping = choose(recipe, verdict, bench, targets)
    return Sources(
        recipe=recipe,
        verdict=verdict,
        exported=exported,
        bench=bench,
        details=Details.read_if_there(workspace.validate / "details.json", "validate"),
        explanation=explained.only(ours) if explained and exported else explained,
        versions=run_file.versions if run_file else verdict.versions,
        thumbnails=open_dataset(workspace).images if has_images else None,
        targets=targets,
        phones=read_phones(workspace),
        robustness=read_robustness(workspace),
        float_model=read_float_model(workspace, verdict),
        data=DatasetResult.read_if_there(workspace.dataset / "summary.json", "data build"),
        rejected=read_rejected(workspace.dataset / "rejected.csv"),
        attribution=attribution.decode() if attribution else None,
        bundle=_packed(recipe, workspace, exported, shipping.variants),
    )


def join(sources: Sources, summary: str, junit: str) -> ReportResult:
    """Return the report's rows; `summary` and `junit` say where these lie in the run folder."""
    verdict, bench, targets = sources.verdict, sources.bench, sources.targets
    rows = variant_rows(sources.recipe, verdict, sources.exported, bench, targets)
    decisions = [row.verdict for row in rows if row.variant not in verdict.passed_over]
    if verdict.baseline:
        decisions.append(verdict.baseline.verdict)
    missing = unjudged(sources.recipe, verdict, bench, targets)
    budgets, of_tags = budget_rows(verdict, bench, targets), tag_budget_rows(verdict)
    failures = failure_rows(verdict, bench, targets)
    shipping = choose(sources.recipe, verdict, bench, targets)
    return ReportResult(
        file=summary,
        junit=junit,
        verdict=worst(decisions),
        ships=shipping.variants,
        leading=shipping.leading,
        shipping=shipping_sentence(sources.recipe, shipping, rows, (*budgets, *of_tags), failures),
        split=verdict.split,
        runtime=shown_runtime(sources.recipe, rows),
        variants=rows,
        budgets=budgets,
        tag_budgets=of_tags,
        failures=failures,
        findings=(*find(verdict, bench, shipping.leading, targets), *missing),
        baseline=verdict.baseline,
    )
