"""`edgetag doctor`."""

from edgetag.cli.options import Json
from edgetag.cli.terminal import show


def doctor(json: Json = False) -> None:
    """Show what this machine has: runtimes, versions, CPU features, GPU, emulator, phone."""
    from edgetag.doctor import examine

    report = examine()
    show(report, json, report.tables())
