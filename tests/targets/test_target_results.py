"""What is made of scores and of the plugin's log, and where models are cut."""

import ast
import sys
from copy import copy
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from typer.testing import CliRunner

from edgetag.children import python_environment
from edgetag.cli.app import app
from edgetag.conversion import flatfile
from edgetag.conversion.result import ExportedVariant
from edgetag.recipe import Recipe, parse_recipe
from edgetag.runtimes import FailureKind, LoadFailure, ScoreRun
from edgetag.runtimes.emulation.machines import ARM64
from edgetag.targets.agreement import Comparison, compare, host_of, tolerance
from edgetag.targets.budgets import check_budgets
from edgetag.targets.counting.cuts import Cut, Cuts
from edgetag.targets.counting.cutting import find_cuts
from edgetag.targets.counting.markers import CountError, read_log
from edgetag.targets.counting.one_file import operator_counts
from edgetag.targets.result import CountFailure, InstructionCount, TargetsResult
from edgetag.targets.store import make
from edgetag.targets.tables import count_table
from tests.support import made_results
from tests.support.commands import refusal_of
from tests.support.paths import MODELS
from tests.support.programs import captured

CRASH = LoadFailure(FailureKind.CRASHED, "it crashed (SIGILL) while running it")


def scores(*values: float) -> ScoreRun:
    return ScoreRun(np.array([values], dtype=np.float32).T, 1.0, 1.0)


def exported(variant: str, float_tensors: int) -> ExportedVariant:
    return made_results.exported(variant, 1).replace(float_tensors=float_tensors)


def test_integers_must_be_identical_and_one_step_differs() -> None:
    exact = tolerance(exported("int8", 0), "litert")
    assert compare(scores(0.5, 0.25), scores(0.5, 0.25), exact).agreement == "identical"
    found = compare(scores(0.5, 0.25), scores(0.5, 0.25 + 1 / 256), exact)
    assert found == Comparison("differs", "", 1, 1 / 256)


def test_floats_may_differ_by_their_tolerance_and_no_more() -> None:
    limit = tolerance(exported("fp32", 160), "litert")
    assert compare(scores(0.5), scores(0.5 + limit / 2), limit).agreement == "within tolerance"
    assert compare(scores(0.5), scores(0.5 + 2 * limit), limit).agreement == "differs"
    assert tolerance(exported("int8", 3), "litert") > limit, "partly float: activations are rounded"
    scores_alone = exported("int8", 3).replace(float_scores=True)
    assert tolerance(scores_alone, "litert") == limit, "what is rounded is as exact as in integers"
    assert host_of(scores_alone, "tflite-runtime") == "tflite-runtime-reference"
    shaders = tolerance(exported("int8", 0), "browser-webgpu")
    assert shaders == tolerance(exported("int8", 3), "litert"), "they compute integers as floats"
    assert tolerance(exported("fp32", 160), "browser-webgpu") == limit


def test_a_file_that_only_the_target_cannot_run_fails() -> None:
    assert compare(scores(0.5), CRASH, 0.0) == Comparison("fails there", CRASH.reason)
    assert compare(CRASH, CRASH, 0.0).agreement == "not compared"


def test_results_have_no_time_in_them() -> None:
    text = repr(TargetsResult.model_json_schema())
    assert not [word for word in ("_ms", "seconds", "latency", "_us") if word in text]


def test_what_a_marker_costs_is_taken_off() -> None:
    log = "\n".join(
        [
            "edgetag 0 100 7",
            "edgetag 1 160 7",
            "qemu: something",
            "edgetag 2 1000 7",
            "edgetag 3 3060 7",
            "edgetag 4 4000 7",
            "edgetag 5 4560 7",
        ]
    )
    assert read_log(log) == {0: 0, 1: 2000, 2: 500}


def test_a_run_that_does_more_than_the_others_is_passed_over() -> None:
    lines, at = ["edgetag 0 0 0", "edgetag 1 0 0"], 0
    for length in (50, 131, 50):
        lines += [f"edgetag 2 {at} 0", f"edgetag 3 {at + length} 0"]
        at += length
    assert read_log("\n".join(lines))[1] == 50


