"""Files are measured in turn, in rounds: what changes over time hits all alike, and shows."""

from dataclasses import replace

import pytest

from edgetag.errors import InputError
from edgetag.phones.figures import AppPercentiles, PhoneLatency
from edgetag.phones.problems import Problem
from edgetag.phones.rounds import notes_on_rounds, percentiles_together, together
from edgetag.phones.settings import Settings
from edgetag.workspace import digest_file
from tests.phones.measuring import SETTINGS, Run, bench
from tests.phones.street import OUTPUTS, Street, thermal

THREE = replace(SETTINGS, rounds=3)


def latency(runs: int, avg: float, std: float | None, p50: float | None = None) -> PhoneLatency:
    return PhoneLatency(
        runs=runs, avg=avg, std=std, min=avg / 2, max=avg * 2, p5=None, p50=p50, p95=None
    )


@pytest.mark.slow
def test_files_take_turns_there_and_back(street: Street, run_folder: Run) -> None:
    phone = street.phone()
    result = bench(street, run_folder, THREE)
    names = {
        digest_file(run_folder[1].export / f"{name}.tflite"): name for name in ("fp32", "int8")
    }
    order = [next(names[d] for d in names if d in line) for line in phone.runs]
    assert order == ["fp32", "int8", "int8", "fp32", "fp32", "int8"]
    for entry in result.results:
        assert [one.latency_ms.runs for one in entry.rounds] == [337, 337, 337]
        assert entry.latency_ms.runs == 3 * 337
        assert entry.notes == ()
    assert result.rounds == 3


@pytest.mark.slow
def test_a_round_has_its_share_of_runs_and_seconds(street: Street, run_folder: Run) -> None:
    phone = street.phone()
    bench(street, run_folder, replace(THREE, runs=50, min_s=1.5, max_s=30), variants=("int8",))
    for line in phone.runs:
        assert {"--num_runs=17", "--min_secs=0.5", "--max_secs=10"} <= set(line.split())


@pytest.mark.slow
def test_a_phone_that_grows_hot_and_slow_on_the_way_is_marked(
    street: Street, run_folder: Run
) -> None:
    phone = street.phone()
    text = (OUTPUTS / "litert_xnnpack.txt").read_text()
    slow = text.replace("avg=2942.27", "avg=4942.27").replace("(avg): 2942.27", "(avg): 4942.27")
    assert slow.count("4942.27") == 2
    phone.answer("slow", slow)
    phone.answer("hot", thermal(2, 60))
    # From its third run on, the phone is slow and hot.
    (phone.root / "after-run").write_text(
        'n=0; while read -r line; do n=$((n + 1)); done < "$PHONE/runs"\n'
        'if [ $n -ge 3 ]; then cat "$PHONE/answers/slow" > "$PHONE/benchmark.txt"\n'
        'cat "$PHONE/answers/hot" > "$PHONE/answers/thermalservice"; fi\n'
    )
    fp32, int8 = bench(street, run_folder, THREE).results
    # Both had one quick round; neither is quicker for having come first.
    assert fp32.latency_ms.avg == int8.latency_ms.avg
    for entry in (fp32, int8):
        assert [one.thermal_status for one in entry.rounds] == [0, 2, 2]
        assert entry.throttled
        assert any(note.startswith("unstable: its rounds differ by") for note in entry.notes)


@pytest.mark.slow
def test_rounds_before_a_phone_is_unplugged_are_kept_and_marked(
    street: Street, run_folder: Run
) -> None:
    phone = street.phone()
    # Three runs end well: fp32, int8, int8; then the phone is gone.
    (phone.root / "after-run").write_text(
        'n=0; while read -r line; do n=$((n + 1)); done < "$PHONE/runs"\n'
        'if [ $n -ge 4 ]; then > "$PHONE/gone"; kill -9 $PPID; fi\n'
    )
    result = bench(street, run_folder, THREE)
    assert {entry.variant: len(entry.rounds) for entry in result.results} == {"fp32": 1, "int8": 2}
    assert "only 1 of 3 rounds ended well" in result.results[0].notes
    assert result.failures[-1].problem in (Problem.DISCONNECTED, Problem.CRASHED)


def test_there_are_no_more_rounds_than_runs(run_folder: Run) -> None:
    recipe, _ = run_folder
    with pytest.raises(InputError, match=r"phones\.rounds 51 is more than the 50 runs"):
        replace(SETTINGS, rounds=51)
    phones = recipe.phones.replace(runs=2)
    assert Settings.of(recipe.replace(phones=phones)).rounds == 2
    assert Settings.of(recipe).rounds == 3


def test_mean_and_deviation_of_rounds_are_those_of_all_runs() -> None:
    # Runs of 1, 3 and of 5, 7, 9: mean 5, variance (16 + 4 + 0 + 4 + 16) / 5.
    found = together([latency(2, 2.0, 1.0), latency(3, 7.0, (8 / 3) ** 0.5)])
    assert (found.runs, found.avg) == pytest.approx((5, 5.0))
    assert found.std == pytest.approx(8**0.5)
    assert (found.min, found.max) == (1.0, 14.0)


def test_percentiles_of_rounds_are_their_median_or_none() -> None:
    told = [latency(9, 3, 1, p50) for p50 in (2.0, 5.0, 3.0)]
    assert together(told).p50 == 3.0
    assert together([*told, latency(9, 3, 1)]).p50 is None
    app = [AppPercentiles(runs=4, p50=n, p90=n + 1, p99=n + 2) for n in (1, 5, 2)]
    assert percentiles_together(app) == AppPercentiles(runs=12, p50=2, p90=3, p99=4)


def test_rounds_that_differ_little_are_not_marked() -> None:
    assert notes_on_rounds([10.0, 10.5, 10.9], 3) == ()
    assert notes_on_rounds([10.0, 11.5, 10.0], 3) == ("unstable: its rounds differ by 14%",)
