"""How numbers came about: what they mean, how they were measured, and on what."""

from collections.abc import Iterator

from edgetag.benchmarking.result import BenchResult
from edgetag.recipe import Recipe
from edgetag.reporting.wording import of_tags
from edgetag.tables import NONE, NOT_SCORED
from edgetag.tables.formats import counted, format_fraction, format_gigabytes
from edgetag.tables.text import escape_markdown
from edgetag.validation.result import Verdict


def how_to_read(verdict: Verdict) -> str:
    """Return what the numbers of a verdict mean, as Markdown."""
    return (
        f"mAP is the mean average precision over the scored tags. A drop is the reference's value "
        f"minus the variant's, a rise the reverse, in points (0.01 is one point), with "
        f"{verdict.confidence:.0%} intervals, paired on the same images. A margin is kept if the "
        f"interval lies inside it, broken if outside, and undecided if it straddles. Flips are "
        f"decisions that differ from the reference's. A tag with fewer than "
        f"{counted(verdict.min_positives, 'positive')} is not scored. "
        f"Split {escape_markdown(verdict.split)} decides.\n"
    )


def least_runs(bench: BenchResult) -> int:
    """Return how many timed runs are behind every figure at least."""
    return min((figure.runs for figure in bench.results), default=0)


def how_measured(bench: BenchResult) -> str:
    """Return how the benchmark measured, as Markdown."""
    return (
        f"Measured on {escape_markdown(bench.machine.cpu)} in {bench.mode} mode: batch 1, at least "
        f"{least_runs(bench):,} timed runs after a warm-up until medians settled, variants taking "
        f"turns in one process per runtime. Load time is the median of five loads from the page "
        f"cache. Peak memory is what loading and running added to a fresh process.\n"
    )


def environment(
    recipe: Recipe, verdict: Verdict, bench: BenchResult | None, versions: dict[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield names and values of all that a person needs to get the same numbers again."""
    machine, reference = verdict.machine, verdict.reference
    memory = format_gigabytes(machine.memory_bytes)
    yield (
        "scored on",
        f"{machine.kind}, {memory} of memory, {machine.system}, {machine.architecture}",
    )
    if verdict.confined_by:
        yield "files confined by", verdict.confined_by
    if bench and bench.machine != machine:
        timed = bench.machine
        yield "timed on", f"{timed.kind}, {timed.system}"
    engines = dict.fromkeys(
        f"{entry.runtime} {entry.runtime_version} on {entry.device}" for entry in verdict.variants
    )
    yield "runtimes", "; ".join(engines) or NONE
    for missing in bench.missing_runtimes if bench else ():
        yield f"left out: {missing.runtime}", missing.reason
    yield "reference", f"{reference.engine} on {reference.device}; {listed(reference.versions)}"
    scored = {entry.split: entry.n_scored_tags for entry in verdict.variants}
    for split, value in reference.map.items():
        over = f" over {of_tags(scored[split], len(verdict.tags))}" if split in scored else ""
        mean = NOT_SCORED if value is None else f"{format_fraction(value, 4)}{over}"
        yield f"reference mAP, {split}", mean
    yield "validated with", listed(verdict.versions)
    yield "made with", listed(versions)
    yield (
        "statistics",
        f"{verdict.confidence:.0%} intervals, {verdict.bootstrap_samples} samples of the "
        f"bootstrap, seed {recipe.seed}",
    )
    yield "recipe SHA-256", recipe.digest()
    yield "weights SHA-256", reference.weights_sha256
    yield "reference scores SHA-256", reference.scores_sha256
    yield "judged images SHA-256", verdict.images_sha256


def listed(versions: dict[str, str]) -> str:
    """Write packages with their versions on one line."""
    return ", ".join(f"{name} {version}" for name, version in sorted(versions.items())) or NONE
