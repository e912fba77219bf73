"""All files on all phones: a thread per phone, each phone's trouble its own."""

import contextlib
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from functools import partial

from edgetag import __version__
from edgetag.conversion.exported import exported_files
from edgetag.errors import InputError
from edgetag.phones import accuracy
from edgetag.phones.adb import Adb
from edgetag.phones.current import phones_path, read_current
from edgetag.phones.figures import AppMeasurement, PhoneMeasurement, PhoneScores
from edgetag.phones.instrument import App
from edgetag.phones.listing import Listed, choose
from edgetag.phones.phone import Phone
from edgetag.phones.problems import PhoneError
from edgetag.phones.result import ListedPhone, PhoneList, PhonesResult
from edgetag.phones.settings import Options, pinned
from edgetag.phones.state import identify, own_serial
from edgetag.phones.store import LocalFile, ModelFile
from edgetag.phones.tool import WHERE_FROM, find_program
from edgetag.phones.visit import Outcome, Visit
from edgetag.pool import open_pool
from edgetag.progress import Progress, SharedProgress
from edgetag.recipe import Recipe, Variant
from edgetag.scratch import scratch_folder
from edgetag.tables.formats import counted
from edgetag.workspace import Workspace


def list_phones() -> PhoneList:
    """Return the phones that adb sees, with what is to be done about those it cannot use.

    Raises:
        InputError: There is no adb, it does not work, or it sees no phone.
    """
    adb = Adb.find()
    phones = []
    for listed in choose(adb.devices()):
        problem = listed.problem()
        detail = problem.reason if problem else _described(Phone(adb, listed))
        phones.append(
            ListedPhone(serial=listed.serial, id=listed.id, ready=problem is None, detail=detail)
        )
    return PhoneList(adb_version=adb.version(), phones=tuple(phones))


def _described(phone: Phone) -> str:
    try:
        return identify(phone).name
    except PhoneError as error:
        return error.reason


def run(recipe: Recipe, workspace: Workspace, progress: Progress, options: Options) -> PhonesResult:
    """Time and score the exported files on phones; what is found is written even if some fail.

    Where the command is stopped, what the phones gave that were done is written.

    Raises:
        InputError: There is nothing to measure, no adb, no phone, one phone twice, a file has
            changed, or what was measured before cannot be read.
    """
    if options.tool is None and options.runner is None and options.app is None:
        scores = "--app, the demo app on the phone, or --runner, a program that scores images"
        timing = f"--benchmark-model, Google's program ({WHERE_FROM}), " if options.time_app else ""
        raise InputError(f"give {timing}{scores}")
    app = App(options.app) if options.app is not None else None
    tool = find_program(options.tool, "bin", f"benchmark_model is Google's: {WHERE_FROM}")
    executable = "--runner names an executable for the phone"
    runner = find_program(options.runner, "run", executable)
    files, known = files_of(workspace, options.variants), read_current(workspace)
    adb = Adb.find()
    version = adb.version()
    chosen = choose(adb.devices(), options.serial)
    _require_apart(adb, chosen)
    with scratch_folder() as folder:
        scoring = None
        if runner or app:
            images = options.images or recipe.phones.images
            scoring = accuracy.prepare(recipe, workspace, runner, app, images, files, folder)
        told = SharedProgress(progress)
        visit = Visit(adb, told, workspace, files, options, tool, scoring)
        keep = partial(_keep, workspace, known, options, tool, version, progress)
        done: list[Outcome] = []

        def visit_whole(listed: Listed) -> Outcome:
            outcome = visit.visit(listed)
            done.append(outcome)
            return outcome

        try:
            # When one thread fails for another reason than its phone's, all are stopped.
            with open_pool(len(chosen), adb.cancelled) as pool:
                outcomes = list(pool.map(visit_whole, chosen))
        except BaseException:  # Ctrl-C, too: phones may have measured for hours
            if done:
                keep(done)
            raise
    return keep(outcomes)


def _keep(
    workspace: Workspace,
    known: PhonesResult | None,
    options: Options,
    tool: LocalFile | None,
    adb_version: str,
    progress: Progress,
    outcomes: Sequence[Outcome],
) -> PhonesResult:
    """Write what phones gave beside what is known, and return it."""
    gained = [record for outcome in outcomes for record in outcome.gained]
    now = datetime.now(UTC).isoformat(timespec="seconds")
    result = PhonesResult.like(
        options.settings,
        measured_at=now,
        versions={"edgetag": __version__, "adb": adb_version},
        benchmark_model_sha256=tool.sha256 if tool else None,
        phones=tuple(outcome.phone for outcome in outcomes if outcome.phone),
        results=tuple(
            record.replace(measured_at=now)
            for record in gained
            if isinstance(record, PhoneMeasurement)
        ),
        apps=tuple(record for record in gained if isinstance(record, AppMeasurement)),
        scores=tuple(record for record in gained if isinstance(record, PhoneScores)),
        failures=tuple(failure for outcome in outcomes for failure in outcome.failures),
    )
    tried = {(record.phone, record.variant) for record in gained}
    tried |= {(failure.phone, failure.variant) for failure in result.failures if failure.variant}
    if known is not None:
        result = with_known(result, known, options, tried, progress)
    result.write(phones_path(workspace))
    return result


