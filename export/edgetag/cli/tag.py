"""`edgetag tag`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from edgetag.catalogue.engines import DEFAULT_ENGINE, RUNTIMES
from edgetag.cli.confined import confine_command
from edgetag.cli.models import open_model
from edgetag.cli.options import BundleVariant, Json, require_page_name
from edgetag.cli.terminal import console_progress, print_json, print_tables

if TYPE_CHECKING:
    from edgetag.tagging.tagger import Tagger


def tag(
    model: Annotated[
        Path,
        typer.Argument(
            metavar="MODEL",
            help="A bundle, a .tflite file with metadata, or an ensemble's .toml file.",
        ),
    ],
    pictures: Annotated[
        list[str],
        typer.Argument(
            metavar="PICTURES...",
            help="Files, folders, globs, archives (zip, tar), addresses (s3://bucket/photos), "
            "Parquet lists with a column path, or - for paths on stdin, one a line or each with "
            "a zero byte behind it.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="TABLE", help="The table to write: .csv, .jsonl or .parquet."
        ),
    ] = None,
    variant: BundleVariant = None,
    beside: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="MODEL[=WEIGHT]",
            help="Tag with this model too, by the weighted mean of scores; MODEL's weight is 1. "
            "May be repeated.",
        ),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=1.0,
            help="Set tags from this score on, in place of the bundle's thresholds.",
        ),
    ] = None,
    runtime: Annotated[
        str, typer.Option(metavar="NAME", help=f"One of: {', '.join(RUNTIMES)}.")
    ] = DEFAULT_ENGINE,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=256, help="Threads, or workers of Ray; default: one per core."),
    ] = None,
    scaled_jpeg: Annotated[
        bool,
        typer.Option(
            "--scaled-jpeg",
            help="Decode JPEG files of many pixels at a fraction of their size: faster, and not "
            "the contract; edgetag explain says what it costs in tags.",
        ),
    ] = False,
    on: Annotated[
        Literal["here", "ray"],
        typer.Option(
            help="Who computes: here, or ray: the cluster that RAY_ADDRESS names, or --workers "
            "processes on this machine."
        ),
    ] = "here",
    sidecars: Annotated[
        Literal["hydrus", "booru"] | None,
        typer.Option(
            help="Also write the tags beside each picture: hydrus (picture.jpg.txt, a tag a line) "
            "or booru (picture.txt, with commas); what lies there with other tags is left."
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.html",
            help="Also write a page: scores of every tag, its threshold, tags that come together.",
        ),
    ] = None,
    measure: Annotated[
        bool,
        typer.Option(
            "--measure",
            help="Write nothing; time up to 400 of them beside decoding and inference alone.",
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Tag pictures with a bundle: a row for each, with its scores, or why it cannot be read.

    A killed command goes on where it was when it is typed again.
    """
    from functools import partial

    from edgetag.errors import InputError
    from edgetag.tables.lists import left_table
    from edgetag.tagging.batch import require_table_name, tag_pictures
    from edgetag.tagging.engines import on_threads
    from edgetag.tagging.listing import list_pictures
    from edgetag.tagging.on_ray import ray_engine
    from edgetag.tagging.rate import rate_table
    from edgetag.tagging.throughput import measure as measure_rate

    if (out is None) is not measure:
        raise InputError("give -o TABLE to tag, or --measure to time; one of the two")
    if measure and (on != "here" or sidecars or report):
        raise InputError(
            "--measure times this machine and writes nothing; leave --on, --sidecars, --report out"
        )
    if out is not None:
        require_page_name("--report", report)
        require_table_name(out)  # before folders and addresses are listed, which may take long
    progress = console_progress()
    listing = list_pictures(_named(pictures))
    for sentence in listing.left_out():
        progress.say(sentence)
    # Only a list can be called as a table is.
    lists = (place for place in listing.places if out is not None and place.suffix == out.suffix)
    if out is not None and out.exists() and any(out.samefile(place) for place in lists):
        raise InputError(f"{out}: pictures are named in it; write the table to another file")
    if report is not None:
        from edgetag.plotting import house_matplotlib

        house_matplotlib()
        import matplotlib.figure  # noqa: F401 - it wants a folder to write to, which it has now

    def confine(_tagger: "Tagger") -> None:
        if out is None or on != "here":
            return  # timing has files of its own to write, and Ray other machines to reach
        places = listing.places if sidecars else ()
        folders = {place if place.is_dir() else place.parent for place in places}
        folders |= {file.parent for file in (out, report) if file is not None}
        confine_command(listing, [model], folders)

    with open_model(
        model,
        variant,
        confine,
        beside=beside or (),
        thresholds=threshold,
        runtime=runtime,
        workers=workers,
        scaled_jpeg=scaled_jpeg,
    ) as tagger:
        if out is None:
            rate = measure_rate(tagger, listing.pictures, progress)
            return print_json(rate) if json else print_tables([rate_table(rate)])
        engine = ray_engine(workers) if on == "ray" else on_threads
        page = None
        if report is not None:
            from edgetag.tagging.report import judged_by, write_tags_page

            page = partial(write_tags_page, report, judged_by(model, tagger), tagger)
        result = tag_pictures(tagger, listing.pictures, out, progress, sidecars, page, engine)
    if json:
        return print_json(result)
    if result.without_sidecar:
        print_tables([left_table("Without a sidecar", result.without_sidecar)])
    return typer.echo(result.sentence())


def _named(given: list[str]) -> list[str]:
    """Return what was named, with the paths on stdin in the place of `-`.

    A path holds no zero byte, so one in the list says that each ends in one, not in a new line.
    Lines may end in CRLF, as Windows writes them.
    """
    import os
    import sys

    if "-" not in given:
        return given
    text = sys.stdin.buffer.read()
    lines = text.split(b"\0") if b"\0" in text else text.replace(b"\r\n", b"\n").split(b"\n")
    listed = [os.fsdecode(line) for line in lines if line]
    place = given.index("-")
    return [*given[:place], *listed, *given[place + 1 :]]
