"""Which phones adb sees, and which of them a user asked for."""

import hashlib
import re
from dataclasses import dataclass

from edgetag.errors import InputError
from edgetag.phones.problems import PhoneError, Problem

STATES: dict[str, Problem] = {
    "unauthorized": Problem.UNAUTHORIZED,
    "authorizing": Problem.UNAUTHORIZED,
    "offline": Problem.OFFLINE,
    "connecting": Problem.OFFLINE,
    "no permissions": Problem.NO_PERMISSION,
}
"""States of `adb devices` in which a phone takes no command, but a person can mend it."""

_LINE = re.compile(
    r"^(?P<serial>\S{1,256})\s+"
    r"(?P<state>no permissions|device|unauthorized|authorizing|offline|connecting|recovery|rescue"
    r"|sideload|bootloader|host)\b(?P<rest>.{0,2000})"
)


@dataclass(frozen=True)
class Listed:
    """A line of `adb devices -l`.

    Attributes:
        serial: How adb calls the phone; may be `host:port`.
        state: `device` where it takes commands.
        model: As adb tells it, "" where it does not.
    """

    serial: str
    state: str
    model: str

    @property
    def id(self) -> str:
        """What results call it: a digest, since a serial number is a person's."""
        return hashlib.sha256(self.serial.encode()).hexdigest()[:12]

    @property
    def name(self) -> str:
        """Return the phone's name as people read it."""
        return f"{self.model or 'phone'} {self.id[:6]}"

    def problem(self) -> PhoneError | None:
        """Return why it takes no commands, None if it does."""
        if self.state == "device":
            return None
        known = STATES.get(self.state)
        if known is not None:
            return PhoneError(known)
        return PhoneError(Problem.UNUSABLE, f"it is in the state {self.state}; start Android on it")


def parse_devices(text: str) -> tuple[Listed, ...]:
    """Read what `adb devices -l` prints; lines of other kinds are passed over."""
    listed: dict[str, Listed] = {}
    for line in text.splitlines():
        match = _LINE.match(line)
        if match is None or not match["serial"].isprintable():
            continue
        model = re.search(r"\bmodel:(\S{1,80})", match["rest"])
        name = model[1].replace("_", " ") if model and model[1].isprintable() else ""
        listed[match["serial"]] = Listed(match["serial"], match["state"], name)
    return tuple(listed.values())


def choose(listed: tuple[Listed, ...], serial: str | None = None) -> tuple[Listed, ...]:
    """Return the phones that are asked for, in the order of adb, usable or not.

    Raises:
        InputError: There is none, or none of this serial.
    """
    if not listed:
        raise InputError(
            "adb sees no phone; plug one in, turn on USB debugging in its developer options, and "
            "check with: adb devices"
        )
    if serial is None:
        return listed
    chosen = tuple(phone for phone in listed if phone.serial == serial)
    if not chosen:
        there = ", ".join(phone.serial for phone in listed)
        raise InputError(f"adb sees no phone {serial}; it sees: {there}")
    return chosen
