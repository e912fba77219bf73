"""What a delegate took, by operators and by time, and a failure where that is too little."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from edgetag.phones.delegates import require, share_of, with_profile
from edgetag.phones.figures import Delegation, OperatorTime
from edgetag.phones.parse import parse
from edgetag.phones.problems import PhoneError, Problem
from tests.phones.measuring import SETTINGS, Run, bench
from tests.phones.street import OUTPUTS, Street

IN_FILE = {"CONV_2D": 30, "DEPTHWISE_CONV_2D": 30, "RESIZE_BILINEAR": 4}


def operator(name: str, count: int, ms: float, within: bool = False) -> OperatorTime:
    return OperatorTime(operator=name, within_delegate=within, count=count, avg_ms=ms)


def test_the_profile_tells_which_operators_a_delegate_took_and_how_long_it_had() -> None:
    found = parse((OUTPUTS / "2021_profile.txt").read_text())
    (gpu,) = with_profile(found.delegations, found.operators, IN_FILE)
    assert gpu.operators == {"CONV_2D": 30, "DEPTHWISE_CONV_2D": 30, "RESIZE_BILINEAR": 2}
    assert (gpu.nodes, gpu.of_nodes) == (62, 64)
    assert gpu.share_of_operators == pytest.approx(62 / 64)
    assert gpu.share_of_time == pytest.approx(14.0 / 15.5)


def test_where_the_log_tells_no_numbers_the_profile_does() -> None:
    silent = (Delegation(delegate="XNNPACK", taken="unknown"),)
    rows = (
        operator("Convolution (NHWC, F32) IGEMM", 12, 3.0, within=True),
        operator("RESIZE_BILINEAR", 4, 1.0),
    )
    (entry,) = with_profile(silent, rows, IN_FILE)
    assert (entry.taken, entry.nodes, entry.of_nodes) == ("part", 60, 64)
    assert entry.operators == {"CONV_2D": 30, "DEPTHWISE_CONV_2D": 30}
    assert entry.share_of_time == pytest.approx(0.75)


def test_a_profile_of_other_operators_than_the_files_names_none() -> None:
    found = (Delegation(delegate="GPU", taken="part"),)
    rows = (operator("TfLiteGpuDelegateV2", 1, 3.0, within=True), operator("CUSTOM", 1, 1.0))
    (entry,) = with_profile(found, rows, IN_FILE)
    assert (entry.operators, entry.share_of_operators) == ({}, None)
    assert share_of(entry) == pytest.approx(0.75)


def test_of_two_delegates_each_has_its_own_time_and_neither_operators() -> None:
    found = (Delegation(delegate="GPU", taken="part"), Delegation(delegate="XNNPACK", taken="part"))
    rows = (
        operator("TfLiteGpuDelegateV2", 1, 6.0, within=True),
        operator("TfLiteXNNPackDelegate", 1, 3.0, within=True),
        operator("RESIZE_BILINEAR", 4, 1.0),
    )
    gpu, xnnpack = with_profile(found, rows, IN_FILE)
    assert (gpu.share_of_time, xnnpack.share_of_time) == pytest.approx((0.6, 0.3))
    assert (gpu.operators, xnnpack.operators) == ({}, {})


@pytest.mark.parametrize(("least", "kept"), [(0.0, True), (0.5, True), (0.97, False), (1.0, False)])
def test_a_delegate_that_took_too_little_is_refused(least: float, kept: bool) -> None:
    part = (Delegation(delegate="GPU", taken="part", nodes=62, of_nodes=64),)
    if kept:
        require("gpu", part, least)
    else:
        with pytest.raises(PhoneError, match="it took 97% of the graph"):
            require("gpu", part, least)


def gpu_that_took(some: int, remaining: int, folder: Path) -> Path:
    text = (OUTPUTS / "2021_profile.txt").read_text()
    line = "62 operations will run on the GPU, and the remaining 2 operations will run on the CPU."
    assert line in text
    told = line.replace("62", str(some)).replace(" 2 ", f" {remaining} ")
    path = folder / "output.txt"
    path.write_text(text.replace(line, told))
    return path


@pytest.mark.slow
def test_times_of_a_graph_that_the_gpu_took_little_of_are_not_kept(
    street: Street, run_folder: Run, tmp_path: Path
) -> None:
    street.phone().benchmark(gpu_that_took(3, 61, tmp_path))
    gpu = replace(SETTINGS, delegate="gpu")
    result = bench(street, run_folder, gpu, variants=("int8",))
    assert result.results == ()
    assert result.failures[0].problem is Problem.FELL_BACK
    assert "it took 5% of the graph, and at least 50% are wanted" in result.failures[0].reason
    (entry,) = bench(street, run_folder, replace(gpu, min_share=0.01), variants=("int8",)).results
    assert entry.delegations[0].share_of_operators == pytest.approx(3 / 64)


@pytest.mark.slow
def test_a_profile_that_fails_leaves_the_times_and_says_so(street: Street, run_folder: Run) -> None:
    phone = street.phone()
    (phone.root / "after-run").write_text('[ -z "$profile" ] || exit 9\n')
    (entry,) = bench(
        street, run_folder, replace(SETTINGS, profile=True), variants=("int8",)
    ).results
    assert entry.latency_ms.runs == 337
    assert entry.operators == ()
    assert any("could not be profiled" in note for note in entry.notes)


@pytest.mark.slow
def test_a_phone_unplugged_while_it_is_profiled_keeps_its_times(
    street: Street, run_folder: Run
) -> None:
    street.phone().describe(kind="unplugged", verb="shell", containing="--enable_op_profiling")
    result = bench(street, run_folder, replace(SETTINGS, profile=True))
    assert [entry.variant for entry in result.results] == ["fp32", "int8"]
    assert [failure.problem for failure in result.failures] == [Problem.DISCONNECTED]


@pytest.mark.slow
def test_shares_are_in_the_json(street: Street, run_folder: Run) -> None:
    street.phone()
    bench(street, run_folder, replace(SETTINGS, profile=True), variants=("int8",))
    told = json.loads((run_folder[1].bench / "phones.json").read_text())
    (delegation,) = told["results"][0]["delegations"]
    assert (delegation["nodes"], delegation["of_nodes"]) == (62, 64)
    assert 0.9 < delegation["share_of_time"] < 1
