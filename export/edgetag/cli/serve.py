"""`edgetag serve`."""

from pathlib import Path
from typing import Annotated

import typer

from edgetag.cli.options import BundleVariant, TokenFile

PORT = "EDGETAG_PORT"
"""The variable that the container's health check reads as well."""


def serve(
    model: Annotated[
        Path,
        typer.Argument(
            metavar="MODEL",
            help="A bundle, a .tflite file with metadata, or an ensemble's .toml file.",
        ),
    ],
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; default: 127.0.0.1, this machine.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(envvar=PORT, help="Port; 0 for any; default: 8000.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, help="Processes; default: one per core.")
    ] = None,
    variant: BundleVariant = None,
    root: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="path= may name pictures below it; may be repeated."),
    ] = None,
    prefix: Annotated[
        list[str] | None,
        typer.Option(
            metavar="URL",
            help="address= may name pictures under it, such as s3://bucket/pictures/; may be "
            "repeated.",
        ),
    ] = None,
    redis: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Keep the cache in Redis too: redis://localhost."),
    ] = None,
    deadline: Annotated[
        float | None,
        typer.Option(
            metavar="S",
            help="Give up at once what would be answered later than in so many seconds; default: "
            "0.15.",
        ),
    ] = None,
    token_file: TokenFile = None,
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE.toml", help="These and all other settings; options go first."),
    ] = None,
) -> None:
    """Answer over HTTP: tags, heat maps, mosaics and crops of pictures.

    Ends when it has answered what came, after SIGTERM or Ctrl-C; opens the model anew on SIGHUP.
    """
    from edgetag.errors import MissingExtraError
    from edgetag.serving.settings import read_settings

    try:
        from edgetag.serving.running import run
    except ModuleNotFoundError as error:
        raise MissingExtraError(str(error.name), "serve") from None
    settings = read_settings(
        config,
        {
            "host": host,
            "port": port,
            "workers": workers,
            "variant": variant,
            "roots": tuple(root or ()),
            "prefixes": tuple(prefix or ()),
            "redis": redis,
            "deadline_s": deadline,
            "token_file": token_file,
        },
    )
    run(model, settings)
