"""Machines of another architecture, emulated by QEMU in user mode: what they need, setting it up.

A target is a folder: the C library and Python of a Debian of that architecture, wheels beside it,
and the emulator. Nothing is installed on the system, and no root is needed.

- `building`: sets a target up in a folder beside, which becomes the target when all of it works.
- `engine`: an engine on an emulated machine: the same worker, under that machine's Python.
- `launching`: commands that run edgetag's modules under a target's Python.
- `machines`: the targets: which packages each is made of, and which processors it can pretend to
  have.
- `state`: what a finished target's folder says about itself, and whether it is still so.
"""

from edgetag.runtimes.emulation.machines import TARGETS, Cpu, Target, find
from edgetag.runtimes.emulation.state import Installed, open_target

__all__ = ["TARGETS", "Cpu", "Installed", "Target", "find", "open_target"]