def _require_apart(adb: Adb, chosen: tuple[Listed, ...]) -> None:
    """Refuse a phone that adb sees twice, by cable and by network: it would do two things at once.

    Raises:
        InputError: There is one.
    """
    ready = [listed for listed in chosen if listed.problem() is None]
    seen: dict[str, str] = {}
    for listed in ready if len(ready) > 1 else ():
        with contextlib.suppress(PhoneError):  # its visit tells that
            serial = own_serial(Phone(adb, listed))
            first = seen.setdefault(serial, listed.serial) if serial else listed.serial
            if first != listed.serial:
                raise InputError(
                    f"{first} and {listed.serial} are one phone, which adb reaches in two ways; "
                    f"name one: --serial {first}"
                )


SETTINGS = ("benchmark_model_sha256", "warmup_runs", "runs", "min_s", "max_s", "rounds")
"""What `PhonesResult` says once of all latencies by benchmark_model."""


def with_known(
    result: PhonesResult,
    known: PhonesResult,
    options: Options,
    tried: Collection[tuple[str, Variant]],
    progress: Progress,
) -> PhonesResult:
    """Add what was measured before and not tried now, of files that are still there.

    So `edgetag phone check` leaves the latencies alone, and `edgetag phone bench` the scores; and
    who has one cable may measure one phone after the other. Latencies by another benchmark_model,
    or with other settings, cannot stand beside new ones: they are left out, and that is said.

    Args:
        result: What was measured now.
        known: What `phones.json` says of the files as they are now.
        options: What was asked for,
        tried: of which phones and variants; those whose turn did not come keep what is known.
        progress: Told what is left out.
    """
    known = _as_each_was_measured(known)

    def rests(record: PhoneMeasurement | AppMeasurement | PhoneScores) -> bool:
        return (record.phone, record.variant) not in tried

    held = {phone.id: phone.fixed_performance for phone in known.phones}
    now = {phone.id: phone.fixed_performance for phone in result.phones}

    def is_comparable(record: PhoneMeasurement | AppMeasurement) -> bool:
        if record.phone not in now:
            return True
        if isinstance(record, PhoneMeasurement) and options.settings.cores != pinned(
            record.command
        ):
            return False
        return now[record.phone] == record.fixed_performance

    update: dict[str, object] = {"elsewhere": known.elsewhere}
    if options.tool is None:
        update |= {name: getattr(known, name) for name in SETTINGS}
        update["results"] = known.results
    else:
        as_now = all(getattr(known, name) == getattr(result, name) for name in SETTINGS)
        others = tuple(filter(rests, known.results))
        kept = tuple(filter(is_comparable, others)) if as_now else ()
        if lost := len(others) - len(kept):
            progress.say(
                f"{counted(lost, 'figure')} of before, measured with another benchmark_model or "
                f"other settings, cannot stand beside these: left out of phones.json"
            )
        update["results"] = (*kept, *result.results)
    app_rests = options.app is None or not options.time_app
    # What has no `before` was read by hand, from a phone that is not here.
    apps = (
        record
        for record in known.apps
        if record.before is None or app_rests or (rests(record) and is_comparable(record))
    )
    update["apps"] = (*apps, *result.apps)
    scores = (
        record
        for record in known.scores
        if record.seconds is None  # read by hand, too
        or (options.runner if record.runner_sha256 else options.app) is None
        or rests(record)
    )
    update["scores"] = (*scores, *result.scores)
    phones = result.phones
    if options.tool is None and app_rests:  # nothing is timed anew, so clocks were as they were
        phones = tuple(phone.replace(fixed_performance=held.get(phone.id)) for phone in phones)
    there = {phone.id for phone in phones}
    update["phones"] = (*(record for record in known.phones if record.id not in there), *phones)
    return result.replace(**update)


def _as_each_was_measured(known: PhonesResult) -> PhonesResult:
    """Return what is known, each figure with its clocks and day: the next ones have others."""
    return known.replace(
        results=tuple(
            figure.replace(
                fixed_performance=known.held(figure),
                measured_at=figure.measured_at or known.measured_at,
            )
            for figure in known.results
        ),
        apps=tuple(figure.replace(fixed_performance=known.held(figure)) for figure in known.apps),
    )


def files_of(workspace: Workspace, wanted: tuple[str, ...] = ()) -> tuple[ModelFile, ...]:
    """Return the exported files, each checked against its digest.

    All where none is named.

    Raises:
        InputError: There is none, none of a name, or one has changed.
    """
    return tuple(
        ModelFile(path, file.sha256, "tflite", file)
        for file, path in exported_files(workspace, wanted)
    )
