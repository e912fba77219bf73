"""One file, timed or scored on one phone: what every kind of such work is."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from edgetag.phones.figures import AppMeasurement, PhoneMeasurement, PhoneScores
from edgetag.phones.phone import Phone
from edgetag.phones.settings import Settings
from edgetag.phones.store import ModelFile

Gained = PhoneMeasurement | AppMeasurement | PhoneScores


@dataclass
class Work(ABC):
    """One file, in the making; what it gives is kept even where a later step fails.

    `phone` is its id; `threads` is None where they do not matter.
    """

    model: ModelFile
    settings: Settings
    phone: str
    threads: int | None

    def round(self, phone: Phone) -> None:  # noqa: B027 - scoring has no rounds
        """Do the part of one round.

        Raises:
            PhoneError: It fails; the rounds before are kept.
        """

    def after_rounds(self, phone: Phone) -> None:  # noqa: B027 - not all leave something to do
        """Do what is left, after the last round.

        Raises:
            PhoneError: It fails.
        """

    @abstractmethod
    def record(self) -> Gained | None:
        """Return what there is, None if nothing."""
