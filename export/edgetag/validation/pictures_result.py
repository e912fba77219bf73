"""What validation says of pictures and labels against those that the reference was made from."""

from edgetag.records import Record


class SplitPictures(Record):
    """One split's pictures here against those that the reference knows.

    Attributes:
        split: Its name.
        known: Pictures that the reference has in it.
        missing: Of these, how many are not here.
        new: Pictures here that the reference does not know; they are not judged.
        relabelled: Known pictures whose labels differ here.
        missing_names: Paths of the missing ones where the reference was made, or their
            identities where it names no paths; at most `NAMES_KEPT`.
        new_names: Paths here, likewise.
        relabelled_names: Likewise.
    """

    split: str
    known: int
    missing: int
    new: int
    relabelled: int
    missing_names: tuple[str, ...] = ()
    new_names: tuple[str, ...] = ()
    relabelled_names: tuple[str, ...] = ()

    @property
    def changed(self) -> int:
        """How many are missing, new or labelled differently."""
        return self.missing + self.new + self.relabelled


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
