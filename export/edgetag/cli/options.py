"""Options and arguments that several verbs share."""

from pathlib import Path
from typing import Annotated

import typer

RecipeOrRun = Annotated[
    Path,
    typer.Argument(
        metavar="RECIPE", help="The recipe, a TOML file; or a run folder, which keeps its recipe."
    ),
]
RunFolder = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        metavar="RUN",
        help="The run folder; default: runs/NAME where you are, or RECIPE where that is one.",
    ),
]
Variants = Annotated[
    list[str] | None, typer.Option(metavar="NAME", help="Only this file; may be repeated.")
]
VariantsBesideFloat = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="Beside the float file only this one; may be repeated."),
]
BundleVariant = Annotated[
    str | None, typer.Option(metavar="NAME", help="Which file of a bundle; default: its first.")
]
Json = Annotated[
    bool, typer.Option("--json", help="Print the result as JSON on stdout and nothing else there.")
]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Show what TensorFlow and native code print.")
]
Github = Annotated[
    bool,
    typer.Option("--github", help="Also print annotations for GitHub Actions; not with --json."),
]
NoBaseline = Annotated[
    bool, typer.Option("--no-baseline", help="Compare with no accepted state (baseline.json).")
]
TokenFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Requests need the token in it; default: the variable EDGETAG_TOKEN, or none.",
    ),
]


def require_page_name(option: str, path: Path | None) -> None:
    """Refuse a page whose name is not that of one: a picture or a table may lie there.

    Raises:
        InputError: Its name ends otherwise.
    """
    from edgetag.errors import InputError

    if path is not None and path.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"{option} {path}: its name must end in .html")
