"""`edgetag narrow`."""

from edgetag.cli.options import Json, RecipeOrRun, RunFolder, Verbose
from edgetag.cli.stages import run_verb


def narrow(
    recipe: RecipeOrRun, out: RunFolder = None, json: Json = False, verbose: Verbose = False
) -> None:
    r"""Make narrower networks of the trained one, faster and smaller (narrow/).

    int8-narrow75 and int8-narrow50 are made of them. Of the channels within each block those that
    matter least are left out, and what remains is fine-tuned by the float model's scores. The
    float model is not changed. See \[compress.channels]; \[compress.channels.budgets.narrow50] says
    in place of a share how slow or large the file may be, and the widest network that is not is
    made.
    """
    run_verb("narrow", recipe, out, json, verbose)
