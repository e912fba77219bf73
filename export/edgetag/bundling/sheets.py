"""Tables of what `edgetag bundle check` found."""

from edgetag.bundling.checking import BundleCheck, Outcome, PictureCheck, Replay
from edgetag.reporting.tables import MARKS, NONE, Sheet

REPLAY_HEADINGS = (
    "variant", "runtime", "family", "largest difference", "tolerance", "reason", "verdict",
)  # fmt: skip
PICTURE_HEADINGS = ("picture", "kind", "largest difference", "reason", "verdict")


def check_sheets(found: BundleCheck) -> tuple[Sheet, ...]:
    """Return the tables: replays, and pictures that do not give their pixels exactly."""
    replays = tuple(_replay_row(one) for one in found.replays)
    title = f"{found.name} {found.version}: golden inputs against known outputs"
    replayed = Sheet(title, REPLAY_HEADINGS, frozenset({3, 4}), replays)
    shown = tuple(
        _picture_row(one) for one in found.pictures if one.max_difference != 0 or one.reason
    )
    pictures = Sheet("Pictures decoded otherwise", PICTURE_HEADINGS, frozenset({2}), shown)
    return tuple(sheet for sheet in (replayed, pictures) if sheet.rows)


def check_sentence(found: BundleCheck) -> str:
    """Return one line on files and pictures."""
    same = sum(one.max_difference == 0 for one in found.pictures)
    return (
        f"{found.files} files are as the manifest says; {same} of {len(found.pictures)} pictures "
        f"give their pixels exactly; {'nothing' if found.passed else 'something'} differs that "
        "must not"
    )


def _replay_row(one: Replay) -> tuple[str, ...]:
    number = NONE if one.max_difference is None else f"{one.max_difference:.2g}"
    tolerance = NONE if one.tolerance is None else f"{one.tolerance:g}"
    runtime = f"{one.runtime} {one.runtime_version}".strip()
    return (one.variant, runtime, one.family or NONE, number, tolerance, one.reason or NONE,
            _verdict(one.verdict))  # fmt: skip


def _picture_row(one: PictureCheck) -> tuple[str, ...]:
    number = NONE if one.max_difference is None else str(one.max_difference)
    kind = "lossless" if one.lossless else "lossy"
    return (one.file, kind, number, one.reason or NONE, _verdict(one.verdict))


def _verdict(outcome: Outcome) -> str:
    return outcome if outcome == "not run" else MARKS[outcome]
