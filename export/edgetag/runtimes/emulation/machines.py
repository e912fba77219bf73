"""The targets: which packages each is made of, and which processors it can pretend to have."""

import os
from dataclasses import asdict, dataclass
from pathlib import Path

from edgetag.catalogue.engines import ENGINES
from edgetag.errors import InputError
from edgetag.user_cache import user_cache
from edgetag.workspace import digest_json

LAYOUT = 1
"""Of the folder; a change makes every target anew."""

COUNTER_SOURCE = Path(__file__).with_name("count.c")
PYTHON = "python3.11"
"""The newest that tflite-runtime has wheels for."""

DEBIAN = (
    "libc6",
    "libgcc-s1",
    "libstdc++6",
    "zlib1g",
    "libexpat1",
    "libffi8",
    "python3.11-minimal",
    "libpython3.11-minimal",
    "libpython3.11-stdlib",
)

Wheels = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Cpu:
    """A processor that the emulator can pretend to be.

    The fields of `/proc/cpuinfo` are what its cores report: XNNPACK's cpuinfo crashes when it
    reads the host's file, and chooses kernels by this one.

    Attributes:
        name: As QEMU names it.
        architecture: ARM's version.
        part: Arm's number of the core; see the Main ID Register in its reference manual.
        features: As Linux names them.
    """

    name: str
    architecture: int
    part: str
    features: str

    def cpuinfo(self) -> str:
        """Return what Linux would show as `/proc/cpuinfo` on one such core."""
        fields = {
            "processor": "0",
            "BogoMIPS": "50.00",
            "Features": self.features,
            "CPU implementer": "0x41",
            "CPU architecture": str(self.architecture),
            "CPU variant": "0x4",
            "CPU part": self.part,
            "CPU revision": "1",
        }
        return "".join(f"{name}\t: {value}\n" for name, value in fields.items()) + "\n"


@dataclass(frozen=True)
class Target:
    """A machine to emulate.

    Attributes:
        name: As `--on` takes it.
        debian: The architecture as Debian names it.
        triplet: Of its library folders.
        emulator: QEMU's program.
        packages: Debian's, by name.
        wheels: (package, version) from the package index.
        platforms: Tags of wheels that run on it.
        runtimes: Engines that it has, and the package that each comes in.
        cpus: The first one is the default.
    """

    name: str
    debian: str
    triplet: str
    emulator: str
    packages: tuple[str, ...]
    wheels: Wheels
    platforms: tuple[str, ...]
    runtimes: tuple[tuple[str, str], ...]
    cpus: tuple[Cpu, ...]

    def digest(self) -> str:
        """Return what changes when the target has to be made anew."""
        return digest_json([LAYOUT, asdict(self), COUNTER_SOURCE.read_text(encoding="utf-8")])

    def folder(self, cache: Path) -> Path:
        """Return where it lies in a cache folder."""
        return cache / f"{self.name}-{self.digest()[:12]}"

    def cpu(self, name: str | None) -> Cpu:
        """Return a processor by name, the default one for None.

        Raises:
            InputError: The target has none of this name.
        """
        if name is None:
            return self.cpus[0]
        for cpu in self.cpus:
            if cpu.name == name:
                return cpu
        known = ", ".join(cpu.name for cpu in self.cpus)
        raise InputError(f"processor {name!r} is not one of {self.name}'s: {known}")

    def modules(self) -> list[str]:
        """Return what the engines of its runtimes import."""
        return [ENGINES[runtime].imports for runtime, _ in self.runtimes]

    def version(self, runtime: str) -> str:
        """Return the version of a runtime there."""
        return dict(self.wheels)[dict(self.runtimes)[runtime]]


def _platforms(machine: str, *glibc: str) -> tuple[str, ...]:
    """Return the tags of wheels that Debian 12's glibc 2.36 runs."""
    return tuple(f"manylinux_2_{version}_{machine}" for version in glibc)


LITERT = ("ai-edge-litert", "2.3.0")
TFLITE_RUNTIME = ("tflite-runtime", "2.14.0")

ARM64 = Target(
    name="arm64",
    debian="arm64",
    triplet="aarch64-linux-gnu",
    emulator="qemu-aarch64",
    packages=DEBIAN,
    wheels=(("numpy", "1.26.4"), LITERT, TFLITE_RUNTIME),
    platforms=_platforms("aarch64", "34", "28", "27", "17"),
    runtimes=(("litert", LITERT[0]), ("tflite-runtime", TFLITE_RUNTIME[0])),
    cpus=(
        Cpu(
            "cortex-a76",
            8,
            "0xd0b",
            "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc "
            "dcpop asimddp",
        ),
        Cpu("cortex-a53", 8, "0xd03", "fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid"),
    ),
)

ARMV7 = Target(
    name="armv7",
    debian="armhf",
    triplet="arm-linux-gnueabihf",
    emulator="qemu-arm",
    # The index has no numpy for armv7 that works with tflite-runtime; Debian has.
    packages=(*DEBIAN, "python3-numpy", "libblas3", "liblapack3", "libgfortran5"),
    wheels=(TFLITE_RUNTIME,),
    platforms=_platforms("armv7l", "34", "31", "17"),
    runtimes=(("tflite-runtime", TFLITE_RUNTIME[0]),),
    cpus=(
        Cpu(
            "cortex-a7",
            7,
            "0xc07",
            "half thumb fastmult vfp edsp neon vfpv3 tls vfpv4 idiva idivt vfpd32 lpae evtstrm",
        ),
    ),
)

TARGETS = (ARM64, ARMV7)


def find(name: str) -> Target:
    """Return a target by name.

    Raises:
        InputError: There is none.
    """
    for target in TARGETS:
        if target.name == name:
            return target
    raise InputError(f"target {name!r} is not one of: {', '.join(t.name for t in TARGETS)}")


def default_cache() -> Path:
    """Return where targets lie: $EDGETAG_TARGETS, or edgetag/targets in the user's cache folder."""
    own = os.environ.get("EDGETAG_TARGETS")
    if own:
        return Path(own).absolute()
    return user_cache() / "targets"
