"""How numbers came about: what they mean, how they were measured, and on what."""

from collections.abc import Iterator

from edgetag.benchmarking.result import BenchResult
from edgetag.recipe import Recipe
from edgetag.reporting.wording import of_tags
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
        f"{verdict.min_positives} positives is not scored. Split {escape_markdown(verdict.split)} "
        f"decides.\n"
    )


def how_measured(bench: BenchResult) -> str:
    """Return how the benchmark measured, as Markdown."""
    runs = min((found.runs for found in bench.results), default=0)
    return (
        f"Measured on {escape_markdown(bench.machine.cpu)} in {bench.mode} mode: batch 1, at least "
        f"{runs:,} timed runs after a warm-up until medians settled, variants taking turns in one "
        f"process per runtime. Load time is the median of five loads from the page cache. Peak "
        f"memory is what loading and running added to a fresh process.\n"
    )


def environment(
    recipe: Recipe, verdict: Verdict, bench: BenchResult | None, versions: dict[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield name and text of what the numbers were made on."""
    machine, reference = verdict.machine, verdict.reference
    features = f" ({', '.join(machine.cpu_features)})" if machine.cpu_features else ""
    yield "device", f"{machine.cpu}{features}, {machine.cores} cores, {machine.system}"
    if bench is not None and bench.machine != machine:
        other = bench.machine
        yield "device of the benchmark", f"{other.cpu}, {other.cores} cores, {other.system}"
    yield "reference", f"{reference.engine} on {reference.device}; {listed(reference.versions)}"
    scored = {found.split: found.n_scored_tags for found in verdict.variants}
    for split, value in reference.map.items():
        over = f" over {of_tags(scored[split], len(verdict.tags))}" if split in scored else ""
        told = "not scored" if value is None else f"{value:.4f}{over}"
        yield f"reference mAP on {split}", told
    for missing in bench.missing_runtimes if bench else ():
        yield f"left out: {missing.runtime}", missing.reason
    yield "versions", listed(versions)
    yield "bootstrap samples", str(verdict.bootstrap_samples)
    yield "seed", str(recipe.seed)
    yield "recipe SHA-256", recipe.digest()


def listed(versions: dict[str, str]) -> str:
    """Write versions on one line."""
    return ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
