"""Two benchmarks side by side, and the history of all."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import pytest

from edgetag.benchmarking import stage
from edgetag.benchmarking.compare import compare
from edgetag.benchmarking.history import append, read_history
from edgetag.benchmarking.result import BenchResult, Failure, Latency, Measurement
from edgetag.benchmarking.tables import comparison_tables
from edgetag.errors import ExitCode, InputError
from edgetag.machine import Acceleration, Machine
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe
from edgetag.reporting.plots.history import draw_history
from edgetag.workspace import Workspace
from tests.support.made_results import measured

MACHINE = Machine(
    system="Linux", architecture="x86_64", cpu="A CPU", cpu_features=(), cores=2, memory_bytes=None
)


def figure(p50: float, *, stable: bool = True, variant: str = "int8") -> Measurement:
    known = Latency(p50=p50, p90=p50 * 1.1, p99=p50 * 2, p50_interval=(p50 * 0.99, p50 * 1.01))
    ran = Acceleration(requested="cpu", used="cpu")
    made = measured(variant, "litert", p50)
    return made.replace(stable=stable, latency_ms=known, accelerator=ran)


def result(
    *figures: Measurement, at: str = "2026-01-01T00:00:00+00:00", cores: int = 2
) -> BenchResult:
    return BenchResult(
        machine=MACHINE.replace(cores=cores),
        measured_at=at,
        budget_runtime="litert",
        budget_threads=1,
        results=figures,
    )


@pytest.mark.parametrize(
    ("after", "verdict", "code"),
    [
        (0.99, "pass", ExitCode.ACCEPTED),
        (1.05, "pass", ExitCode.ACCEPTED),
        (1.1, "undecided", ExitCode.UNDECIDED),
        (1.2, "fail", ExitCode.BUDGET_BROKEN),
    ],
)
def test_the_interval_of_the_ratio_decides(after: float, verdict: str, code: ExitCode) -> None:
    found = compare(result(figure(1.0)), result(figure(after)), 1.1)
    (ratio,) = found.ratios
    assert ratio.ratio == pytest.approx(after)
    assert ratio.interval is not None
    assert ratio.interval[0] < after < ratio.interval[1]
    assert (ratio.verdict, found.exit_code) == (verdict, code)
    ran = Acceleration(requested="cpu", used="cpu")
    assert (ratio.before_accelerator, ratio.after_accelerator) == (ran, ran)


@pytest.mark.parametrize(
    ("after", "verdict"),
    [(4.07, "fail"), (1.3, "undecided"), (1.0001, "undecided"), (0.5, "pass"), (0.9, "undecided")],
)
def test_an_unstable_figure_decides_where_no_other_process_could_make_the_change(
    after: float, verdict: str
) -> None:
    (ratio,) = compare(result(figure(1.0)), result(figure(after, stable=False)), 1.1).ratios
    assert ratio.verdict == verdict
    assert not ratio.stable
    assert ratio.interval == pytest.approx((after * 0.99 / 1.01, after * 1.01 / 0.99))


def files(float_ms: float, int8_ms: float, digest: str, version: str = "") -> BenchResult:
    """A benchmark of a file that stays as it is, and of one with a digest."""
    known = figure(float_ms, variant="fp32"), figure(int8_ms).replace(sha256=digest)
    return result(*(f.replace(runtime_version=version or f.runtime_version) for f in known))


@pytest.mark.parametrize(
    ("float_after", "int8_after", "verdict"),
    [
        (1.35, 1.25, "undecided"),  # measured within a quarter of an hour on one idle machine
        (0.74, 0.81, "undecided"),
        (1.01, 1.25, "fail"),
        (1.01, 1.05, "pass"),
        (1.35, 3.0, "fail"),
        (0.74, 0.5, "pass"),
    ],
)
def test_a_file_changed_only_by_more_than_files_that_stayed_as_they_are(
    float_after: float, int8_after: float, verdict: str
) -> None:
    found = compare(files(1.0, 1.0, "a"), files(float_after, int8_after, "b"), 1.1)
    (changed,) = (ratio for ratio in found.ratios if not ratio.same_file)
    assert changed.drift == pytest.approx(max(float_after, 1 / float_after))
    assert changed.verdict == verdict


def test_where_no_file_changed_or_the_runtime_did_each_ratio_is_judged_as_it_is() -> None:
    same = compare(files(1.0, 1.0, "a"), files(1.35, 1.25, "a"), 1.1)
    newer = compare(files(1.0, 1.0, "a"), files(1.35, 1.25, "b", "3.0"), 1.1)
    for found in (same, newer):
        assert [(ratio.drift, ratio.verdict) for ratio in found.ratios] == [(None, "fail")] * 2


@pytest.mark.parametrize("one", [figure(1.0), figure(1.0, stable=False)])
def test_a_benchmark_compared_with_itself_is_equal(one: Measurement) -> None:
    found = compare(result(one), result(one), 1.1)
    assert found.exit_code is ExitCode.ACCEPTED
    assert found.ratios[0].interval == (1.0, 1.0)
    (table,) = comparison_tables(found)
    assert table.texts[0][-1] == "✓ equal"
    other = comparison_tables(compare(result(figure(1.0)), result(figure(1.001)), 1.5))
    assert other[0].texts[0][-1] == "✓ pass"


def test_other_kinds_of_machine_are_refused_unless_asked_for() -> None:
    here, there = result(figure(1.0)), result(figure(1.0), cores=8)
    older = result(figure(1.0))  # clouds call processors of several years by one name
    newer = older.replace(machine=MACHINE.replace(cpu_features=("avx2", "avx512_vnni")))
    with pytest.raises(InputError, match=r"2 cores, and A CPU with 2 cores \(avx2, avx512_vnni\)"):
        compare(older, newer, 1.1)
    with pytest.raises(InputError, match="other kinds of machine: A CPU with 2 cores"):
        compare(here, there, 1.1)
    assert compare(here, there, 1.1, other_machine=True).ratios
    elsewhere = here.replace(machine=MACHINE.replace(cpu="Another"))
    title = comparison_tables(compare(here, elsewhere, 1.1, other_machine=True))[0].title
    assert "on A CPU in quick mode before and on Another in quick mode after" in title


def test_figures_without_a_partner_are_named() -> None:
    found = compare(result(figure(1.0)), result(figure(1.0, variant="fp16")), 1.1)
    assert found.only_before == ("int8 on litert, 1 thread, batch 1",)
    assert found.only_after == ("fp16 on litert, 1 thread, batch 1",)
    assert found.exit_code is ExitCode.UNDECIDED


def test_a_file_that_fails_since_keeps_no_limit() -> None:
    before = result(figure(1.0), figure(1.0, variant="fp32"))
    crashed = Failure(variant="int8", runtime="litert", threads=1, reason="it crashed (SIGSEGV)")
    after = result(figure(1.0, variant="fp32")).replace(failures=(crashed,))
    found = compare(before, after, 1.1)
    assert found.failed_after == ("int8 on litert, 1 thread, batch 1: it crashed (SIGSEGV)",)
    assert (found.only_before, found.exit_code) == ((), ExitCode.BUDGET_BROKEN)
    assert "it crashed (SIGSEGV)" in comparison_tables(found)[1].texts[0][0]
    assert compare(after, after, 1.1).exit_code is ExitCode.ACCEPTED, "it failed before, too"


def test_a_benchmark_with_a_time_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bench.json"
    for time in ("0.0", "-1.0", "NaN", "Infinity"):
        path.write_text(result(figure(1.5)).to_json().replace('"p50": 1.5', f'"p50": {time}'))
        with pytest.raises(InputError, match="p50"):
            BenchResult.read(path, "bench")


def test_history_grows_by_each_benchmark_once(tmp_path: Path) -> None:
    path = tmp_path / "bench" / "history.sqlite"
    first, second = result(figure(1.0)), result(figure(2.0), at="2026-01-02T00:00:00+00:00")
    for one in (first, second, first):
        append(path, one)
    found = read_history(path).figures
    assert [one.p50_ms for one in found] == [1.0, 2.0]
    assert found[0].device == "A CPU"
    assert found[0].sha256 == figure(1.0).sha256
    assert [one.accelerator for one in found] == ["cpu", "cpu"]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("p50_ms", float("inf")),
        ("p50_ms", 0),
        ("p99_ms", -1),
        ("measured_at", "never"),
        ("measured_at", 5),
        ("accelerator", "abacus"),
    ],
)
def test_a_history_of_figures_that_are_none_is_refused(
    tmp_path: Path, column: str, value: object
) -> None:
    path = tmp_path / "history.sqlite"
    append(path, result(figure(1.0)))
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"UPDATE latency SET {column} = ?", (value,))  # noqa: S608
    with pytest.raises(InputError, match="not a usable history of benchmarks"):
        read_history(path)


def test_a_history_from_before_accelerators_were_recorded_is_read_and_added_to(
    tmp_path: Path,
) -> None:
    path = tmp_path / "history.sqlite"
    append(path, result(figure(1.0)))
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("ALTER TABLE latency DROP COLUMN accelerator")
    assert [one.accelerator for one in read_history(path).figures] == [None]
    append(path, result(figure(2.0), at="2026-01-02T00:00:00+00:00"))
    found = read_history(path).figures
    assert [(one.p50_ms, one.accelerator) for one in found] == [(1.0, None), (2.0, "cpu")]


@pytest.mark.slow
def test_the_plot_has_a_line_per_file_and_runtime(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    for day in range(1, 4):
        at = f"2026-01-0{day}T00:00:00+00:00"
        append(path, result(figure(day), figure(2.0, variant="fp32", stable=False), at=at))
    drawn = draw_history(read_history(path))
    root = ElementTree.fromstring(drawn)  # noqa: S314 - our own
    text = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert "int8 on litert, 1 thr., batch 1" in text
    assert "fp32 on litert, 1 thr., batch 1" in text
    assert draw_history(read_history(path)) == drawn


SVG = "{http://www.w3.org/2000/svg}"


def lines_of(drawn: str) -> list[str]:
    """Return the colour of each line between two or more points."""
    root = ElementTree.fromstring(drawn)  # noqa: S314 - our own
    styles = [
        path.get("style", "")
        for path in root.iter(f"{SVG}path")
        if path.get("clip-path") and "stroke-linecap: square" in path.get("style", "")
    ]
    colors = [re.findall(r"stroke: (#\w+)", style)[0] for style in styles]
    return [color for color in colors if color != "#b0b0b0"]  # of the grid


@pytest.mark.slow
@pytest.mark.parametrize("count", [3, 10, 14, 33])
def test_every_line_has_a_colour_of_its_own(tmp_path: Path, count: int) -> None:
    path = tmp_path / "history.sqlite"
    for day in (1, 2):
        figures = [figure(n + 1.0, variant=f"v{n}") for n in range(count)]
        append(path, result(*figures, at=f"2026-01-0{day}T00:00:00+00:00"))
    colors = lines_of(draw_history(read_history(path)))
    assert len(colors) == len(set(colors)) == count


@pytest.mark.parametrize("hours", [[9], [9, 10, 15]])
def test_an_axis_of_one_day_shows_its_hours(tmp_path: Path, hours: list[int]) -> None:
    path = tmp_path / "history.sqlite"
    for hour in hours:
        append(path, result(figure(1.0), at=f"2026-01-05T{hour:02}:30:00+00:00"))
    root = ElementTree.fromstring(draw_history(read_history(path)))  # noqa: S314 - our own
    text = [element.text or "" for element in root.iter(f"{SVG}text")]
    shown = [label for label in text if re.fullmatch(r"\d\d:\d\d", label)]
    assert len(shown) >= 3
    assert all("08:" <= label <= "17:" for label in shown)
    assert any(label.startswith("2026-Jan-05") for label in text)


def test_figures_of_two_devices_are_two_lines(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    for day, device in ((1, "A CPU"), (2, "B CPU"), (3, "A CPU"), (4, "B CPU")):
        one = figure(1.0).replace(device=device)
        append(path, result(one, at=f"2026-01-0{day}T00:00:00+00:00"))
    assert len(lines_of(draw_history(read_history(path)))) == 2


def test_a_history_can_be_narrowed_to_runtimes_and_variants(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    elsewhere = figure(3.0, variant="fp32").replace(runtime="tflite-runtime")
    append(path, result(figure(1.0), figure(2.0, variant="fp32"), elsewhere))
    whole = read_history(path)
    assert whole.only() == whole
    assert [f.p50_ms for f in whole.only(variants=["fp32"]).figures] == [2.0, 3.0]
    assert [f.p50_ms for f in whole.only(["litert"], ["fp32"]).figures] == [2.0]
    with pytest.raises(InputError, match="variant 'int9'; there are: fp32, int8"):
        whole.only(variants=["int9"])
    with pytest.raises(InputError, match="no benchmark of int8 on tflite-runtime"):
        whole.only(["tflite-runtime"], ["int8"])


@pytest.mark.parametrize("damage", ["bytes", "columns", "values"])
def test_a_damaged_history_is_told_before_a_benchmark_begins(
    recipe: Recipe, tmp_path: Path, damage: str
) -> None:
    workspace = Workspace(tmp_path)
    path = workspace.bench / "history.sqlite"
    append(path, result(figure(1.0)))
    if damage == "bytes":
        path.write_bytes(b"no database" * 100)
    else:
        with closing(sqlite3.connect(path)) as database, database:
            database.execute(
                "ALTER TABLE latency DROP COLUMN sha256"
                if damage == "columns"
                else "UPDATE latency SET p50_ms = 'fast'"
            )
    with pytest.raises(InputError, match=r"history\.sqlite: not a usable history.*move it away"):
        stage.run(recipe, workspace, SilentProgress())


def test_a_history_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="missing; run: edgetag bench"):
        read_history(tmp_path / "none.sqlite")
    damaged = tmp_path / "damaged.sqlite"
    damaged.write_bytes(b"no database" * 100)
    with pytest.raises(InputError, match="not a usable history"):
        append(damaged, result(figure(1.0)))
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as database:
        database.execute("CREATE TABLE latency (x INTEGER)")
    database.close()
    with pytest.raises(InputError, match="not a usable history"):
        read_history(other)
