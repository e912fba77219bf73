"""Names of CPUs on the architectures edgetag runs on."""

from edgetag.machine import cpu_features, cpu_name, this_machine

X86 = """processor\t: 0
model name\t: AMD EPYC  7B13   64-Core
flags\t\t: fpu sse2 avx2 fma avx512_vnni

processor\t: 1
model name\t: another
"""
ARM = """processor\t: 0
Features\t: fp asimd asimddp crc32
CPU implementer\t: 0x41
CPU part\t: 0xd0b
"""


def test_x86_gives_the_first_cores_name_and_the_features_that_matter() -> None:
    assert cpu_name(X86) == "AMD EPYC 7B13 64-Core"
    assert cpu_features(X86) == ("avx2", "fma", "avx512_vnni")


def test_arm_gives_its_numbers_where_there_is_no_name() -> None:
    assert cpu_name(ARM) == "ARM implementer 0x41 part 0xd0b"
    assert cpu_features(ARM) == ("asimd", "asimddp")


def test_an_empty_cpuinfo_gives_nothing() -> None:
    assert cpu_name("") is None
    assert cpu_features("") == ()


def test_this_machine_has_a_name_cores_and_memory() -> None:
    machine = this_machine()
    assert machine.cpu
    assert machine.cores >= 1
    assert machine.memory_bytes is None or machine.memory_bytes > 1 << 26
