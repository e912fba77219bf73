"""Phones that are folders, and a run folder to measure on them; see `stand_in_adb`."""

import json
import shutil
import stat
import sys
from ast import literal_eval
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgetag.phones.adb import Adb
from edgetag.phones.instrument import DEFAULT_PACKAGE
from edgetag.phones.phone import Phone
from edgetag.recipe import Recipe, parse_recipe
from edgetag.workspace import Workspace
from tests.support.run_folders import (
    TAGS,
    tiny_recipe,
    write_cache,
    write_manifest,
    write_models,
)

HERE = Path(__file__).parent
OUTPUTS = HERE / "outputs"
FOLDER = "data/local/tmp/edgetag"

PROGRAMS = (
    "sh",
    "cat",
    "chmod",
    "kill",
    "ls",
    "mkdir",
    "mv",
    "rm",
    "sha256sum",
    "sleep",
    "stat",
)

PROPERTIES = """[ro.product.manufacturer]: [Google]
[ro.product.model]: [Pixel 8]
[ro.build.version.release]: [15]
[ro.build.version.sdk]: [35]
[ro.build.fingerprint]: [google/shiba/shiba:15/AP4A/1:user/release-keys]
[ro.soc.manufacturer]: [Google]
[ro.soc.model]: [Tensor G3]
[ro.product.cpu.abilist]: [arm64-v8a]
"""
BATTERY = """Current Battery Service state:
  AC powered: false
  USB powered: true
  Wireless powered: false
  status: 2
  level: 83
  scale: 100
  temperature: 291
"""
POWER = "POWER MANAGER (dumpsys power)\n  mWakefulness=Awake\n"
TRUST = ' User "Owner" (id=0, flags=0x13) (current): trusted=0, deviceLocked=0\n'


def thermal(status: int, celsius: float = 31.5, sensor_status: int = 0) -> str:
    return (
        f"IsStatusOverride: false\nThermal Status: {status}\nCached temperatures:\n"
        "\tTemperature{mValue=99.0, mType=3, mName=old, mStatus=6}\nHAL Ready: true\n"
        "Current temperatures from HAL:\n"
        f"\tTemperature{{mValue={celsius}, mType=0, mName=CPU0, mStatus={sensor_status}}}\n"
        "Current cooling devices from HAL:\n"
        "\tCoolingDevice{mValue=0, mType=2, mName=thermal-cpufreq-0}\n"
    )


BENCHMARK_MODEL = """#!/bin/sh
# Stands in for benchmark_model: refuses a file that is not there, prints a recorded output.
for flag in "$@"; do
  case $flag in
    --graph=*) graph=${flag#--graph=} ;;
    --enable_op_profiling=true) profile=.profile ;;
  esac
done
printf '%s\\n' "$*" >> "$PHONE/runs"
[ -s "$graph" ] || { printf 'ERROR: Failed to load model %s\\n' "$graph"; exit 1; }
[ ! -e "$PHONE/after-run" ] || . "$PHONE/after-run"
cat "$PHONE/benchmark.txt$profile"
exit "$(cat "$PHONE/benchmark.code")"
"""


@dataclass(frozen=True)
class FolderPhone:
    """One phone."""

    root: Path
    serial: str

    def describe(self, state: str = "device", **trouble: object) -> None:
        """Say what state it is in and what goes wrong."""
        told = {"serial": self.serial, "state": state, "model": "Pixel_8", "trouble": trouble}
        (self.root / "phone.py").write_text(repr(told))

    def answer(self, name: str, text: str) -> None:
        (self.root / "answers" / name).write_text(text)

    def benchmark(self, output: str | Path, code: int = 0, profile: str | Path = "") -> None:
        """Say what benchmark_model prints and ends with, with and without profiling."""
        for suffix, content in (("", output), (".profile", profile or output)):
            text = content.read_text() if isinstance(content, Path) else content
            (self.root / f"benchmark.txt{suffix}").write_text(text)
        (self.root / "benchmark.code").write_text(str(code))

    def app(self, *, installed: tuple[str, ...] = (DEFAULT_PACKAGE,), **answer: object) -> None:
        """Say which apps are there, and what the app answers in place of what is so."""
        (self.root / "app.json").write_text(json.dumps({"installed": installed, "answer": answer}))

    def am(self, does: str) -> None:
        """Let `am` do something else, in the words of a shell."""
        script(self.root / "bin" / "am", f'#!/bin/sh\necho "$*" >> "$PHONE/am"\n{does}\n')

    @property
    def asked_of_am(self) -> list[str]:
        """Command lines that reached an `am` of other doing."""
        path = self.root / "am"
        return path.read_text().splitlines() if path.exists() else []

    @property
    def asked_of_cmd(self) -> list[str]:
        """Command lines that reached `cmd`."""
        path = self.root / "cmd"
        return path.read_text().splitlines() if path.exists() else []

    def without(self, program: str) -> None:
        """Take a program from its shell."""
        (self.root / "bin" / program).unlink()

    @property
    def files(self) -> list[str]:
        """Names in edgetag's folder."""
        folder = self.root / "root" / FOLDER
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []

    @property
    def runs(self) -> list[str]:
        """Command lines of benchmark_model."""
        path = self.root / "runs"
        return path.read_text().splitlines() if path.exists() else []


