"""Building the plugin that counts instructions, for the emulator that is there."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from edgetag.runtimes.emulation.commands import ToolFailedError, run, telling_line
from edgetag.runtimes.emulation.machines import COUNTER_SOURCE

PLUGIN = "counter/count.so"
API_VERSIONS = range(1, 10)
"""Each QEMU takes a range of these; what the plugin uses is the same in all of them."""


def build(folder: Path, start: Sequence[str], program: Path) -> str | None:
    """Build the plugin into a target's folder; return None, or why it cannot be, in one line.

    `start` is how the emulator is started; the plugin is tried on `program`, one of the target.
    """
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return "no C compiler is on the PATH; install gcc and set the target up again"
    plugin = folder / PLUGIN
    plugin.parent.mkdir(exist_ok=True)
    said = ""
    for version in API_VERSIONS:
        try:
            run(
                [
                    compiler,
                    "-O2",
                    "-fPIC",
                    "-shared",
                    "-nostdlib",
                    "-ffreestanding",
                    "-fvisibility=hidden",
                    f"-DAPI_VERSION={version}",
                    "-o",
                    plugin,
                    COUNTER_SOURCE,
                ]
            )
        except ToolFailedError as error:
            return f"the plugin does not compile: {telling_line(str(error))}"
        try:
            run([*start, "-plugin", str(plugin), str(program), "-S", "-c", "pass"], timeout_s=60)
        except ToolFailedError as error:
            said = str(error)
        else:
            return None
    return f"the emulator does not load the plugin: {telling_line(said)}"
