"""What is read from benchmark_model's output, over its versions.

The files in `outputs/` were written by hand. The first line of each says whose sources print such
lines, and which published run or example it follows. They were not recorded from phones of ours: we
have none. Numbers are made up and agree with themselves, unless the first line says whose they are.
"""

import math
import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgetag.phones.delegates import require, with_profile
from edgetag.phones.figures import Delegation
from edgetag.phones.parse import Parsed, parse
from edgetag.phones.problems import PhoneError, Problem
from edgetag.phones.rounds import notes_on_rounds, together
from tests.phones.street import OUTPUTS


def read(name: str) -> Parsed:
    return parse((OUTPUTS / f"{name}.txt").read_text())


SOURCE = re.compile(r"\b[\w-]+\.(?:cc|h|md)\b")
LIKE = re.compile(r"as (\w+)\.txt")


@pytest.mark.parametrize("path", sorted(OUTPUTS.iterdir()), ids=lambda path: path.stem)
def test_every_output_says_whose_sources_print_such_lines_and_is_read_without_that(
    path: Path,
) -> None:
    origin, output = path.read_text().split("\n", 1)
    assert origin.startswith("Format")
    like = LIKE.search(origin)
    followed = OUTPUTS / f"{like[1]}.txt" if like else path
    assert SOURCE.search(followed.read_text().split("\n", 1)[0])
    with_origin, without = outcome(path.read_text()), outcome(output)
    assert str(with_origin) == str(without)


def test_the_oldest_form_is_read_whole() -> None:
    found = read("2018_no_stats")
    assert found.latency_ms.runs == 50
    assert found.latency_ms.avg == pytest.approx(137.722)
    assert found.latency_ms.min == pytest.approx(137.079)
    assert found.latency_ms.max == pytest.approx(143.416)
    assert found.latency_ms.std == pytest.approx(0.896)
    assert found.init_ms == pytest.approx(4.452)
    assert found.warmup_avg_ms == pytest.approx(146.161)
    assert found.first_ms is None
    assert found.memory_overall_mb is None
    assert found.delegations == ()


def test_averages_of_2019_are_those_of_the_regular_runs_and_not_of_the_profile() -> None:
    found = read("2019_average")
    assert found.latency_ms.avg == pytest.approx(79.7609)
    assert found.warmup_avg_ms == pytest.approx(83.235)
    assert found.init_ms == pytest.approx(38.467)
    assert found.delegations == (Delegation(delegate="GPU", taken="all"),)


def test_times_over_a_second_are_written_with_an_exponent() -> None:
    found = read("2020_gpu")
    assert found.latency_ms.avg == pytest.approx(1041.76)
    assert found.warmup_avg_ms == pytest.approx(2732.15)
    assert found.first_ms == pytest.approx(2732.148)
    assert (found.memory_init_mb, found.memory_overall_mb) == (12.5, 15.3438)


def test_percentiles_are_those_that_the_build_prints_and_none_is_made_up() -> None:
    new, old = read("litert_xnnpack").latency_ms, read("2020_gpu").latency_ms
    assert (new.p5, new.p50, new.p95) == pytest.approx((2.647, 2.781, 3.169))
    assert (old.p5, old.p50, old.p95) == (None, None, None)


def test_the_block_of_litert_2_is_read_as_the_line_of_older_builds() -> None:
    found = read("litert2_gpu")
    assert found.init_ms == pytest.approx(271.43)
    assert found.first_ms == pytest.approx(9.52)
    assert found.warmup_avg_ms == pytest.approx(3.49)
    # The counts are finer than the block, and have percentiles.
    assert found.latency_ms.avg == pytest.approx(3.21451)
    assert found.latency_ms.p50 == pytest.approx(3.188)
    assert (found.memory_init_mb, found.memory_overall_mb) == (85.6, 87.41)
    require("gpu", found.delegations, 0.5)


def test_the_block_of_litert_2_is_enough_by_itself() -> None:
    found = read("litert2_block")
    assert found.init_ms == pytest.approx(41.27)
    assert found.first_ms == pytest.approx(9.52)
    latency = found.latency_ms
    assert latency.runs == 50
    assert (latency.min, latency.avg, latency.max) == pytest.approx((3.10, 3.21, 4.45))
    assert latency.std == pytest.approx(0.21)
    assert latency.p50 is None
    assert (found.memory_init_mb, found.memory_overall_mb) == (15.6, 19.2)


