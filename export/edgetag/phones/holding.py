"""Holding a phone, so that two commands never measure on it at once, which slows both."""

from contextlib import AbstractContextManager

from edgetag.locks import held
from edgetag.phones.listing import Listed
from edgetag.phones.problems import PhoneError, Problem
from edgetag.user_cache import user_cache


def alone_on(listed: Listed) -> AbstractContextManager[None]:
    """Hold a phone for this process.

    Raises:
        PhoneError: Another edgetag of this user holds it, whatever its run folder.
        InputError: The user's cache folder cannot be written.
    """
    busy = PhoneError(Problem.UNUSABLE, "another edgetag command is at work on it; wait for it")
    return held(user_cache() / "phones" / f"{listed.id}.lock", busy)
