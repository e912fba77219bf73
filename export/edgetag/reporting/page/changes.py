"""Decisions that changed, with their images: what a person looks at first."""

from collections.abc import Sequence
from dataclasses import dataclass

from edgetag.reporting.page.thumbnails import thumbnails
from edgetag.reporting.page.view import Values, View
from edgetag.validation.details import Change, VariantDetails
from edgetag.validation.result import VariantVerdict

SHOWN_OF_BUNDLED, SHOWN_OF_OTHERS = 24, 12


@dataclass(frozen=True)
class ChangeCard:
    """One changed decision.

    `image` is a `data:` address, empty where the image is not at hand; `right` is about the
    decision now.
    """

    change: Change
    image: str
    right: bool

    @property
    def was_present(self) -> bool:
        """Whether the reference decided that the tag is there."""
        return self.change.before >= self.change.reference_threshold


@dataclass(frozen=True)
class ChangesOf:
    """One variant's changed decisions, the surest first; `total` counts those not shown too."""

    variant: str
    title: str
    cards: tuple[ChangeCard, ...]
    total: int


def changes_of(view: View, entry: VariantVerdict) -> ChangesOf | None:
    """Return the changes of a variant to show, None where validation left no details."""
    details = view.details(entry.variant)
    if details is None:
        return None
    shown = _shown(details, SHOWN_OF_BUNDLED if entry.variant == view.bundled else SHOWN_OF_OTHERS)
    images = thumbnails(view, [change.row for change in shown])
    cards = tuple(
        ChangeCard(change, image, (change.after >= change.threshold) == change.label)
        for change, image in zip(shown, images, strict=True)
    )
    title = f"{entry.variant} on {entry.runtime}"
    return ChangesOf(entry.variant, title, cards, details.n_changes)


def _shown(details: VariantDetails, most: int) -> Sequence[Change]:
    return sorted(details.changes, key=lambda change: -change.certainty)[:most]


def section(view: View) -> Values:
    """Return what the section shows."""
    listed = (changes_of(view, entry) for entry in view.all_scored())
    return {"changes": [changes for changes in listed if changes]}