def test_times_of_some_microseconds_agree_with_their_rounding() -> None:
    text = (OUTPUTS / "litert2_cpu.txt").read_text()
    for old, new in (
        ("min=3103 max=4448 avg=3214.51", "min=31 max=44 avg=34.6"),
        ("Inference (avg):      3.21", "Inference (avg):      0.03"),
    ):
        assert old in text
        text = text.replace(old, new)
    assert parse(text).latency_ms.avg == pytest.approx(0.0346)


def test_memory_is_read_in_every_form() -> None:
    delta, monitored = read("litert_xnnpack"), read("litert_profile")
    assert (delta.memory_init_mb, delta.memory_overall_mb) == (39.4531, 40.8281)
    assert (monitored.memory_init_mb, monitored.memory_overall_mb) == (None, 93.2383)


def test_a_prefix_changes_nothing() -> None:
    text = (OUTPUTS / "2020_gpu.txt").read_text()
    prefixed = "".join(
        f"{'' if line.startswith('INFO: ') else 'INFO: '}{line}\r\n" for line in text.splitlines()
    )
    assert parse(prefixed) == parse(text)


def test_operators_on_the_cpu_are_told_from_those_of_a_delegate() -> None:
    found = {
        (o.operator, o.within_delegate): (o.count, o.avg_ms) for o in read("2021_profile").operators
    }
    assert found.keys() == {("TfLiteGpuDelegateV2", True), ("RESIZE_BILINEAR", False)}
    assert found["TfLiteGpuDelegateV2", True] == pytest.approx((2, 14.0))
    assert found["RESIZE_BILINEAR", False] == pytest.approx((2, 1.5))


@pytest.mark.parametrize("name", ["litert_profile", "csv_profile"])
def test_operators_within_a_delegate_count_as_often_as_they_are_called(name: str) -> None:
    found = read(name).operators
    assert [(o.operator, o.within_delegate, o.count) for o in found] == [
        ("Convolution (NHWC, QC8) DWConv", True, 1),
        ("Convolution (NHWC, QC8) GEMM", True, 2),
        ("Convolution (NHWC, QC8) IGEMM", True, 1),
        ("QUANTIZE", False, 1),
        ("DEQUANTIZE", False, 1),
    ]
    assert found[0].avg_ms == pytest.approx(13 * 0.1)
    # The rows add up to the average that the tool tells.
    assert sum(o.avg_ms for o in found) == pytest.approx(3.0, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        (
            "litert_xnnpack",
            Delegation(delegate="XNNPACK", taken="part", nodes=62, of_nodes=64, kernels=1),
        ),
        ("xnnpack_all", Delegation(delegate="XNNPACK", taken="all")),
        (
            "2021_profile",
            Delegation(delegate="GPU", taken="part", nodes=62, of_nodes=64, kernels=2),
        ),
        ("xnnpack_not_executed", Delegation(delegate="XNNPACK", taken="none", nodes=0)),
        ("gpu_undone", Delegation(delegate="GPU", taken="none", nodes=0)),
        ("litert2_gpu", Delegation(delegate="GPU", taken="part", nodes=62, of_nodes=64)),
        ("litert2_cpu", Delegation(delegate="XNNPACK", taken="part", nodes=62, of_nodes=64)),
    ],
)
def test_what_a_delegate_took_is_read_from_the_log(name: str, wanted: Delegation) -> None:
    assert [d for d in read(name).delegations if d.delegate == wanted.delegate] == [wanted]


def test_where_the_log_is_silent_the_profile_tells_what_a_delegate_took() -> None:
    found = read("litert_profile")
    assert found.delegations == (Delegation(delegate="XNNPACK", taken="unknown"),)
    (told,) = with_profile(found.delegations, found.operators, {})
    assert told.taken == "part"
    (named,) = with_profile((), read("2021_profile").operators, {})
    assert (named.delegate, named.taken) == ("GPU", "part")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("gpu_not_executed", "it took no operator"),
        ("gpu_undone", "it took no operator"),
        ("gpu_unsupported", "it took no operator"),
        ("gpu_silent", "nothing in its output says"),
        ("xnnpack_all", "nothing in its output says"),
    ],
)
def test_a_run_that_asked_for_the_gpu_and_got_the_cpu_is_refused(name: str, why: str) -> None:
    with pytest.raises(PhoneError, match=why) as refused:
        require("gpu", read(name).delegations, 0.5)
    assert refused.value.problem is Problem.FELL_BACK


@pytest.mark.parametrize("name", ["2019_average", "2020_gpu", "2021_profile"])
def test_a_gpu_that_took_something_is_let_through(name: str) -> None:
    require("gpu", read(name).delegations, 0.5)


