"""The demo app's headless entry: `am instrument`, and what it prints.

    INSTRUMENTATION_RESULT: scores=/storage/emulated/0/Android/media/PACKAGE/….json
    INSTRUMENTATION_CODE: -1

`am` ends with 0 whatever happens, so only these lines tell. -1 is `Activity.RESULT_OK`; the app
answers 0 with `error=` and one line. A crash and an app that is not there are told by Android.
The file is in `Android/media`, since from Android 11 on adb's user cannot read `Android/data`.
"""

import contextlib
import re
from dataclasses import dataclass

from edgetag.errors import InputError
from edgetag.phones.phone import FOLDER, Answer, Phone
from edgetag.phones.problems import PhoneError, Problem, recognize
from edgetag.phones.store import LocalFile

DEFAULT_PACKAGE = "dev.edgetag.demo"
ENTRY = ".Headless"
OK = -1

_PACKAGE = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*(\.[a-zA-Z][a-zA-Z0-9_]*)+")
_RESULT = re.compile(r"^INSTRUMENTATION_RESULT: (\w{1,40})=(.{0,4000})$", re.MULTILINE)
_CODE = re.compile(r"^INSTRUMENTATION_CODE: (-?[0-9]{1,9})$", re.MULTILINE)
_ABSENT = re.compile(
    r"Unable to find instrumentation (?:info|target package)|INSTRUMENTATION_FAILED: "
)
_UNSIGNED = "does not have a signature matching"
_STORAGE = r"/(?:storage/emulated/[0-9]{1,4}|sdcard|storage/self/primary)/Android/media/"
_FILE = r"/[A-Za-z0-9._-]{1,200}\.json"


@dataclass(frozen=True)
class App:
    """An app with a headless entry."""

    package: str = DEFAULT_PACKAGE

    def __post_init__(self) -> None:
        if len(self.package) > 200 or not _PACKAGE.fullmatch(self.package):
            raise InputError(
                f"--app {self.package!r}: not an app's id; give one such as {DEFAULT_PACKAGE}"
            )


def start(phone: Phone, app: App, job: LocalFile, limit_s: float) -> str:
    """Run a job in the app and return the path on the phone of what it wrote.

    After `limit_s` seconds the app is stopped.

    Raises:
        PhoneError: The phone is gone; the app is not installed, fails, crashes or hangs.
    """
    command = ["am", "instrument", "-w", "-e", "job", job.remote, f"{app.package}/{ENTRY}"]
    try:
        answer = phone.run(FOLDER, command, limit_s)
    except PhoneError as error:
        if error.problem not in (Problem.TIMED_OUT, Problem.TOO_MUCH_OUTPUT):
            raise
        # am is ended, but the app runs in a process of its own.
        with contextlib.suppress(PhoneError):  # the first error is the one to tell
            phone.shell("am", "force-stop", app.package)
        raise PhoneError(error.problem, f"the app {app.package}: {error.reason}") from None
    return read_output(answer, app)


def read_output(answer: Answer, app: App) -> str:
    """Return the path that `am instrument` tells.

    Args:
        answer: What it printed and ended with; it may be anything.
        app: That was started.

    Raises:
        PhoneError: It tells an error, or no path in the app's own folder.
    """
    text = answer.text
    results = dict(_RESULT.findall(text))
    codes = [int(code) for code in _CODE.findall(text)]
    if not results and _ABSENT.search(text):
        raise _absent(text, app)
    if "shortMsg" in results or "INSTRUMENTATION_ABORTED: " in text:
        message = results.get("longMsg") or results.get("shortMsg") or "the system stopped it"
        raise PhoneError(Problem.CRASHED, f"the app {app.package} crashed: {message}")
    if "error" in results:
        problem = recognize(results["error"])
        known = problem if problem in (Problem.FULL, Problem.LOCKED) else None
        raise PhoneError(known or Problem.FAILED, f"the app says: {results['error']}")
    if codes != [OK] or "scores" not in results:
        raise PhoneError(Problem.WRONG_OUTPUT, f"the app gives no answer: {answer.last_line}")
    path = results["scores"].strip()
    if not re.fullmatch(_STORAGE + re.escape(app.package) + _FILE, path):
        raise PhoneError(
            Problem.WRONG_OUTPUT, f"the app names a file outside its own folder: {path}"
        )
    return path


def _absent(text: str, app: App) -> PhoneError:
    """Tell an app that is not there from one that Android will not start."""
    if _UNSIGNED in text:
        return PhoneError(
            Problem.NOT_INSTALLED, f"Android does not let {app.package} instrument itself: {text}"
        )
    return PhoneError(
        Problem.NOT_INSTALLED,
        f"the app {app.package} is not installed, or has no entry {ENTRY}; build android-demo and "
        "run: adb install -r app.apk",
    )