@pytest.mark.parametrize(
    ("log", "told"),
    [
        ("", "told nothing"),
        ("edgetag 0 1 0\nedgetag 1 2 0\nedgetag 2 5 0", "told nothing"),
        ("edgetag 0 1 0\nedgetag 1 2 0\nedgetag 2 5 0\nedgetag 3 9 4", "second thread"),
    ],
)
def test_a_log_without_an_exact_count_is_refused(log: str, told: str) -> None:
    with pytest.raises(CountError, match=told):
        read_log(log)


def with_half_weights(source: Path) -> bytes:
    """Return a float file's bytes with weights as fp16 files have them: widened before all else."""
    model = flatfile.read_model(source)
    (graph,) = model.subgraphs
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.DEQUANTIZE
    code.version = 3
    model.operatorCodes.append(code)
    widening = []
    for index, wide in enumerate(list(graph.tensors)):
        values = flatfile.constant(model, wide)
        if values is None or wide.type != schema.TensorType.FLOAT32:
            continue
        half, buffer = copy(wide), schema.BufferT()
        buffer.data = list(values.astype(np.float16).tobytes())
        half.type, half.buffer, wide.buffer = schema.TensorType.FLOAT16, len(model.buffers), 0
        operator = schema.OperatorT()
        operator.opcodeIndex = len(model.operatorCodes) - 1
        operator.inputs, operator.outputs = [len(graph.tensors)], [index]
        model.buffers.append(buffer)
        graph.tensors.append(half)
        widening.append(operator)
    graph.operators = widening + graph.operators
    return flatfile.pack_model(model)


@pytest.mark.parametrize("name", ["tiny_fp32", "tiny_fp16", "tiny_int8_uint8", "tiny_int16x8"])
def test_a_model_cut_off_gives_what_the_whole_one_has_there(name: str, tmp_path: Path) -> None:
    path = MODELS / f"{name}.tflite"
    if name == "tiny_fp16":
        path = tmp_path / path.name
        path.write_bytes(with_half_weights(MODELS / "tiny_fp32.tflite"))
    cuts, names = find_cuts(path)
    assert cuts is not None
    assert len(cuts.cuts) > 1
    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES  # keeps operators apart
    whole = Interpreter(
        str(path), experimental_preserve_all_tensors=True, experimental_op_resolver_type=plain
    )
    whole.allocate_tensors()
    given = whole.get_input_details()[0]
    values = (np.arange(np.prod(given["shape"])) % 200).reshape(given["shape"])
    whole.set_tensor(given["index"], values.astype(given["dtype"]))
    whole.invoke()
    for number, cut in enumerate(cuts.cuts):
        part = Interpreter(
            model_content=cuts.apply(path.read_bytes(), number),
            experimental_op_resolver_type=plain,
        )
        part.allocate_tensors()
        assert len(part._get_ops_details()) == cut.operators < len(names)
        assert names[cut.operators - 1] != "DEQUANTIZE", "its output is a constant"
        part.set_tensor(part.get_input_details()[0]["index"], values.astype(given["dtype"]))
        part.invoke()
        index = part.get_output_details()[0]["index"]
        assert index == cut.output
        assert np.array_equal(part.get_tensor(index), whole.get_tensor(index))


def test_operators_add_up_to_the_whole() -> None:
    cuts = Cuts(
        operators_at=0, output_at=0, cuts=(Cut(operators=1, output=4), Cut(operators=3, output=9))
    )
    found = operator_counts({1: 100, 2: 30, 3: 70}, cuts, ("CONV_2D", "PAD", "ADD", "MEAN"))
    assert [one.operators for one in found] == [("CONV_2D",), ("PAD", "ADD"), ("MEAN",)]
    assert [one.instructions for one in found] == [30, 40, 30]
    assert [one.first for one in found] == [0, 1, 3]


def place(variant: str, cpu: str, target: str = "arm64") -> dict[str, object]:
    return {
        "variant": variant,
        "sha256": "0",
        "target": target,
        "runtime": "litert",
        "runtime_version": "2.3.0",
        "cpu": cpu,
        "program": "QEMU 7.2",
    }