def test_xnnpack_that_took_nothing_is_refused_where_it_was_asked_for_and_only_there() -> None:
    found = read("xnnpack_not_executed").delegations
    with pytest.raises(PhoneError, match="XNNPACK delegate was asked for"):
        require("xnnpack", found, 0.5)
    require("auto", found, 0.5)
    require("cpu", found, 0.5)


@pytest.mark.parametrize(
    ("name", "said"),
    [("failed_gpu", "Failed to apply GPU delegate"), ("failed_load", "Failed to load model")],
)
def test_a_failure_is_told_by_the_line_that_says_most(name: str, said: str) -> None:
    with pytest.raises(PhoneError, match=said):
        read(name)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("avg=2942.27 std=1190", "avg=9942.27 std=1190", "two averages"),
        ("min=2605 max=20356", "min=9605 max=20356", "outside"),
        ("count=337", "count=0", "lack count"),
        ("Init: 6395, ", "", "lack Init"),
        ("avg=2942.27 ", "", "lack count, min or max"),
    ],
)
def test_figures_that_contradict_each_other_are_refused(old: str, new: str, said: str) -> None:
    text = (OUTPUTS / "litert_xnnpack.txt").read_text()
    assert old in text
    with pytest.raises(PhoneError, match=said) as refused:
        parse(text.replace(old, new))
    assert refused.value.problem is Problem.WRONG_OUTPUT


def outcome(text: str) -> Parsed | PhoneError:
    try:
        return parse(text)
    except PhoneError as error:
        return error


def is_one_short_line(text: str) -> bool:
    return text.isprintable() and len(text) < 1000


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    found = outcome(text)
    assert isinstance(found, PhoneError)
    assert is_one_short_line(found.reason)


@pytest.mark.slow
@settings(max_examples=200)
@given(st.sampled_from(sorted(OUTPUTS.glob("*.txt"))), st.integers(0, 2**32))
def test_a_damaged_output_is_read_or_refused(path: Path, seed: int) -> None:
    generator = random.Random(seed)
    text = list(path.read_text())
    for _ in range(generator.randrange(1, 20)):
        place = generator.randrange(len(text))
        text[place] = generator.choice("\x00\x1b\n\t=:%9eE,.-[]") * generator.choice([1, 1, 400])
    found = outcome("".join(text))
    if isinstance(found, Parsed):
        assert found.latency_ms.min <= found.latency_ms.max
        assert all(is_one_short_line(o.operator) for o in found.operators)
    else:
        assert is_one_short_line(found.reason)


NUMBER = re.compile(r"(?<=[=: ,(])[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?")
ODD = ("0", "1e-322", "0.0004", "7", "1e12", "1e200", "1e308", "9e999")


@pytest.mark.slow
@settings(max_examples=300)
@given(st.sampled_from(sorted(OUTPUTS.glob("*.txt"))), st.integers(0, 2**32))
def test_whatever_numbers_an_output_has_figures_come_of_them_or_a_refusal(
    path: Path, seed: int
) -> None:
    generator = random.Random(seed)
    odd = dict.fromkeys(NUMBER.findall(path.read_text()), "")
    for number in odd:
        odd[number] = generator.choice(ODD) if generator.random() < 0.5 else number
    found = outcome(NUMBER.sub(lambda match: odd[match[0]], path.read_text()))
    if isinstance(found, PhoneError):
        return
    latency = together([found.latency_ms] * 3)
    assert notes_on_rounds([latency.avg] * 3, 3) == ()
    for record in (latency, *found.operators, *found.delegations):
        assert type(record).model_validate_json(record.model_dump_json()) == record
    for value in (found.init_ms, found.first_ms, found.warmup_avg_ms, found.memory_overall_mb):
        assert value is None or math.isfinite(value)


def test_times_that_no_phone_takes_are_refused() -> None:
    text = (OUTPUTS / "2018_no_stats.txt").read_text()
    average = parse(text).latency_ms.avg
    for odd in ("1e200", "1e-322"):
        figures = re.sub(r"\b(avg|min|max|no stats)([=:] ?)[0-9.e+]+", rf"\g<1>\g<2>{odd}", text)
        assert isinstance(outcome(figures), PhoneError), average


def test_lines_without_end_cost_no_time_and_hide_nothing() -> None:
    text = (OUTPUTS / "litert_profile.txt").read_text()
    row = "Delegate/Convolution (NHWC, QC8) IGEMM:0\n"
    assert row in text
    bloated = text.replace(row, row + " 1" * 500_000 + "\n" + "\t" * 500_000 + "x\n")
    assert parse(bloated) == parse(text)
