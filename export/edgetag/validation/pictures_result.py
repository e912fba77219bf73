"""What validation says of pictures, labels and groups against those of the reference."""

from collections.abc import Iterator, Sequence

from edgetag.records import Record
from edgetag.tables.formats import counted
from edgetag.tables.text import first_few

NAMES_TOLD = 3
"""Pictures that a sentence names."""


class SplitPictures(Record):
    """One split's pictures here against those that the reference knows.

    Attributes:
        split: Its name.
        known: Pictures that the reference has in it.
        missing: How many of these are not here.
        new: Pictures here that the reference does not know; they are not judged.
        relabelled: Known pictures whose labels differ here.
        missing_names: Paths of the missing ones where the reference was made, or their
            identities where it names no paths; at most `NAMES_KEPT`.
        new_names: Paths here, likewise.
        relabelled_names: Likewise.
        regrouped: Known pictures that are in a group with others here than there; None where the
            reference knows no groups.
        regrouped_names: Likewise.
    """

    split: str
    known: int
    missing: int
    new: int
    relabelled: int
    missing_names: tuple[str, ...] = ()
    new_names: tuple[str, ...] = ()
    relabelled_names: tuple[str, ...] = ()
    regrouped: int | None = None
    regrouped_names: tuple[str, ...] = ()

    @property
    def changed(self) -> int:
        """How many are missing, new, labelled or grouped differently."""
        return self.missing + self.new + max(self.relabelled, self.regrouped or 0)

    def lines(self) -> Iterator[str]:
        """Yield a sentence for each kind of change."""
        of_known = f"of {self.known} pictures of {self.split}"
        if self.missing:
            names = _some(self.missing_names, self.missing)
            yield f"{self.missing} {of_known} are missing ({names})"
        if self.new:
            names = _some(self.new_names, self.new)
            new = counted(self.new, "picture")
            yield f"new in {self.split}, and never scored: {new} ({names})"
        if self.relabelled:
            names = _some(self.relabelled_names, self.relabelled)
            yield f"{self.relabelled} {of_known} have other labels ({names})"
        if self.regrouped:
            names = _some(self.regrouped_names, self.regrouped)
            yield f"{self.regrouped} {of_known} are in a group with others ({names})"


class TagLoss(Record):
    """A tag that was scored where the reference was made, and cannot be here.

    Attributes:
        tag: Its name.
        split: Where.
        before: Positives that the reference knows.
        now: Positives that are left.
    """

    tag: str
    split: str
    before: int
    now: int


class PicturesComparison(Record):
    """Pictures and labels here against those of a reference that was made elsewhere.

    Attributes:
        splits: The judged ones, and the one that thresholds are fitted on.
        lost_tags: Tags that became too rare to be scored.
        labels_known: Whether the reference knows labels; without, none can be compared.
    """

    splits: tuple[SplitPictures, ...]
    lost_tags: tuple[TagLoss, ...] = ()
    labels_known: bool = True

    def lines(self) -> tuple[str, ...]:
        """Return a sentence for each kind of change in each split; none where nothing changed."""
        lines = [line for split in self.splits for line in split.lines()]
        for split in self.splits:
            losses = [
                f"{loss.tag} ({loss.now} of {loss.before})"
                for loss in self.lost_tags
                if loss.split == split.split
            ]
            if losses:
                lost = ", ".join(losses)
                lines.append(f"too few positives are left in {split.split} for: {lost}")
        return tuple(lines)


def _some(names: Sequence[str], count: int) -> str:
    ends = [name if len(name) <= 80 else f"…{name[-79:]}" for name in names]
    return first_few(ends, NAMES_TOLD, of=count)
