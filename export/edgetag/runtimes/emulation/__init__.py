"""Machines of another architecture, emulated by QEMU in user mode: what they need, setting it up.

A target is a folder: the C library and Python of a Debian of that architecture, wheels beside it,
and the emulator. Nothing is installed on the system, and no root is needed.
"""

from edgetag.runtimes.emulation.machines import TARGETS, Cpu, Target, find
from edgetag.runtimes.emulation.state import Installed, open_target

__all__ = ["TARGETS", "Cpu", "Installed", "Target", "find", "open_target"]
