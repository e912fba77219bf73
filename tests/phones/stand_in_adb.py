"""A stand-in for `adb`: each phone is a folder, and its shell runs in it for real.

`PHONES` names a folder with one folder per phone, named by its serial:

- `phone.py`, a dict: `state`, `model`, and what shall go wrong.
- `root/`: its file system; `/data/local/tmp` and the storage of apps mean the folders within.
- `bin/`: the only programs of its shell, so that a phone can lack one.
- `answers/`: what getprop, dumpsys and settings print.
- `gone`: there once it has been unplugged.

It is started a thousand times in a test run, so it imports little: pathlib or json alone is a third
of a start.
"""

import os
import sys

TYPE_CHECKING = False  # as in typing, which is slow to import
if TYPE_CHECKING:
    from typing import Any

PHONES = os.environ.get("PHONES", "")
TMP = "/data/local/tmp"
STORAGE = "/storage/emulated/0"


def main() -> int:
    arguments = sys.argv[1:]
    if arguments == ["version"]:
        print("Android Debug Bridge version 1.0.41\nVersion 29.0.6-debian")
        return 0
    if arguments == ["devices", "-l"]:
        return devices()
    if len(arguments) < 3 or arguments[0] != "-s":
        return complain("adb: usage")
    serial, verb, rest = arguments[1], arguments[2], arguments[3:]
    phone = f"{PHONES}/{serial.replace(':', '_')}"
    with open(f"{PHONES}/log", "a") as log:
        log.write(repr([serial, verb, *rest]) + "\n")
    if not os.path.isdir(phone) or os.path.exists(f"{phone}/gone"):
        return complain(f"adb: device '{serial}' not found")
    told = described(phone)
    if told["state"] != "device":
        return complain(f"adb: device {told['state']}.")
    trouble = told["trouble"]
    if trouble.get("verb") == verb and trouble.get("containing", "") in " ".join(rest):
        return fail(phone, trouble["kind"], verb, rest)
    return {"shell": shell, "push": push, "pull": pull}[verb](phone, rest)


def complain(message: str) -> int:
    print(message, file=sys.stderr)
    return 1


def described(phone: str) -> "dict[str, Any]":
    with open(f"{phone}/phone.py") as file:
        told: dict[str, Any] = eval(file.read(), {})  # noqa: S307 - `street` wrote it
    return told


def read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def write(path: str, content: bytes) -> None:
    with open(path, "wb") as file:
        file.write(content)


def devices() -> int:
    print("* daemon not running; starting now at tcp:5037", file=sys.stderr)
    print("List of devices attached")
    for name in sorted(os.listdir(PHONES)):
        phone = f"{PHONES}/{name}"
        if os.path.isdir(phone) and not os.path.exists(f"{phone}/gone"):
            told = described(phone)
            more = f" product:p model:{told['model']} device:d" if told["state"] == "device" else ""
            print(f"{told['serial']:<22} {told['state']} usb:1-1{more} transport_id:1")
    print()
    return 0


def local(phone: str, path: str) -> str:
    return f"{phone}/root{path}"


def fail(phone: str, kind: str, verb: str, rest: list[str]) -> int:
    """Go wrong as the phone's description says."""
    if kind == "endless":
        while True:
            sys.stdout.write("INFO: and on it goes\n" * 1000)
    if kind == "corrupts":
        content = read(rest[0])
        write(local(phone, rest[1]), content[:-1] + bytes([content[-1] ^ 1]))
        return 0
    if kind == "short":
        write(rest[1], read(local(phone, rest[0]))[:-1])
        return 0
    refused = f"adb: error: failed to copy '{rest[0]}' to '{rest[-1]}': remote "
    if kind == "encrypted":
        return complain(refused + "couldn't create file: Required key not available")
    half_done(phone, verb, rest)
    if kind == "full":
        return complain(refused + "No space left on device")
    if kind == "unplugged":
        write(f"{phone}/gone", b"")
        return complain("adb: error: failed to read copy response: EOF") if verb == "push" else 1
    raise ValueError(kind)


def half_done(phone: str, verb: str, rest: list[str]) -> None:
    if verb == "push":
        content = read(rest[0])
        write(local(phone, rest[1]), content[: len(content) // 2])
        return
    import subprocess

    command, environment = in_folder(phone, rest)
    printed = subprocess.run(command, env=environment, stdout=subprocess.PIPE).stdout
    sys.stdout.buffer.write(printed[: len(printed) // 2])


def in_folder(phone: str, rest: list[str]) -> tuple[list[str], dict[str, str]]:
    """Return the command that the phone's shell is, and its environment."""
    environment = {"PATH": f"{phone}/bin", "PHONE": phone}
    if "PYTHONPATH" in os.environ:
        environment["PYTHONPATH"] = os.environ["PYTHONPATH"]
    script = " ".join(rest)
    for folder in (TMP, STORAGE):
        script = script.replace(folder, f"{phone}/root{folder}")
    return ["/bin/sh", "-c", script], environment


def shell(phone: str, rest: list[str]) -> int:
    command, environment = in_folder(phone, rest)
    os.chdir(f"{phone}/root")
    os.execve(command[0], command, environment)


def push(phone: str, rest: list[str]) -> int:
    source, target = rest
    if not os.path.isdir(os.path.dirname(local(phone, target))):
        return complain(f"adb: error: failed to copy: remote couldn't create file: {target}")
    write(local(phone, target), read(source))
    print(f"{source}: 1 file pushed, 0 skipped.")
    return 0


def pull(phone: str, rest: list[str]) -> int:
    source, target = rest
    if not os.path.exists(local(phone, source)):
        return complain(f"adb: error: failed to stat remote object '{source}'")
    write(target, read(local(phone, source)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
