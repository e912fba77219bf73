"""What the numbers stand on: the accepted baseline, the files, the machine, the versions."""

from collections.abc import Iterator

from edgetag.reporting.page import words
from edgetag.reporting.page.sources import View
from edgetag.tables import Code, Column, Number, Rows, Table
from edgetag.tables.formats import format_bytes, format_count
from edgetag.validation.baseline_result import BaselineComparison
from edgetag.validation.tables import variant_cell


def baseline_sentence(compared: BaselineComparison) -> str:
    """Say in a sentence or two what the comparison came to."""
    if compared.same_scores:
        return "Every score is what it was when the baseline was accepted."
    if not compared.same_reference:
        return (
            "The baseline is about other trained weights, so its differences are told but decide "
            "nothing."
        )
    if not compared.changes:
        return "Scores moved, but no number moved beyond its tolerance."
    kinds = [change.change for change in compared.changes]
    told = {"worse": "worse", "gone": "gone", "better": "better", "new": "new"}
    counts = ", ".join(
        f"{kinds.count(kind)} {word}" for kind, word in told.items() if kind in kinds
    )
    return f"The weights are the same, yet numbers moved beyond their tolerance: {counts}."


def given_files_table(view: View) -> Table:
    """Show the judged files that this run did not export; without any the table is empty."""
    exported = view.sources.exported
    told = {file.variant for file in exported.variants} if exported else set[str]()
    given = {one.variant: one for one in view.sources.verdict.variants if one.variant not in told}
    return Rows(given.values()).table(
        "Files from elsewhere",
        Column("variant", variant_cell),
        Number("size", lambda one: format_bytes(one.size_bytes)),
        Number("gzip", lambda one: format_bytes(one.gzip_bytes)),
        Code("SHA-256", lambda one: one.sha256[:12]),
    )


def environment(view: View) -> Iterator[tuple[str, str]]:
    """Yield names and values of all that a person needs to get the same numbers again."""
    sources, verdict = view.sources, view.sources.verdict
    machine, reference = verdict.machine, verdict.reference
    features = f" ({', '.join(machine.cpu_features)})" if machine.cpu_features else ""
    memory = _gigabytes(machine.memory_bytes)
    yield (
        "scored on",
        (
            f"{machine.cpu}{features}, {words.plural(machine.cores, 'core')}, {memory} of memory, "
            f"{machine.system}, {machine.architecture}"
        ),
    )
    if sources.bench and sources.bench.machine != machine:
        timed = sources.bench.machine
        yield "timed on", f"{timed.cpu}, {words.plural(timed.cores, 'core')}, {timed.system}"
    engines = dict.fromkeys(
        f"{found.runtime} {found.runtime_version} on {found.device}" for found in verdict.variants
    )
    yield "runtimes", "; ".join(engines) or "–"
    for missing in sources.bench.missing_runtimes if sources.bench else ():
        yield f"left out: {missing.runtime}", missing.reason
    yield "reference", f"{reference.engine} on {reference.device}; {listed(reference.versions)}"
    tags = {found.split: found.n_scored_tags for found in verdict.variants}
    for split, value in reference.map.items():
        over = words.plural(tags[split], "tag") if split in tags else "the scored tags"
        told = "not scored" if value is None else f"{value:.4f} over {over}"
        yield f"reference mAP, {split}", told
    yield "validated with", listed(verdict.versions)
    yield "made with", listed(sources.versions)
    yield (
        "statistics",
        f"{100 * verdict.confidence:.0f} % intervals, {format_count(verdict.bootstrap_samples)} "
        f"samples of the bootstrap, seed {sources.recipe.seed}",
    )
    yield "recipe SHA-256", sources.recipe.digest()
    yield "weights SHA-256", reference.weights_sha256
    yield "reference scores SHA-256", reference.scores_sha256
    yield "judged images SHA-256", verdict.images_sha256


def _gigabytes(memory_bytes: int | None) -> str:
    return "unknown size" if memory_bytes is None else f"{memory_bytes / 1e9:.1f} GB"


def listed(versions: dict[str, str]) -> str:
    """Write packages with their versions."""
    return ", ".join(f"{name} {version}" for name, version in sorted(versions.items())) or "–"
