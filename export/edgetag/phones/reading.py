"""Files read by hand: of phones that are not on this machine.

Somebody else runs a job in the demo app and sends the JSON that it wrote. Which file it ran is told
by its digest, which images by their names. Figures that others have published are of their files,
and stand beside ours.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import numpy as np

from edgetag import __version__
from edgetag.dataset import Dataset, Rows, open_dataset
from edgetag.errors import InputError
from edgetag.metrics import Scores
from edgetag.phones import mlperf, public_rows
from edgetag.phones.accuracy import compare, truth_of
from edgetag.phones.answer import AppScores, Wanted, check_answer, read_answer, scores_of
from edgetag.phones.app import (
    behind_others,
    engine_of,
    lacking,
    one_word,
    told_cpusets,
    untested,
)
from edgetag.phones.current import phones_path, read_current
from edgetag.phones.elsewhere import MeasuredElsewhere
from edgetag.phones.figures import AppMeasurement, AppPercentiles, PhoneScores
from edgetag.phones.problems import PhoneError
from edgetag.phones.result import PhoneFailure, PhoneRecord, PhonesResult
from edgetag.phones.store import ModelFile
from edgetag.recipe import Recipe, Variant
from edgetag.sampling import spread
from edgetag.tables.formats import format_count
from edgetag.userfiles import read_file
from edgetag.workspace import Workspace

MOST_BYTES = 1 << 30
NO_HEAT = "read from a file: how hot the phone was is not known"


def read(
    recipe: Recipe,
    workspace: Workspace,
    answers: tuple[Path, ...],
    files: tuple[ModelFile, ...],
) -> PhonesResult:
    """Add what apps answered, or others measured, to `bench/phones.json`.

    Returns:
        What `bench/phones.json` now holds; an entry of the same phone and file is replaced, and
        what was measured of former files is left out.

    Raises:
        InputError: A file is of no kind that is read, an answer not about this run, or two are of
            one file on one kind of phone; nothing is written then.
    """
    known = read_current(workspace) or _empty()
    # All are checked before the first is kept, whose scores lie in a file of their own.
    checked: list[_Answered | tuple[MeasuredElsewhere, ...]] = []
    for answer in answers:
        if mlperf.is_told_by_another(answer, answers):
            continue
        content = _content(answer)
        if figures := _measured_elsewhere(content, answer):
            checked.append(figures)
            continue
        try:
            checked.append(_checked(recipe, workspace, answer, read_answer(content), files))
        except PhoneError as error:
            raise InputError(f"{answer}: {error.reason}") from None
    _require_one_for_each_place([entry for entry in checked if isinstance(entry, _Answered)])
    for entry in checked:
        if isinstance(entry, _Answered):
            known = _joined(known, _result_of_answer(recipe, workspace, entry))
        else:
            known = _beside(known, entry)
    known.write(phones_path(workspace))
    return known


def _require_one_for_each_place(answers: Sequence["_Answered"]) -> None:
    """Refuse two answers of which the second would take the place of the first.

    Raises:
        InputError: They are of one file on phones of one kind.
    """
    first: dict[tuple[str, str], Path] = {}
    for entry in answers:
        phone, variant = _phone(entry.answer), entry.model.variant
        before = first.setdefault((phone.id, variant), entry.path)
        if before != entry.path:
            raise InputError(
                f"{before} and {entry.path} are both of {variant} on {phone.name}, and one would "
                "take the other's place; give one of them"
            )


def _measured_elsewhere(content: bytes, path: Path) -> tuple[MeasuredElsewhere, ...]:
    """Return the figures in a file of others; none where it looks like none of theirs."""
    if public_rows.is_rows(content):
        return public_rows.read_rows(content, path)
    if mlperf.is_summary(content):
        return (mlperf.read_summary(content, path),)
    if mlperf.is_detail(content):
        return (mlperf.read_detail(content, path),)
    if mlperf.is_mobile_result(content):
        return mlperf.read_mobile_result(content, path)
    return ()


def _beside(known: PhonesResult, figures: tuple[MeasuredElsewhere, ...]) -> PhonesResult:
    """Put figures of others in place of those of the same name."""
    new = {entry.id for entry in figures}
    kept = (entry for entry in known.elsewhere if entry.id not in new)
    return known.replace(elsewhere=(*kept, *figures))


def _content(path: Path) -> bytes:
    try:
        return read_file(path, "file of figures", MOST_BYTES)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None


@dataclass(frozen=True)
class _Answered:
    """An answer of the app that is about this run.

    Attributes:
        path: Of the file that was read.
        answer: What the app wrote.
        model: The file that it ran.
        rows: Of the images that it names, in its order.
        scores: Of those that have scores, `[n, tags]`, see `answer.scores_of`;
        places: which of the rows these are;
        error: and why others have none.
    """

    path: Path
    answer: AppScores
    model: ModelFile
    rows: Rows
    scores: Scores
    places: tuple[int, ...]
    error: str


def _checked(
    recipe: Recipe,
    workspace: Workspace,
    path: Path,
    app_scores: AppScores,
    files: tuple[ModelFile, ...],
) -> _Answered:
    """Return an answer that is about a file and pictures of this run.

    Raises:
        InputError: It is about others.
        PhoneError: It is of an engine that does not do what it should.
    """
    model = next((file for file in files if file.sha256 == app_scores.model_sha256), None)
    if model is None:
        raise InputError(
            f"{path}: it is about a file with SHA-256 {app_scores.model_sha256[:12]}…, which is "
            f"none of this run: {', '.join(file.variant for file in files)}"
        )
    dataset = open_dataset(workspace)
    names = tuple(image.name for image in app_scores.images)
    rows = _rows(dataset, dataset.rows(recipe.validation.splits[0]), names, path)
    wanted = Wanted(app_scores.model_sha256, dataset.vocabulary.names, names)
    check_answer(app_scores, wanted)
    return _Answered(path, app_scores, model, rows, *scores_of(app_scores, wanted))


def _result_of_answer(recipe: Recipe, workspace: Workspace, answered: _Answered) -> PhonesResult:
    """Return what one answer tells, as a result of its own."""
    app_scores, model, places = answered.answer, answered.model, answered.places
    dataset = open_dataset(workspace)
    truth = truth_of(recipe, workspace, dataset, answered.rows, (model,))
    phone = _phone(app_scores)
    scored = compare(
        answered.scores,
        places,
        model,
        truth,
        workspace,
        phone.id,
        seconds=None,
        engine=engine_of(app_scores),
    )
    failures: tuple[PhoneFailure, ...] = ()
    if answered.error:
        short = lacking(len(answered.rows) - len(places), len(answered.rows), answered.error)
        failure = PhoneFailure.like(short, phone=phone.id, name=phone.name, variant=model.variant)
        failures = (failure,)
    return _empty().replace(
        phones=(phone,),
        apps=_times(app_scores, phone, model.variant),
        scores=(scored,),
        failures=failures,
    )


def _rows(dataset: Dataset, rows: Rows, names: tuple[str, ...], where: Path) -> Rows:
    """Return the row of each image: by the name of its picture, or by its number.

    Numbers are those of `spread`: what a job over as many `images` was given.
    """
    if set(names) == {str(number) for number in range(len(names))}:
        chosen = spread(rows, len(names))
        if len(chosen) != len(names):
            raise InputError(
                f"{where}: {format_count(len(names))} numbered images, but the split has "
                f"{format_count(len(rows))}"
            )
        return chosen[[int(name) for name in names]]
    paths = dataset.manifest["path"][rows].to_list()
    named = [PurePosixPath(path).name for path in paths]
    often = Counter(named)
    row_of = dict(zip(named, rows.tolist(), strict=True))
    for name in names:
        if often[name] != 1:
            what = "several pictures of" if often[name] else "no picture of"
            raise InputError(f"{where}: {name!r} is {what} the split that decides")
    return np.array([row_of[name] for name in names], dtype=np.int64)


def _phone(app_scores: AppScores) -> PhoneRecord:
    """Name a phone by what the app tells; phones of one model and Android are one phone here."""
    device = app_scores.device
    identity = "\n".join((device.manufacturer, device.model, device.soc, str(device.sdk)))
    return PhoneRecord(
        id=hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:12],
        manufacturer=one_word(device.manufacturer),
        model=one_word(device.model),
        android="",
        api=device.sdk,
        build="",
        soc=one_word(device.soc),
        abis=(),
    )


def _times(
    app_scores: AppScores, phone: PhoneRecord, variant: Variant
) -> tuple[AppMeasurement, ...]:
    if app_scores.latency_ms is None:
        return ()
    engine, times = engine_of(app_scores), AppPercentiles.like(app_scores.latency_ms)
    cpusets = told_cpusets([app_scores.latency_ms.cpuset])
    measured = AppMeasurement(
        phone=phone.id,
        variant=variant,
        sha256=app_scores.model_sha256,
        engine=engine,
        latency_ms=times,
        rounds=(times,),
        load_ms=app_scores.load_ms,
        before=None,
        after=None,
        throttled=False,
        notes=(NO_HEAT, *untested(engine), *behind_others(cpusets)),
        cpusets=cpusets,
    )
    return (measured,)


def _empty() -> PhonesResult:
    return PhonesResult(
        measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
        versions={"edgetag": __version__},
        benchmark_model_sha256=None,
        warmup_runs=None,
        runs=None,
        min_s=None,
        max_s=None,
        phones=(),
        results=(),
    )


def _joined(known: PhonesResult, new: PhonesResult) -> PhonesResult:
    """Put what a file tells in place of what was known of its phone and variant."""
    (phone,), (scored,) = new.phones, new.scores
    same = (phone.id, scored.variant)

    def is_other(entry: AppMeasurement | PhoneScores | PhoneFailure) -> bool:
        return (entry.phone, entry.variant) != same

    scores = (record for record in known.scores if is_other(record) or record.engine is None)
    return known.replace(
        phones=(*(record for record in known.phones if record.id != phone.id), phone),
        apps=(*filter(is_other, known.apps), *new.apps),
        scores=(*scores, scored),
        failures=(*filter(is_other, known.failures), *new.failures),
    )
