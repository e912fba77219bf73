"""Programs that go to a phone: where benchmark_model comes from, and whether a phone runs one."""

from pathlib import Path

from edgetag.errors import InputError
from edgetag.phones.problems import PhoneError, Problem
from edgetag.phones.result import PhoneRecord
from edgetag.phones.store import LocalFile

WHERE_FROM = (
    "build it with Bazel from the sources of LiteRT (--config=android_arm64; target "
    "//tflite/tools/benchmark:benchmark_model runs files by the Interpreter, as the demo app does, "
    "//litert/tools:benchmark_model by CompiledModel), or take Google's nightly build for "
    "android_aarch64"
)
_MACHINES = {
    b"\xb7\0": "arm64-v8a",
    b"\x28\0": "armeabi-v7a",
    b"\x3e\0": "x86_64",
    b"\x03\0": "x86",
}
"""e_machine of an ELF file, little-endian → Android's name of the instruction set."""


def find_program(path: Path | None, suffix: str, what: str) -> LocalFile | None:
    """Return a program for phones that a user names, None where none is named.

    `what` says in the error's text what it should be.

    Raises:
        InputError: There is no such file.
    """
    if path is None:
        return None
    if not path.is_file():
        raise InputError(f"{path}: no such file; {what}")
    return LocalFile.of(path, suffix)


def check_runs_on(program: Path, phone: PhoneRecord) -> None:
    """Refuse a program for another instruction set than the phone's.

    Raises:
        PhoneError: It is one; a file that is no ELF file is let through.
    """
    with program.open("rb") as file:
        head = file.read(20)
    abi = _MACHINES.get(head[18:20]) if head[:4] == b"\x7fELF" else None
    if abi is not None and phone.abis and abi not in phone.abis:
        raise PhoneError(
            Problem.WRONG_BINARY,
            f"{program.name} is built for {abi}, but the phone runs {', '.join(phone.abis)}",
        )
