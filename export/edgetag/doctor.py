"""What this machine has, and what edgetag can therefore do on it.

Nothing is guessed: a runtime counts only if it imports in a process of its own, a tool only if
it answers, a GPU only if its driver names it. TensorFlow's version is read from its package's
metadata, since importing it takes seconds.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import ClassVar, Literal

import edgetag
from edgetag.catalogue.desktop import DESKTOP
from edgetag.catalogue.engines import ENGINES
from edgetag.children import python
from edgetag.confinement import landlock_version
from edgetag.desktop.availability import missing
from edgetag.errors import InputError
from edgetag.machine import Machine, this_machine
from edgetag.phones.adb import Adb
from edgetag.phones.listing import Listed
from edgetag.pool import open_pool
from edgetag.programs import run_program
from edgetag.records import Record, Result
from edgetag.runtimes import engines
from edgetag.runtimes.protocol import Engine
from edgetag.tables import Cell, Column, Prose, Rows, Table, yes_or_no
from edgetag.tables.formats import format_gigabytes
from edgetag.targets.listing import list_targets

TIMEOUT_S = 10.0
"""A tool that has not answered by then counts as broken."""

State = Literal["ok", "missing", "broken"]

MARKS: dict[State, str] = {"ok": "pass", "missing": "undecided", "broken": "fail"}


class Component(Record):
    """Something that may be installed or plugged in.

    Attributes:
        name: What it is called.
        state: ok; missing; or broken, which is there but does not work.
        version: As it gives it itself, where it does.
        detail: What was found, or why not and what to do.
    """

    name: str
    state: State
    version: str | None = None
    detail: str = ""


class Ability(Record):
    """Something a user may want to do, and whether this machine can."""

    name: str
    able: bool
    detail: str


class DoctorReport(Result):
    """Everything `edgetag doctor` found.

    Attributes:
        edgetag: Its version,
        python: and Python's.
        machine: This one.
        free_disk_bytes: Where runs would be kept.
        runtimes: Engines of this machine.
        training: What training needs.
        desktop: Other engines of the float network.
        accelerators: GPUs.
        targets: Emulators, and targets that are set up or could be.
        phones: Android phones, as adb sees them.
        tools: Programs of others.
        abilities: What can be done here.
    """

    SCHEMA: ClassVar[str] = "edgetag.doctor/2.1"
    edgetag: str
    python: str
    machine: Machine
    free_disk_bytes: int
    runtimes: tuple[Component, ...]
    training: tuple[Component, ...]
    desktop: tuple[Component, ...] = ()
    accelerators: tuple[Component, ...]
    targets: tuple[Component, ...]
    phones: tuple[Component, ...]
    tools: tuple[Component, ...]
    abilities: tuple[Ability, ...]

    @property
    def parts(self) -> tuple[Component, ...]:
        """Everything that was looked for, in the order shown."""
        elsewhere = (*self.accelerators, *self.targets, *self.phones)
        return (*self.runtimes, *self.training, *self.desktop, *elsewhere, *self.tools)

    def tables(self) -> tuple[Table, ...]:
        """Return the report as tables."""
        return _about(self), _components(self), _what_can_be_done(self)


def examine(folder: Path | None = None) -> DoctorReport:
    """Look at this machine; takes a few seconds at most, and never imports TensorFlow.

    Args:
        folder: Where free disk space is measured; default: the current folder.
    """
    with open_pool(8) as pool:
        checks: list[Callable[[], tuple[Component, ...]]] = [
            lambda: tuple(pool.map(_runtime, engines.ENGINES)),
            _training,
            _desktop,
            lambda: (_gpu(),),
            lambda: (_emulator(),),
            _elsewhere,
            lambda: (_phones(),),
            lambda: tuple(_tool(name) for name in ("npm", "node", "apt-get")),
        ]
        outcomes = list(pool.map(lambda check: check(), checks))
    runtimes, training, desktop, gpu, emulator, targets, phones, tools = outcomes
    return DoctorReport(
        edgetag=edgetag.__version__,
        python=sys.version.split()[0],
        machine=this_machine(),
        free_disk_bytes=shutil.disk_usage(folder or Path.cwd()).free,
        runtimes=runtimes,
        training=training,
        desktop=desktop,
        accelerators=gpu,
        targets=(*emulator, *targets),
        phones=phones,
        tools=(_landlock(), *tools),
        abilities=_abilities(runtimes, training, tools),
    )


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _runtime(engine: Engine) -> Component:
    if reason := engine.available():
        return Component(name=engine.name, state="missing", detail=reason)
    version = engine.version()
    # In a process of its own: two runtimes in one process can crash each other.
    problem = _ask(python("-c", f"import {ENGINES[engine.name].imports}"))[1]
    if problem:
        detail = f"does not import: {problem}"
        return Component(name=engine.name, state="broken", version=version, detail=detail)
    return Component(name=engine.name, state="ok", version=version, detail="imports")


def _training() -> tuple[Component, ...]:
    packages = ("tensorflow", "tf-keras", "tensorflow-model-optimization")
    versions = {name: _version(name) for name in packages}
    components = []
    for name, version in versions.items():
        if version is None:
            detail = "install it with: pip install 'edgetag[train]'"
            components.append(Component(name=name, state="missing", detail=detail))
        elif name == "tf-keras" and _minor(version) != _minor(versions["tensorflow"] or version):
            detail = (
                f"does not fit tensorflow {versions['tensorflow']}; "
                "install both with: pip install 'edgetag[train]'"
            )
            components.append(Component(name=name, state="broken", version=version, detail=detail))
        else:
            components.append(Component(name=name, state="ok", version=version, detail="installed"))
    return tuple(components)


def _desktop() -> tuple[Component, ...]:
    """Return the engines that compute the float network beside TensorFlow."""
    components = []
    for line in DESKTOP.values():
        if line.takes == "weights":
            continue  # TensorFlow, which training needs
        reason = missing(line.name)
        components.append(
            Component(
                name=line.title,
                state="missing" if reason else "ok",
                version=None if reason else _version(line.imports[0]),
                detail=reason or "installed; edgetag reference asks it",
            )
        )
    return tuple(components)


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _gpu() -> Component:
    name = "GPU"
    if not shutil.which("nvidia-smi"):
        return Component(name=name, state="missing", detail="no nvidia-smi; training uses the CPU")
    text, problem = _ask(
        ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    )
    gpus = [line.strip() for line in text.splitlines() if line.strip()]
    if problem or not gpus:
        return Component(
            name=name, state="broken", detail=f"nvidia-smi: {problem or 'lists no GPU'}"
        )
    driver = gpus[0].split(", ")[-1]
    detail = f"{'; '.join(gpus)} (says nvidia-smi; TensorFlow was not asked)"
    return Component(name=name, state="ok", version=driver, detail=detail)


def _emulator() -> Component:
    for program in ("qemu-aarch64", "qemu-aarch64-static"):
        component = _tool(program)
        if component.state != "missing":
            return component.replace(name="ARM64 emulator")
    detail = "none on the PATH; edgetag target setup arm64 brings its own"
    return Component(name="ARM64 emulator", state="missing", detail=detail)


def _elsewhere() -> tuple[Component, ...]:
    """Return the targets that --on can name."""
    return tuple(
        Component(
            name=f"emulated {target.name}" if target.cpus else target.name,
            state=target.state,
            detail=target.detail or ", ".join(target.runtimes),
        )
        for target in list_targets().targets
    )


def _phones() -> Component:
    if not shutil.which("adb"):
        detail = "no adb; install Debian's package adb to benchmark on a phone"
        return Component(name="Android phone", state="missing", detail=detail)
    try:
        listed = Adb.find().devices(TIMEOUT_S, leave_server=False)
    except InputError as error:
        return Component(name="Android phone", state="broken", detail=str(error))
    return phones_from_adb(listed)


def phones_from_adb(listed: Sequence[Listed]) -> Component:
    """Describe the phones that adb sees; serial numbers are left out."""
    phones = [phone.model or "unnamed" for phone in listed if phone.state == "device"]
    waiting = [phone.state for phone in listed if phone.state != "device"]
    if phones:
        return Component(name="Android phone", state="ok", detail=", ".join(phones))
    if waiting:
        detail = f"attached but {', '.join(waiting)}; unlock it and allow USB debugging"
        return Component(name="Android phone", state="broken", detail=detail)
    return Component(name="Android phone", state="missing", detail="adb sees no phone")


def _landlock() -> Component:
    """Say whether processes that run models can be confined."""
    version = landlock_version()
    if not version:
        detail = "the kernel lacks it: files that are judged could read what you can read"
        return Component(name="Landlock", state="missing", detail=detail)
    detail = "processes that run models on this machine can read their job's files alone"
    return Component(name="Landlock", state="ok", version=str(version), detail=detail)


def _tool(name: str) -> Component:
    path = shutil.which(name)
    if path is None:
        return Component(name=name, state="missing", detail=f"not on the PATH; install {name}")
    text, problem = _ask([path, "--version"])
    if problem:
        return Component(name=name, state="broken", detail=problem)
    version = re.search(r"\d+(\.\d+)+", text)
    return Component(name=name, state="ok", version=version[0] if version else None, detail=path)


def _ask(command: Sequence[str]) -> tuple[str, str]:
    """Run a command; return its stdout and what went wrong ("" if nothing)."""
    try:
        process = run_program(command, TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return "", f"no answer in {TIMEOUT_S:.0f} s"
    except OSError as error:
        return "", error.strerror or str(error)
    if process.returncode == 0:
        return process.stdout, ""
    if process.returncode < 0:
        return process.stdout, f"killed by signal {-process.returncode}"
    lines = (process.stderr or process.stdout).strip().splitlines()
    return process.stdout, lines[-1] if lines else f"exit code {process.returncode}"


def _abilities(
    runtimes: Sequence[Component], training: Sequence[Component], tools: Sequence[Component]
) -> tuple[Ability, ...]:
    def ability(name: str, parts: Sequence[Component], extra: str = "") -> Ability:
        lacking = [part.name for part in parts if part.state != "ok"]
        detail = f"lacks {', '.join(lacking)}" if lacking else "ready"
        return Ability(name=name, able=not lacking, detail=f"{detail}{extra if lacking else ''}")

    working = [runtime.name for runtime in runtimes if runtime.state == "ok"]
    bench_tools = [tool for tool in tools if tool.name in ("npm", "apt-get")]
    return (
        ability("train, prune, quantize, export", training),
        Ability(
            name="validate and benchmark",
            able=bool(working),
            detail=f"on {', '.join(working)}" if working else "no runtime works",
        ),
        ability("data fetch --set bench", bench_tools, " (Debian or a relative, with Node.js)"),
    )


def _about(report: DoctorReport) -> Table:
    machine = report.machine
    facts = {
        "edgetag": report.edgetag,
        "Python": report.python,
        "system": f"{machine.system}, {machine.architecture}",
        "CPU": f"{machine.cpu}, {machine.cores} cores",
        "CPU features": ", ".join(machine.cpu_features) or "none that matter here",
        "memory": format_gigabytes(machine.memory_bytes),
        "free disk": format_gigabytes(report.free_disk_bytes),
    }
    return Rows(facts).table(
        "edgetag doctor", Column("this machine", str), Prose("detail", facts.__getitem__)
    )


def _components(report: DoctorReport) -> Table:
    return Rows(report.parts).table(
        "What is there",
        Column("part", lambda part: part.name),
        Column("state", lambda part: Cell(part.state, mark=MARKS[part.state])),
        Column("version", lambda part: part.version),
        Prose("detail", lambda part: part.detail),
    )


def _what_can_be_done(report: DoctorReport) -> Table:
    return Rows(report.abilities).table(
        "What can be done here",
        Column("to", lambda ability: ability.name),
        Column("able", lambda ability: yes_or_no(ability.able)),
        Prose("detail", lambda ability: ability.detail),
    )