def count(variant: str, cpu: str, instructions: int, target: str = "arm64") -> InstructionCount:
    return InstructionCount.model_validate(
        {**place(variant, cpu, target), "instructions": instructions}
    )


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    (tmp_path / "labels.csv").write_text("path,tag\n")
    text = (
        'name = "x"\n[data]\nsource = "labels.csv"\n[network]\nname = "mobilenet_v2"\n'
        '[targets]\non = ["arm64"]\n[budgets.int8]\nmax_arm_instructions = 1000\n'
    )
    return parse_recipe(text, tmp_path / "recipe.toml")


def test_the_budget_is_judged_on_the_processor_with_dot_products(recipe: Recipe) -> None:
    counts = [count("int8", "cortex-a76", 1000), count("int8", "cortex-a53", 3000)]
    (budget,) = check_budgets(recipe, counts, ())
    assert (budget.measured, budget.verdict) == (1000, "pass")
    (budget,) = check_budgets(recipe, [count("int8", "cortex-a76", 1001)], ())
    assert budget.verdict == "fail"


def test_a_budget_without_a_count_is_undecided_or_failed(recipe: Recipe) -> None:
    for elsewhere in (count("int8", "cortex-a53", 1), count("int8", "cortex-a7", 1, "armv7")):
        (budget,) = check_budgets(recipe, [elsewhere], ())
        assert budget.verdict == "undecided"
    failure = CountFailure.model_validate({**place("int8", "cortex-a76"), "reason": "crash"})
    (budget,) = check_budgets(recipe, (), [failure])
    assert budget.verdict == "fail"
    assert check_budgets(recipe, (), ()) == ()


def test_the_table_has_a_count_and_its_ratio_for_each_processor(recipe: Recipe) -> None:
    counts = [
        count("fp32", "cortex-a76", 24_000_000),
        count("int8", "cortex-a76", 12_000_000),
        count("int8", "cortex-a53", 33_000_000),
    ]
    table = count_table(make(recipe, counts=counts))
    assert table.headings == (
        "variant",
        "runtime",
        "cortex-a76",
        "÷ fp32",
        "cortex-a53",
        "÷ fp32",
        "reason",
    )
    assert table.texts[1] == ("int8", "litert@arm64", "12.00", "0.500", "33.00", "–", "–")


def test_webassembly_is_compared_with_the_kernels_that_it_shares() -> None:
    assert host_of(exported("int8", 0), "wasm") == "litert"
    assert host_of(exported("fp32", 160), "wasm") == "litert"
    assert host_of(exported("dynamic", 160), "wasm") == "tflite-runtime"
    assert host_of(exported("int8", 0), "tflite-runtime") == "tflite-runtime-reference"
    assert host_of(exported("dynamic", 160), "tflite-runtime") == "tflite-runtime"


@pytest.mark.parametrize("verb", ["check", "count"])
@pytest.mark.parametrize("name", ["arm64", "litert@arm64"])
def test_a_verb_without_its_machine_says_how_to_set_it_up(
    run_folder: Path, verb: str, name: str, tmp_path: Path
) -> None:
    command = ["target", verb, str(run_folder / "recipe.toml"), "--out", str(run_folder / "run")]
    done = CliRunner().invoke(app, [*command, "--on", name, "--cache", str(tmp_path / "none")])
    assert "edgetag target setup arm64" in refusal_of(done)


def test_the_process_that_runs_a_model_needs_numpy_alone() -> None:
    code = (
        "import sys, edgetag.targets.counting.counted, edgetag.runtimes.worker;"
        "import edgetag.benchmarking.child, edgetag.explaining.child;"
        "print({m.split('.')[0] for m in sys.modules "
        "if 'site-packages' in (getattr(sys.modules[m], '__file__', None) or '')})"
    )
    command = [sys.executable, "-P", "-c", code]
    shown = captured(command, check=True, env=python_environment())
    there = {name.replace("-", "_") for name, _ in ARM64.wheels}
    assert ast.literal_eval(shown.stdout) - {"_distutils_hack", "edgetag"} <= there
