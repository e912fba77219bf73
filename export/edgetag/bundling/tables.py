"""Tables of what `edgetag bundle check` found."""

from edgetag.bundling.checking import BundleCheck, Outcome
from edgetag.tables import Cell, Column, Decision, Number, Prose, Rows, Table, decided


def check_tables(checked: BundleCheck) -> tuple[Table, ...]:
    """Return the tables: replays, and pictures that do not give their pixels exactly."""
    replays = Rows(checked.replays).table(
        f"{checked.name} {checked.version}: golden inputs against known outputs",
        Column("variant", lambda replay: replay.variant),
        Column("runtime", lambda replay: f"{replay.runtime} {replay.runtime_version}".strip()),
        Column("family", lambda replay: replay.family),
        Number("largest difference", lambda replay: _written(replay.max_difference, ".2g")),
        Number("tolerance", lambda replay: _written(replay.tolerance, "g")),
        Number(
            "largest of maps",
            lambda replay: _written(replay.max_cell_difference, ".2g"),
            optional=True,
        ),
        Number(
            "tolerance of maps",
            lambda replay: _written(replay.cell_tolerance, "g"),
            optional=True,
        ),
        Prose("reason", lambda replay: replay.reason or None),
        Decision("verdict", lambda replay: verdict_cell(replay.verdict)),
    )
    otherwise = [entry for entry in checked.pictures if entry.max_difference != 0 or entry.reason]
    pictures = Rows(otherwise).table(
        "Pictures decoded otherwise",
        Column("picture", lambda picture: picture.file),
        Column("kind", lambda picture: "lossless" if picture.lossless else "lossy"),
        Number("largest difference", lambda picture: picture.max_difference),
        Prose("reason", lambda picture: picture.reason or None),
        Decision("verdict", lambda picture: verdict_cell(picture.verdict)),
    )
    return tuple(table for table in (replays, pictures) if table.rows)


def _written(value: float | None, form: str) -> str | None:
    return None if value is None else format(value, form)


def verdict_cell(outcome: Outcome) -> Cell:
    """Return a verdict; what was not run has no sign."""
    return Cell(outcome) if outcome == "not run" else decided(outcome)


def check_sentence(checked: BundleCheck) -> str:
    """Return one line on files and pictures."""
    same = sum(picture.max_difference == 0 for picture in checked.pictures)
    return (
        f"{checked.files} files are as the manifest says; {same} of {len(checked.pictures)} "
        f"pictures give their pixels exactly; {'nothing' if checked.passed else 'something'} "
        "differs that must not"
    )