@dataclass(frozen=True)
class Street:
    """All phones, and the programs beside them."""

    folder: Path
    bin: Path
    tool: Path

    def phone(self, serial: str = "SERIAL1") -> FolderPhone:
        """Plug in a phone: cool, awake, unlocked."""
        root = self.folder / serial.replace(":", "_")
        for name in ("answers", "bin", "root/data/local/tmp"):
            (root / name).mkdir(parents=True)
        for program in PROGRAMS:
            found = shutil.which(program)
            assert found, program
            (root / "bin" / program).symlink_to(found)
        script(root / "bin" / "getprop", '#!/bin/sh\ncat "$PHONE/answers/getprop"\n')
        script(root / "bin" / "dumpsys", '#!/bin/sh\ncat "$PHONE/answers/$1"\n')
        script(root / "bin" / "settings", '#!/bin/sh\ncat "$PHONE/answers/$3"\n')
        script(root / "bin" / "taskset", '#!/bin/sh\nshift\nexec "$@"\n')
        script(root / "bin" / "cmd", '#!/bin/sh\necho "$*" >> "$PHONE/cmd"\n')
        app = HERE / "stand_in_app.py"
        script(root / "bin" / "am", f'#!/bin/sh\nexec {sys.executable} {app} "$@"\n')
        phone = FolderPhone(root, serial)
        phone.app()
        phone.describe()
        phone.answer("getprop", PROPERTIES)
        phone.answer("thermalservice", thermal(0))
        phone.answer("battery", BATTERY)
        phone.answer("power", POWER)
        phone.answer("trust", TRUST)
        phone.answer("low_power", "0\n")
        phone.benchmark(OUTPUTS / "litert_xnnpack.txt", profile=OUTPUTS / "litert_profile.txt")
        return phone

    @property
    def log(self) -> list[list[str]]:
        """Every command that reached adb, as serial, verb, arguments."""
        path = self.folder / "log"
        return (
            [literal_eval(line) for line in path.read_text().splitlines()] if path.exists() else []
        )

    def pushes(self) -> list[str]:
        """What was pushed, by its name on the phone without the mark of a part."""
        return [
            line[3].rsplit("/", 1)[1].split(".part-")[0] for line in self.log if line[1] == "push"
        ]


def script(path: Path, text: str) -> Path:
    """Write an executable."""
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def make_street(folder: Path) -> Street:
    """Make an adb and no phone yet."""
    phones, programs = folder / "phones", folder / "programs"
    phones.mkdir()
    programs.mkdir()
    script(programs / "adb", f"#!{sys.executable} -SE\n" + (HERE / "stand_in_adb.py").read_text())
    return Street(phones, programs, script(folder / "benchmark_model", BENCHMARK_MODEL))


def only_phone() -> Phone:
    """Return the phone that adb sees."""
    adb = Adb.find()
    (listed,) = adb.devices()
    return Phone(adb, listed)


RECIPE = tiny_recipe(
    "tiny",
    """[validation]
min_positives = 2
[benchmark]
runs = 50
[bundle]
variant = "int8"
""",
)
IMAGES = 24


def make_run(folder: Path) -> tuple[Recipe, Workspace]:
    """A run folder with two tiny files and 24 test images."""
    workspace = Workspace(folder / "run")
    recipe_file = folder / "recipe.toml"
    recipe_file.write_text(RECIPE)
    write_models(workspace)
    generator = np.random.default_rng(8)
    pixels = generator.integers(0, 256, (IMAGES, 64, 64, 3)).astype(np.uint8)
    write_cache(workspace.cache, pixels)
    labels = {tag: generator.integers(0, 2, IMAGES).tolist() for tag in TAGS}
    paths = [f"pictures/id{number}.png" for number in range(IMAGES)]
    write_manifest(workspace, ["test"] * IMAGES, labels, paths=paths)
    return parse_recipe(RECIPE, recipe_file), workspace
