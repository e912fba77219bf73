"""What `bench/bench.json` says of the files as they are now, by the limits of now."""

from edgetag.benchmarking.budgets import check_budgets
from edgetag.benchmarking.result import BenchResult, is_stable
from edgetag.conversion.exported import exported_if_there
from edgetag.recipe import Recipe
from edgetag.workspace import Workspace


def read_current(recipe: Recipe, workspace: Workspace) -> BenchResult | None:
    """Return what was measured of the files as they are now; None where nothing was.

    Files may be exported and judged anew without a new benchmark, and limits may change: figures
    of former files are left out, and the recipe's limits are held against the others.

    Raises:
        InputError: The result, or the list of files, is damaged.
    """
    kept = BenchResult.read_if_there(workspace.bench / "bench.json", "bench")
    made = exported_if_there(workspace)
    if kept is None or made is None:
        return kept
    digests = {file.variant: file.sha256 for file in made.variants}
    # What failed on every runtime has no figure; its failure names the file from schema 1.7 on.
    tried_files = {(figure.variant, figure.sha256) for figure in kept.results} | {
        (failure.variant, failure.sha256) for failure in kept.failures if failure.sha256
    }
    changed = {variant for variant, sha256 in tried_files if sha256 != digests.get(variant)}
    most = recipe.benchmark.max_spread
    results = tuple(
        figure.replace(stable=is_stable(figure.warm, figure.spread, most))
        if figure.spread is not None  # none was kept before schema 1.1
        else figure
        for figure in kept.results
        if figure.variant not in changed
    )
    failures = tuple(failure for failure in kept.failures if failure.variant not in changed)
    tried = {figure.variant for figure in results} | {failure.variant for failure in failures}
    if not tried:
        return None
    budgets = check_budgets(recipe, made.variants, results, failures)
    return kept.replace(
        budget_runtime=recipe.benchmark.budget_runtime,
        budget_threads=recipe.benchmark.budget_threads,
        results=results,
        desktop=tuple(
            figure.replace(stable=is_stable(figure.warm, figure.spread, most))
            for figure in kept.desktop
        ),
        failures=failures,
        budgets=tuple(budget for budget in budgets if budget.variant in tried),
    )
