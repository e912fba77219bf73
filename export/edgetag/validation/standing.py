"""Which variant a file given by hand stands for: its budgets hold, and its accepted state."""

from collections.abc import Collection, Mapping, Sequence

from edgetag.errors import InputError
from edgetag.recipe import Recipe
from edgetag.validation.accepted import HOW_TO_ACCEPT
from edgetag.validation.accepted_state import Baseline


def stands_for(name: str, asked: str | None, recipe: Recipe, accepted: Baseline | None) -> str:
    """Return the variant that a file given by hand stands for.

    That is the one asked for, else the one of the file's own name, else the one that the recipe
    bundles first; where it asks for the best, the only one that is accepted.

    `asked` is what `--as` says.

    Raises:
        InputError: There is no such variant, another one has the file's name, or nothing tells.
    """
    variants = recipe.export.possible
    states = accepted.variants if accepted else ()
    known = dict.fromkeys((*variants, *(state.variant for state in states)))
    if asked is not None and asked not in known:
        raise InputError(f"--as {asked}: the recipe's variants are {', '.join(known)}")
    if asked is not None and name in variants and name != asked:
        raise InputError(
            f"--as {asked}: the file is called {name}, which is another variant; give it another "
            "name: NAME=FILE"
        )
    if asked is not None:
        return asked
    if name in variants:
        return name
    if recipe.bundle.variants != "best":
        return recipe.bundle.variants[0]
    accepted_variants = list(dict.fromkeys(state.variant for state in states))
    if len(accepted_variants) == 1:
        return accepted_variants[0]
    raise InputError(
        f"{name}: which variant does this file stand for? The recipe bundles the best; say it with "
        f"--as, one of {', '.join(known)}"
    )


def accepted_names(
    files: Mapping[str, str | None],
    runtimes: Collection[str],
    accepted: Baseline,
    where: str,
) -> dict[str, str]:
    """Return the accepted variant that each file is compared with.

    Args:
        files: File → the variant that it stands for; None for the run's own variants.
        runtimes: Those that are judged and are on this machine.
        accepted: The accepted state.
        where: Its file, for errors.

    Returns:
        File → variant; a variant of the run is itself, accepted or not.

    Raises:
        InputError: No accepted state is about a file that was given by hand, or about any file: to
            compare nothing is not to pass.
    """
    known = {state.variant for state in accepted.variants if state.runtime in runtimes}
    stands_for: dict[str, str] = {}
    for name, variant in files.items():
        choices = (name,) if variant is None else (variant, name)
        stands_for[name] = next((choice for choice in choices if choice in known), choices[0])
        if variant is not None and stands_for[name] not in known:
            raise InputError(
                f"{where}: nothing is accepted of {variant}, which {name} stands for, on "
                f"{_or(sorted(runtimes))}; accepted are {_listed(accepted)}. Say with --as what "
                f"the file stands for, or {HOW_TO_ACCEPT}"
            )
    if not known.intersection(stands_for.values()):
        raise InputError(
            f"{where}: nothing is accepted of {', '.join(files)} on {_or(sorted(runtimes))}; "
            f"accepted are {_listed(accepted)}. To accept what there is now, {HOW_TO_ACCEPT}"
        )
    return stands_for


def _listed(accepted: Baseline) -> str:
    return ", ".join(f"{state.variant} on {state.runtime}" for state in accepted.variants)


def _or(names: Sequence[str]) -> str:
    return " or ".join(names) or "any runtime of this machine"
