"""What a recipe names beside its data, and a run refuses to do without: told before any work.

What is looked at is imported only where a recipe names it, so that checking others stays fast.
"""

from collections.abc import Iterator, Sequence

from edgetag.errors import InputError
from edgetag.recipe import Recipe


def problems(recipe: Recipe) -> Sequence[str]:
    """Return what is missing or not of its kind, one sentence each; labels are not looked at."""
    return tuple(_problems(recipe))


def _problems(recipe: Recipe) -> Iterator[str]:
    for look in (_attribution, _golden_pictures, _weights, _teachers, _taught_pictures):
        try:
            look(recipe)
        except InputError as error:
            yield str(error)


def _attribution(recipe: Recipe) -> None:
    from edgetag.dataset.attribution import read_attribution

    read_attribution(recipe)


def _golden_pictures(recipe: Recipe) -> None:
    if (folder := recipe.bundle.golden_pictures) is not None:
        from edgetag.bundling.pictures import read_folder

        read_folder(folder, recipe.network.preprocessing())


def _weights(recipe: Recipe) -> None:
    if (file := recipe.network.weights) is not None:
        from edgetag.networks.given_weights import require_weights

        require_weights(file)


def _teachers(recipe: Recipe) -> None:
    if recipe.teacher.runs:
        from edgetag.training.taught import teacher_runs

        for stage in recipe.teacher.teaches:
            teacher_runs(recipe, stage)


def _taught_pictures(recipe: Recipe) -> None:
    if (folder := recipe.teacher.pictures) is not None:
        from edgetag.dataset.unlabelled_files import open_unlabelled

        open_unlabelled(folder, len(recipe.data.tags))
