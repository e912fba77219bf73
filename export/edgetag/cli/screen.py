"""`edgetag screen`."""

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from edgetag.cli.options import Json, require_page_name
from edgetag.cli.terminal import console_progress, print_json, print_tables
from edgetag.tables.formats import format_count

if TYPE_CHECKING:
    from edgetag.screening.result import Carried

LEFT = "Left where they are"


def screen(
    table: Annotated[
        Path,
        typer.Argument(
            metavar="TABLE", help="What edgetag tag wrote; or, with --undo, the log of a screening."
        ),
    ],
    rule: Annotated[
        str,
        typer.Argument(
            metavar="RULE",
            help="Over tags and scores: nsfw > 0.65, photo and not food, 'school uniform' >= 0.4. "
            "A tag alone holds where it is set.",
        ),
    ] = "",
    holding: Annotated[
        Path | None,
        typer.Option(
            "--to", metavar="DIR", help="Where pictures go for which the rule holds, such as ng/."
        ),
    ] = None,
    others: Annotated[
        Path | None,
        typer.Option("--others", metavar="DIR", help="Where all others go, such as ok/."),
    ] = None,
    do: Annotated[
        Literal["copy", "link", "move"] | None,
        typer.Option(help="Carry it out; without, only say what would be done."),
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What --undo reads; default: TABLE.screened.jsonl."),
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.html",
            help="Write a page with the pictures on both sides of the rule, the nearest first.",
        ),
    ] = None,
    verdict: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN|BUNDLE",
            help="Also tell how often the rule is expected to be wrong: by a validated run folder, "
            "or for a tag alone by a bundle.",
        ),
    ] = None,
    prevalence: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            min=0.0,
            max=1.0,
            help="For which share of the pictures the rule is true, such as 0.02; with --verdict.",
        ),
    ] = None,
    variant: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Which file of the verdict made the table; default: its first."
        ),
    ] = None,
    undo: Annotated[
        bool, typer.Option("--undo", help="Take a screening back, by its log.")
    ] = False,
    json: Json = False,
) -> None:
    """Sort tagged pictures into folders by a rule; without --do nothing is touched.

    Nothing that lies in a place is replaced, and a picture that changed since it was tagged stays.
    """
    from edgetag.errors import ExitCode, InputError
    from edgetag.screening.carrying import carry, log_of, require_no_log
    from edgetag.screening.carrying import undo as take_back
    from edgetag.screening.expected import rates_of
    from edgetag.screening.plan import plan as make_plan
    from edgetag.screening.result import Carried, ExpectedErrors, ScreenResult
    from edgetag.screening.rules import parse_rule
    from edgetag.screening.sheet import contact_sheet
    from edgetag.screening.tables import expected_table, plan_table
    from edgetag.screening.tagged import read_tagged
    from edgetag.tables.lists import left_table
    from edgetag.writing import write_text

    if undo == bool(rule):
        raise InputError("give a RULE, or --undo with the log of a screening; one of the two")
    if (verdict is None) is not (prevalence is None):
        raise InputError(
            "--verdict and --prevalence belong together: how many are wrong depends on how many "
            "there are; say which share of the pictures the rule is true for"
        )
    if variant is not None and verdict is None:
        raise InputError("--variant is of a --verdict; give both")
    if undo and (holding or others or do or sheet or verdict):
        raise InputError("--undo takes a whole log back; leave out what says what is to be done")
    require_page_name("--sheet", sheet)
    if log is not None and do is None:
        raise InputError("--log is written by --do; give both. --undo takes the log as its TABLE")
    progress = console_progress()
    if undo:
        taken_back = take_back(table, progress)
        if json:
            print_json(taken_back)
        else:
            _tell(taken_back)
        raise typer.Exit(ExitCode.BUDGET_BROKEN if taken_back.failed else ExitCode.ACCEPTED)
    if do is not None and holding is None and others is None:
        raise InputError(f"--do {do}: give --to DIR, --others DIR or both")
    log = log or log_of(table)
    if do is not None:
        require_no_log(log)
    tagged = read_tagged(table)
    plan = make_plan(tagged, parse_rule(rule, tagged.tags), holding, others)
    result = ScreenResult.of(tagged, plan)
    tables, expected = [plan_table(tagged, plan)], None
    if verdict is not None and prevalence is not None:
        rates = rates_of(plan.rule, tagged, verdict, variant)
        if isinstance(rates, str):
            result = result.replace(not_scored=rates)
            progress.say(f"expected errors: not scored: {rates}")
        else:
            errors = ExpectedErrors.of(rates, prevalence, result.readable)
            result = result.replace(expected=errors)
            expected = expected_table(rates, prevalence, result.readable)
            tables.append(expected)
    if not json:
        print_tables(tables)
    if sheet is not None:
        write_text(sheet, contact_sheet(tagged, plan, expected))
        progress.say(f"wrote {sheet}")
    if plan.lost_relative:
        progress.say(
            f"note: none of the pictures is there; the paths in {table} are relative to the folder "
            "in which edgetag tag ran, so go there first"
        )
    carried = None
    if do is not None:
        carried = Carried(done=0, failed=())
        if plan.steps:  # else its log would be in the way of the next try
            carried = carry(plan.steps, do, log, progress)
            progress.say(f"take it back with: edgetag screen {quote(str(log))} --undo")
        result = result.replace(carried=carried)
        carried = carried.with_more(plan.passed_over)
    if json:
        print_json(result)
    elif carried is not None:
        _tell(carried)
    elif plan.passed_over:
        print_tables([left_table(LEFT, plan.passed_over)])
    if carried is not None and carried.failed:
        raise typer.Exit(ExitCode.BUDGET_BROKEN)


def _tell(carried: "Carried") -> None:
    """Print what was done, and what stayed."""
    from edgetag.tables.lists import left_table

    if carried.failed:
        print_tables([left_table(LEFT, carried.failed)])
    typer.echo(
        f"{format_count(carried.done)} of {format_count(carried.done + len(carried.failed))} "
        "pictures done"
    )
