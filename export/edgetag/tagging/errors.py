"""What a `Tagger` refuses, each by an error of its own."""

from edgetag.errors import InputError
from edgetag.preprocess import ImageRejectedError, Rejection


class BundleError(InputError):
    """A bundle or model file is missing, damaged, or does not give its golden scores here."""


class VocabularyError(InputError):
    """A model has other tags than the caller expects, or nothing says which it has."""


class PictureError(InputError):
    """A picture cannot be read.

    `reason` is for programs, `detail` for people.
    """

    def __init__(self, reason: Rejection, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail

    def __reduce__(self) -> tuple[type["PictureError"], tuple[Rejection, str]]:
        """Return how it is made again in another process."""
        return type(self), (self.reason, self.detail)

    @classmethod
    def of(cls, error: ImageRejectedError) -> "PictureError":
        """Return the error of a picture that the contract's decoder refused."""
        return cls(error.reason, error.detail)
