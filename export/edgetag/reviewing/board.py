"""What is reviewed: pictures in order, with their labels as people have corrected them."""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import PurePosixPath

import numpy as np
import numpy.typing as npt

from edgetag.dataset import Dataset
from edgetag.dataset.answers import Answer
from edgetag.dataset.correcting import Finder, last_by_person, majority
from edgetag.labels import UNKNOWN, Labels
from edgetag.mining.result import KINDS, NEW, Finding
from edgetag.reviewing.store import Kept, Store
from edgetag.reviewing.views import (
    CONTESTED,
    WHOLE,
    Filter,
    FindingView,
    PictureView,
    Progress,
    Said,
)

Mask = npt.NDArray[np.bool_]
NO_FOLDER = "(none)"


@dataclass(frozen=True, eq=False)
class _Order:
    """Rows of pictures in an order, and each row's place in it; -1 for rows that are not."""

    rows: npt.NDArray[np.int64]
    places: npt.NDArray[np.int64]

    @classmethod
    def of(cls, rows: Sequence[int], pictures: int) -> "_Order":
        ordered = np.array(rows, dtype=np.int64)
        places = np.full(pictures, -1, np.int64)
        places[ordered] = np.arange(len(ordered))
        return cls(ordered, places)


class Board:
    """Pictures in the order of findings, then of identities; follows the database.

    Args:
        dataset: The data of a run.
        findings: What `edgetag mine` found in them.
        source: Identity and tag → label of the source, where the data have another.
        questions: Pictures of which all tags are asked, the most worth first.
        earlier: The answers that the data's labels are corrected by. The next run weighs people's
            answers here together with them.

    Attributes:
        tags: The vocabulary.
        last: The last row of the database that was read.
        new_findings: Findings about pictures that were named beside the data.
        missing_findings: Others about pictures that the data do not have.
        answered_earlier: Who gave the answers that the data's labels are corrected by.
    """

    def __init__(
        self,
        dataset: Dataset,
        findings: Sequence[Finding] = (),
        source: Mapping[tuple[str, str], int | None] | None = None,
        questions: Sequence[str] = (),
        earlier: Sequence[Answer] = (),
    ) -> None:
        rows = np.arange(len(dataset.manifest), dtype=np.int64)
        self.tags = dataset.vocabulary.names
        self._columns = {tag: column for column, tag in enumerate(self.tags)}
        self._identities = dataset.identities(rows)
        self._rows = {identity: row for row, identity in enumerate(self._identities)}
        self._paths = dataset.paths(rows)
        self._finder = Finder(self._identities, dataset.digests_of_paths())
        self._splits = np.array(dataset.manifest["split"].to_list(), dtype=np.str_)
        self._sources = np.array([_folder(path) for path in self._paths], dtype=np.str_)
        self._given: Labels = dataset.labels(rows)
        self._of_source: Labels = self._given.copy()
        for (identity, tag), label in (source or {}).items():
            if identity in self._rows and tag in self._columns:
                value = UNKNOWN if label is None else label
                self._of_source[self._rows[identity], self._columns[tag]] = value
        self._labels: Labels = self._given.copy()
        self._answered: Mask = np.zeros(self._labels.shape, bool)
        self._answered_here: Mask = np.zeros(self._labels.shape, bool)
        self._differ: Mask = np.zeros(self._labels.shape, bool)
        self._findings: dict[int, list[FindingView]] = {}
        known = self._columns
        there = [each for each in findings if each.identity in self._rows and each.tag in known]
        new = (each.split == NEW and each.identity not in self._rows for each in findings)
        self.new_findings = sum(new)
        self.missing_findings = len(findings) - len(there) - self.new_findings
        for each in sorted(there, key=lambda finding: finding.rank):
            self._findings.setdefault(self._rows[each.identity], []).append(FindingView.like(each))
        contested = np.argwhere(dataset.contested(rows)).tolist()
        last = max((each.rank for each in there), default=0)
        for rank, (row, column) in enumerate(contested, start=last + 1):
            why = "rows of the labels say yes and no"
            self._findings.setdefault(row, []).append(
                FindingView(rank=rank, kind=CONTESTED, tag=self.tags[column], why=why)
            )
        asked = [(row, each) for row, own in self._findings.items() for each in own]
        self._asked = np.array([row for row, _ in asked], np.int64)
        self._asked_columns = np.array([known[each.tag] for _, each in asked], np.int64)
        self._kinds = np.array([each.kind for _, each in asked], dtype=np.str_)
        rest = sorted(
            set(range(len(rows))) - self._findings.keys(), key=self._identities.__getitem__
        )
        self._by_rank = _Order.of([*self._findings, *rest], len(rows))
        whole = [self._rows[identity] for identity in questions if identity in self._rows]
        self._whole = _Order.of(whole, len(rows))
        self._answers: dict[tuple[int, int], list[Kept]] = {}
        self._by_id: dict[int, Kept] = {}
        self._people: Counter[str] = Counter()
        self._strangers: set[int] = set()
        self._changed: dict[str, int] = {}
        self._lock = threading.RLock()
        self.last = 0
        self._earlier: dict[tuple[int, int], list[Answer]] = {}
        for answer in earlier:
            if answer.identity in self._rows and answer.tag in self._columns:
                place = self._rows[answer.identity], self._columns[answer.tag]
                self._earlier.setdefault(place, []).append(answer)
        self.answered_earlier = {answer.by for answer in earlier}
        for row, column in self._earlier:
            self._settle(row, column)

    def __len__(self) -> int:
        """Return how many pictures there are."""
        return len(self._identities)

    def has(self, identity: str) -> bool:
        """Whether there is such a picture."""
        return identity in self._rows

    def row(self, identity: str) -> int:
        """Return a picture's row in the manifest.

        Raises:
            KeyError: There is no such picture.
        """
        return self._rows[identity]

    def path(self, identity: str) -> str:
        """Return a picture's path, relative to the data root; KeyError where there is none."""
        return self._paths[self._rows[identity]]

    def identity_of(self, answer: Answer) -> str | None:
        """Return the picture that an answer from elsewhere is about, as the next run finds it.

        None where there is none, or several regions of one.
        """
        row = self._finder.row(answer)
        return None if row is None else self._identities[row]

    @property
    def identities(self) -> tuple[str, ...]:
        """All pictures, in the manifest's order."""
        return tuple(self._identities)

    @property
    def kinds(self) -> tuple[str, ...]:
        """What can be asked for by `Filter.kind`."""
        whole = (WHOLE,) if len(self._whole.rows) else ()
        contested = (CONTESTED,) if CONTESTED in self._kinds else ()
        return (*whole, *KINDS, *contested)

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits, sorted."""
        return tuple(sorted(set(self._splits.tolist())))

    @property
    def sources(self) -> tuple[str, ...]:
        """The first folders of paths, sorted."""
        return tuple(sorted(set(self._sources.tolist())))

    def labels(self) -> Labels:
        """Return `[pictures, tags]` as corrected, in the manifest's order; -1 is unknown."""
        return self._labels.copy()

    def before_answers(self) -> list[dict[str, int | None]]:
        """Return of each picture tag → label of the source, of tags that somebody answered."""
        before: list[dict[str, int | None]] = [{} for _ in self._identities]
        for row, column in np.argwhere(self._answered).tolist():
            label = int(self._of_source[row, column])
            before[row][self.tags[column]] = None if label == UNKNOWN else label
        return before

    def label(self, identity: str, tag: str) -> int | None:
        """Return a label as corrected; KeyError where there is no such picture or tag."""
        label = int(self._labels[self._rows[identity], self._columns[tag]])
        return None if label == UNKNOWN else label

    def labelled(self) -> Iterator[tuple[str, str, dict[str, int | None]]]:
        """Yield identity, path and corrected labels of all pictures, in the manifest's order."""
        for row, labels in enumerate(self._labels.tolist()):
            known = (None if label == UNKNOWN else label for label in labels)
            yield (
                self._identities[row],
                self._paths[row],
                dict(zip(self.tags, known, strict=True)),
            )

    def follow(self, store: Store) -> tuple[str, ...]:
        """Read what was added to the database; return the pictures that it is about.

        Raises:
            StoreError: The database cannot be read.
        """
        with self._lock:
            rows = store.since(self.last)
            touched: dict[tuple[int, int], None] = {}
            for kept in rows:
                self.last = kept.id
                row, column = self._rows.get(kept.identity), self._columns.get(kept.tag)
                if kept.undoes is not None:
                    taken = self._by_id.pop(kept.undoes)
                    self._people[taken.by] -= 1
                    self._strangers.discard(taken.id)
                    if row is not None and column is not None:
                        self._answers[row, column].remove(taken)
                else:
                    self._by_id[kept.id] = kept
                    self._people[kept.by] += 1
                    if row is None or column is None:
                        self._strangers.add(kept.id)
                    else:
                        self._answers.setdefault((row, column), []).append(kept)
                if row is not None and column is not None:
                    touched[row, column] = None
                    self._changed.pop(kept.identity, None)
                    self._changed[kept.identity] = kept.id
            for row, column in touched:
                self._settle(row, column)
        return tuple(dict.fromkeys(self._identities[row] for row, _ in touched))

    def changed_since(self, last: int, most: int) -> tuple[tuple[str, ...], int]:
        """Return the pictures that rows after one are about, and the last row that is told so.

        Of more than `most` pictures those whose last row came first: the rest is told after that.
        """
        with self._lock:
            latest = takewhile(lambda each: each[1] > last, reversed(self._changed.items()))
            changed = list(latest)[::-1]
            told_last = self.last if len(changed) <= most else changed[most - 1][1]
            return tuple(identity for identity, _ in changed[:most]), told_last

    def page(self, wanted: Filter, after: str, count: int) -> tuple[list[PictureView], int, bool]:
        """Return pictures behind one.

        Args:
            wanted: Which.
            after: The picture before the first; empty for the beginning.
            count: At most so many.

        Returns:
            The pictures, how many there are of the kind in all, and whether some are behind these.
        """
        with self._lock:
            mask = self._mask(wanted)
            order = self._whole if wanted.kind == WHOLE else self._by_rank
            start = int(order.places[self._rows[after]]) + 1 if after in self._rows else 0
            places = np.flatnonzero(mask[order.rows][start:])[: count + 1] + start
            shown = [self._view(int(row)) for row in order.rows[places[:count]]]
            return shown, int(mask.sum()), len(places) > count

    def view(self, identity: str) -> PictureView:
        """Return a picture as it is now; KeyError where there is none."""
        with self._lock:
            return self._view(self._rows[identity])

    def progress(self) -> Progress:
        """Return how far the review is."""
        with self._lock:
            return Progress(
                pictures=len(self),
                answered_pictures=int(self._answered.any(axis=1).sum()),
                findings=len(self._asked),
                answered_findings=int(self._answered_here[self._asked, self._asked_columns].sum()),
                disagreements=int(self._differ.any(axis=1).sum()),
                people=dict(+self._people),
                strangers=len(self._strangers),
            )

    def _settle(self, row: int, column: int) -> None:
        answers = self._said(row, column)
        self._answered[row, column] = bool(answers)
        self._answered_here[row, column] = bool(self._answers.get((row, column)))
        if not answers:
            self._labels[row, column] = self._given[row, column]
        else:
            clear, label = majority(answers)
            decided = UNKNOWN if label is None else label
            self._labels[row, column] = decided if clear else self._of_source[row, column]
        self._differ[row, column] = len({answer.label for answer in last_by_person(answers)}) > 1

    def _said(self, row: int, column: int) -> list[Answer]:
        """Return all answers, as the tables of the next run hold them: those of earlier first."""
        here = (kept.answer() for kept in self._answers.get((row, column), ()))
        return [*self._earlier.get((row, column), ()), *here]

    def _mask(self, wanted: Filter) -> Mask:
        mask = np.ones(len(self), bool)
        column = self._columns.get(wanted.tag)
        if wanted.tag and column is None:
            return np.zeros(len(self), bool)
        if column is not None:
            labels = self._labels[:, column]
            if wanted.label:
                mask &= labels == {"1": 1, "0": 0}.get(wanted.label, UNKNOWN)
            elif wanted.kind in ("", WHOLE):
                mask &= (labels == 1) | self._with_finding("", wanted.tag)
        if wanted.split:
            mask &= self._splits == wanted.split
        if wanted.source:
            mask &= self._sources == wanted.source
        if wanted.kind == WHOLE:
            mask &= self._whole.places >= 0
        elif wanted.kind:
            mask &= self._with_finding(wanted.kind, wanted.tag)
        columns = slice(None) if column is None else slice(column, column + 1)
        if wanted.state == "disagreement":
            mask &= self._differ[:, columns].any(axis=1)
        elif wanted.state:
            is_open = self._is_open(wanted.kind, columns)
            mask &= is_open if wanted.state == "open" else ~is_open
        return mask

    def _is_open(self, kind: str, columns: slice) -> Mask:
        if kind == WHOLE:
            return ~self._answered.all(axis=1)
        asked = np.zeros(self._labels.shape, bool)
        asked[self._asked, self._asked_columns] = True
        asked, here = asked[:, columns], self._answered_here[:, columns]
        answered = self._answered[:, columns].any(axis=1)
        is_open: Mask = np.where(asked.any(axis=1), (asked & ~here).any(axis=1), ~answered)
        return is_open

    def _with_finding(self, kind: str, tag: str) -> Mask:
        fits = np.ones(len(self._asked), bool)
        if kind:
            fits &= self._kinds == kind
        if tag:
            fits &= self._asked_columns == self._columns[tag]
        mask = np.zeros(len(self), bool)
        mask[self._asked[fits]] = True
        return mask

    def _view(self, row: int) -> PictureView:
        labels = self._labels[row].tolist()
        columns = np.flatnonzero(self._answered[row]).tolist()
        return PictureView(
            identity=self._identities[row],
            path=self._paths[row],
            split=str(self._splits[row]),
            labels=tuple(None if label == UNKNOWN else label for label in labels),
            differ=tuple(self.tags[column] for column in np.flatnonzero(self._differ[row])),
            said=tuple(
                Said(
                    tag=self.tags[column],
                    label=answer.label,
                    by=answer.by,
                    at=answer.at,
                    earlier=any(answer is each for each in self._earlier.get((row, column), ())),
                )
                for column in columns
                for answer in last_by_person(self._said(row, column))
            ),
            findings=tuple(self._findings.get(row, ())),
        )


def _folder(path: str) -> str:
    first, *rest = PurePosixPath(path).parts
    return first if rest else NO_FOLDER
