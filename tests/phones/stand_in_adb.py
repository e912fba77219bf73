"""A stand-in for `adb`: each phone is a folder, and its shell runs in it for real.

`PHONES` names a folder with one folder per phone, named by its serial:

- `phone.json`: `state`, `model`, and what shall go wrong (see `Trouble`).
- `root/`: its file system; `/data/local/tmp` in commands means the folder within.
- `bin/`: the only programs of its shell, so that a phone can lack one.
- `answers/`: what getprop, dumpsys and settings print.
- `gone`: there once it has been unplugged.

Needs nothing but Python; it starts without site-packages to be quick.
"""

import json
import os
import pathlib
import subprocess
import sys
import time

PHONES = pathlib.Path(os.environ["PHONES"])
TMP = "/data/local/tmp"


def main() -> int:
    arguments = sys.argv[1:]
    if arguments == ["version"]:
        print("Android Debug Bridge version 1.0.41\nVersion 29.0.6-debian")
        return 0
    if arguments == ["devices", "-l"]:
        return devices()
    if len(arguments) < 3 or arguments[0] != "-s":
        print("adb: usage", file=sys.stderr)
        return 1
    serial, verb, rest = arguments[1], arguments[2], arguments[3:]
    phone = PHONES / serial.replace(":", "_")
    with (PHONES / "log").open("a") as log:
        log.write(json.dumps([serial, verb, *rest]) + "\n")
    if not phone.is_dir() or (phone / "gone").exists():
        print(f"adb: device '{serial}' not found", file=sys.stderr)
        return 1
    told = json.loads((phone / "phone.json").read_text())
    if told["state"] != "device":
        print(f"adb: device {told['state']}.", file=sys.stderr)
        return 1
    trouble = told.get("trouble", {})
    if trouble.get("verb") == verb and trouble.get("containing", "") in " ".join(rest):
        return fail(phone, trouble, verb, rest)
    return {"shell": shell, "push": push, "pull": pull}[verb](phone, rest)


def devices() -> int:
    print("* daemon not running; starting now at tcp:5037", file=sys.stderr)
    print("List of devices attached")
    for phone in sorted(PHONES.iterdir()):
        if phone.is_dir() and not (phone / "gone").exists():
            told = json.loads((phone / "phone.json").read_text())
            more = f" product:p model:{told['model']} device:d" if told["state"] == "device" else ""
            print(f"{told['serial']:<22} {told['state']} usb:1-1{more} transport_id:1")
    print()
    return 0


def local(phone: pathlib.Path, path: str) -> pathlib.Path:
    return phone / "root" / path.lstrip("/")


def fail(phone: pathlib.Path, trouble: dict, verb: str, rest: list[str]) -> int:
    """Go wrong as the phone's description says."""
    kind = trouble["kind"]
    if kind == "unplugged":
        half_done(phone, verb, rest)
        (phone / "gone").touch()
        if verb == "push":
            print("adb: error: failed to read copy response: EOF", file=sys.stderr)
        return 1
    if kind == "full":
        half_done(phone, verb, rest)
        print(
            f"adb: error: failed to copy '{rest[0]}' to '{rest[1]}': remote No space left on device",
            file=sys.stderr,
        )
        return 1
    if kind == "encrypted":
        print(
            f"adb: error: failed to copy '{rest[0]}' to '{rest[1]}': "
            "remote couldn't create file: Required key not available",
            file=sys.stderr,
        )
        return 1
    if kind == "corrupts":
        target = local(phone, rest[1])
        data = pathlib.Path(rest[0]).read_bytes()
        target.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        return 0
    if kind == "endless":
        while True:
            sys.stdout.write("INFO: and on it goes\n" * 1000)
    raise ValueError(kind)


def half_done(phone: pathlib.Path, verb: str, rest: list[str]) -> None:
    if verb == "push":
        data = pathlib.Path(rest[0]).read_bytes()
        local(phone, rest[1]).write_bytes(data[: len(data) // 2])
    else:
        done = run(phone, rest, subprocess.PIPE)
        sys.stdout.write(done.stdout[: len(done.stdout) // 2])
        sys.stdout.flush()


def run(phone: pathlib.Path, rest: list[str], out: int | None) -> subprocess.CompletedProcess:
    command = " ".join(rest).replace(TMP, f"{phone}/root{TMP}")
    environment = {"PATH": f"{phone}/bin", "PHONE": str(phone)}
    for name in ("PYTHONPATH", "HOME"):
        if name in os.environ:
            environment[name] = os.environ[name]
    return subprocess.run(
        ["/bin/sh", "-c", command], env=environment, cwd=phone / "root", stdout=out, text=True,
        errors="replace",
    )  # fmt: skip


def shell(phone: pathlib.Path, rest: list[str]) -> int:
    return run(phone, rest, None).returncode


def push(phone: pathlib.Path, rest: list[str]) -> int:
    source, target = rest
    if not local(phone, target).parent.is_dir():
        print(f"adb: error: failed to copy: remote couldn't create file: {target}", file=sys.stderr)
        return 1
    local(phone, target).write_bytes(pathlib.Path(source).read_bytes())
    time.sleep(0.001)
    print(f"{source}: 1 file pushed, 0 skipped.")
    return 0


def pull(phone: pathlib.Path, rest: list[str]) -> int:
    source, target = rest
    if not local(phone, source).exists():
        print(f"adb: error: failed to stat remote object '{source}'", file=sys.stderr)
        return 1
    pathlib.Path(target).write_bytes(local(phone, source).read_bytes())
    return 0


if __name__ == "__main__":
    sys.exit(main())
