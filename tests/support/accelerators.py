"""What most engines are asked for, and what runs."""

from edgetag.machine import Acceleration

RAN = Acceleration(requested="cpu", used="cpu")


def nothing_ran(reason: str) -> Acceleration:
    """Return what a record says where the CPU was asked for and nothing ran."""
    return Acceleration(requested="cpu", used=None, reason=reason)
