"""Android's fixed-performance mode: clocks that a phone can hold, so that heat changes no figure.

`PowerManager` has it from Android 11 on, where the phone's maker implements it; AndroidX Benchmark
uses it likewise. Times are then longer than a cool phone's first ones, and repeat.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import replace

from edgetag.phones.adb import Adb
from edgetag.phones.phone import Phone
from edgetag.phones.problems import PhoneError
from edgetag.phones.result import PhoneRecord

FIRST_API = 30
"""Android 11."""


@contextlib.contextmanager
def fixed_performance(phone: Phone, record: PhoneRecord, wanted: bool) -> Iterator[bool]:
    """Hold a phone in the mode, if that is wanted and it has it; yield whether it is.

    A phone that is lost meanwhile leaves the mode when it is started again.

    Raises:
        PhoneError: The phone is gone.
    """
    if not wanted or (record.api or 0) < FIRST_API or not _set(phone, True):
        yield False
        return
    try:
        yield True
    finally:
        # Also where everything was cancelled, which ends whatever else adb is asked.
        free = replace(phone, adb=Adb(phone.adb.path))
        with contextlib.suppress(PhoneError):  # what went wrong before is the one to tell
            _set(free, False)


def _set(phone: Phone, on: bool) -> bool:
    command = ("cmd", "power", "set-fixed-performance-mode-enabled", str(on).lower())
    return phone.shell(*command).code == 0
