"""Labels with people's corrections over them. The source is never changed.

Of each person the last answer about a picture and tag counts. Where people differ, the answer that
most of them gave counts; where as many gave another, nobody's does, the source's label stays, and
the conflict is listed.
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from edgetag.dataset.answers import Answer, read_answers
from edgetag.dataset.result import Correction, CorrectionCounts, CorrectionOutcome
from edgetag.dataset.selection import Image
from edgetag.errors import InputError
from edgetag.tables.csv import to_csv
from edgetag.tables.formats import counted, format_count
from edgetag.tags import Vocabulary


@dataclass(frozen=True)
class Corrected:
    """Images with corrected labels.

    Attributes:
        images: As given, with labels that answers decided.
        answered: Of each image, the tags whose label is people's, in the vocabulary's order.
        corrections: What became of the answers, by picture and tag, in the answers' order.
        said: The answers about these images, in their order, with each image's own identity and
            path.
    """

    images: tuple[Image, ...]
    answered: tuple[tuple[str, ...], ...]
    corrections: tuple[Correction, ...]
    said: tuple[Answer, ...]


class Finder:
    """Finds the image that an answer is about: by its identity; without one by its path.

    A file stands for its region, where it has a single one. `./a.png` and `a.png` are one path,
    and digests may have capitals, as PowerShell writes them.

    Args:
        identities: Of the images.
        digests: Path → digest of files, also of those that repeat an image.
    """

    def __init__(self, identities: Sequence[str], digests: Mapping[str, str]) -> None:
        self._rows = {identity: row for row, identity in enumerate(identities)}
        self._of_file: dict[str, list[int]] = {}
        for row, identity in enumerate(identities):
            self._of_file.setdefault(identity.partition("#")[0], []).append(row)
        self._digests = {str(PurePosixPath(path)): digest for path, digest in digests.items()}

    def row(self, answer: Answer) -> int | None:
        """Return the number of the image, None where there is none, or several regions."""
        name = answer.identity.lower() or self._digest(answer.path)
        of_file = self._of_file.get(name, ())
        return self._rows.get(name, of_file[0] if len(of_file) == 1 else None)

    def knows(self, path: str) -> bool:
        """Tell whether there is an image at a path, or several regions of one."""
        return self._digest(path) in self._of_file

    def _digest(self, path: str) -> str:
        return self._digests.get(str(PurePosixPath(path)), "")


def correct(
    images: Sequence[Image],
    answers: Iterable[Answer],
    tags: Sequence[str],
    digests: Mapping[str, str],
) -> Corrected:
    """Lay answers over the labels of images.

    Args:
        images: As the source labels them.
        answers: In the order of their tables; all of tags of the vocabulary.
        tags: The vocabulary.
        digests: Path → digest of every file that was looked at, also of repeats.
    """
    finder = Finder([image.identity for image in images], digests)
    columns = {tag: column for column, tag in enumerate(tags)}
    said: dict[tuple[int, str], list[Answer]] = {}
    own: list[Answer] = []
    astray: list[Correction] = []
    for answer in answers:
        row = finder.row(answer)
        if row is None:
            astray.append(_astray(answer, known_path=finder.knows(answer.path)))
            continue
        said.setdefault((row, answer.tag), []).append(answer)
        image = images[row]
        own.append(replace(answer, identity=image.identity, path=image.entry.path))
    labels = {row: list(images[row].labels) for row, _ in said}
    settled: dict[int, set[str]] = {}
    corrections = []
    for (row, tag), about in said.items():
        image, column = images[row], columns[tag]
        before, (decided, label) = image.labels[column], majority(about)
        if decided:
            labels[row][column] = label
            settled.setdefault(row, set()).add(tag)
        else:
            label = before
        outcome: CorrectionOutcome = "conflict"
        if decided and label != before:
            outcome = "changed"
        elif decided:
            # A source with these answers among its labels says nothing of its own about them.
            stood = dict(image.entry.before).get(tag, label)
            outcome = "confirmed" if stood == label else "repeated"
        corrections.append(
            Correction(
                identity=image.identity,
                path=image.entry.path,
                tag=tag,
                before=before,
                label=label,
                outcome=outcome,
                by=tuple(dict.fromkeys(answer.by for answer in about)),
                where=tuple(answer.where for answer in about),
            )
        )
    return Corrected(
        tuple(
            replace(image, labels=tuple(labels[row])) if row in labels else image
            for row, image in enumerate(images)
        ),
        tuple(
            tuple(tag for tag in tags if tag in settled.get(row, ())) for row in range(len(images))
        ),
        (*corrections, *astray),
        tuple(own),
    )


def counts_of(corrections: Sequence[Correction]) -> CorrectionCounts:
    """Count what became of answers."""
    outcomes = Counter(each.outcome for each in corrections)
    return CorrectionCounts(
        answers=sum(len(each.where) for each in corrections),
        people=tuple(sorted({name for each in corrections for name in each.by})),
        changed=outcomes["changed"],
        confirmed=outcomes["confirmed"],
        repeated=outcomes["repeated"],
        conflicts=outcomes["conflict"],
        astray=sum(count for outcome, count in outcomes.items() if outcome.startswith("no ")),
    )


def sentence_of(counts: CorrectionCounts) -> str:
    """Say what became of all answers."""
    parts = [
        f"{counted(counts.answers, 'answer')} of {', '.join(counts.people)}: "
        f"{counted(counts.changed, 'label')} changed, {format_count(counts.confirmed)} confirmed"
    ]
    if counts.repeated:
        parts.append(f"{format_count(counts.repeated)} in the source already")
    if counts.conflicts:
        parts.append(f"{format_count(counts.conflicts)} left as they were, since people differ")
    if counts.astray:
        parts.append(f"{counted(counts.astray, 'answer')} about pictures that the data do not have")
    return f"corrections: {'; '.join(parts)}"


def corrections_csv(corrections: Sequence[Correction], place: Callable[[str], str]) -> str:
    """Return the table of what became of answers.

    Args:
        corrections: A row each.
        place: From where an answer stands, table and line, to how the table says so.
    """
    rows = []
    for each in corrections:
        where = ";".join(place(where) for where in each.where)
        rows.append((each.model_dump() | {"by": ";".join(each.by), "where": where}).values())
    return to_csv(Correction.model_fields, rows)


def source_labels(table: Path) -> dict[tuple[str, str], int | None]:
    """Return the source's labels that answers changed: identity and tag → label.

    Args:
        table: As `corrections_csv` has it; there is none where a recipe names no corrections.

    Raises:
        InputError: It is damaged.
    """
    if not table.exists():
        return {}
    try:
        with table.open(newline="", encoding="utf-8") as file:
            return {
                (row["identity"], row["tag"]): int(row["before"]) if row["before"] else None
                for row in csv.DictReader(file)
                if row["outcome"] == "changed"
            }
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise InputError(f"{table}: damaged ({error}); run: edgetag data build") from None


def earlier_answers(table: Path, vocabulary: Vocabulary) -> tuple[Answer, ...]:
    """Return the answers that a run's labels are corrected by, in their order.

    Args:
        table: Of `Corrected.said`; there is none where a recipe names no corrections.
        vocabulary: The tags of the data.

    Raises:
        InputError: It is damaged.
    """
    if not table.exists():
        return ()
    try:
        return read_answers(table, vocabulary)
    except InputError as error:
        raise InputError(f"{error}; run: edgetag data build") from None


def majority(about: Sequence[Answer]) -> tuple[bool, int | None]:
    """Return whether people's last answers about a tag in a picture have a most frequent label.

    And which: 1, 0, or None for one that nobody can tell.
    """
    votes = Counter(answer.label for answer in last_by_person(about)).most_common(2)
    return len(votes) == 1 or votes[0][1] > votes[1][1], votes[0][0]


def last_by_person(about: Iterable[Answer]) -> list[Answer]:
    """Return each person's last answer about a tag in a picture."""
    in_order = sorted(about, key=lambda answer: answer.at)  # stable: rows of a moment in order
    return list({answer.by: answer for answer in in_order}.values())


def _astray(answer: Answer, *, known_path: bool) -> Correction:
    outcome: CorrectionOutcome = "no such picture"
    if known_path:
        outcome = "no longer the same picture" if answer.identity else "no single region"
    return Correction(
        identity=answer.identity,
        path=answer.path,
        tag=answer.tag,
        before=None,
        label=None,
        outcome=outcome,
        by=(answer.by,),
        where=(answer.where,),
    )
