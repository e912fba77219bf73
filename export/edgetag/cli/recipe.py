"""`edgetag recipe`: new, check, schema."""

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from edgetag.cli.options import Json, RecipeOrRun
from edgetag.cli.stages import read_recipe
from edgetag.cli.terminal import print_schema
from edgetag.tables.formats import counted

app = typer.Typer(no_args_is_help=True, help="Write, check and describe recipes.")


@app.command()
def new(
    path: Annotated[Path, typer.Argument(metavar="FILE.toml", help="Where to write it.")],
    source: Annotated[
        str, typer.Option(help="Table or folder of images, relative to the recipe.")
    ] = "images",
    tags: Annotated[
        str, typer.Option(help="Comma-separated; default: those that the source names.")
    ] = "",
) -> None:
    """Write a commented recipe for these labels and images, with margins that they can decide."""
    from edgetag.dataset.survey import survey
    from edgetag.recipe.template import refuse_existing, write_recipe
    from edgetag.validation.starting_recipe import draft

    refuse_existing(path)
    named = tuple(tag.strip() for tag in tags.split(",") if tag.strip())
    place = path.parent / source
    if not path.parent.exists():
        place = place.resolve()  # the system follows no .. out of a folder that is not there
    surveyed = survey(place, named, path.parent)
    write_recipe(path, draft(surveyed))
    sentences = f"{surveyed.sentence()}\nwrote {path}; next: edgetag data check {quote(str(path))}"
    typer.echo(sentences, err=True)


@app.command()
def check(recipe: RecipeOrRun, json: Json = False) -> None:
    """Check a recipe without running it; --json prints it with every default filled in.

    Warns where a file or folder that it names is missing, but for the data: edgetag data check.
    """
    from edgetag.named_files import problems

    loaded = read_recipe(recipe)
    for warning in (*loaded.warnings(), *problems(loaded)):
        typer.echo(f"warning: {recipe}: {warning}", err=True)
    if json:
        typer.echo(loaded.model_dump_json(indent=2))
    else:
        tags = counted(len(loaded.data.tags), "tag")
        typer.echo(f"{recipe}: a valid recipe for {tags}")


@app.command()
def schema() -> None:
    """Print the recipe's JSON Schema, for editors that complete and check TOML."""
    from edgetag.recipe import Recipe

    described = Recipe.model_json_schema()
    described["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    print_schema(described)
