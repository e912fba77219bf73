"""Static checks of a `.tflite` file: what can be known without running it.

A check raises `InputError` where the file is not what the recipe asked for, and returns a warning
where it may still do.
"""

import difflib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from edgetag.arrays import read_arrays
from edgetag.conversion.flatfile import (
    OPERATOR_NAMES,
    Operator,
    all_operators,
    constant,
    operators,
    tensor_name,
)
from edgetag.conversion.float_scores import ENDS
from edgetag.conversion.op_versions import (
    first_runtime,
    parse_version,
    required_runtime,
    unknown_operators,
)
from edgetag.errors import InputError
from edgetag.preprocess import Preprocessing

FLOAT_TYPES = (
    schema.TensorType.FLOAT16,
    schema.TensorType.FLOAT32,
    schema.TensorType.FLOAT64,
    schema.TensorType.BFLOAT16,
)
ELEMENT_TYPES = {
    schema.TensorType.FLOAT32: "float32",
    schema.TensorType.UINT8: "uint8",
    schema.TensorType.INT8: "int8",
    schema.TensorType.INT16: "int16",
}
WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
CONVERSIONS = ("QUANTIZE", "DEQUANTIZE")

PIXEL_TOLERANCE = 0.05
"""Largest distance, in pixel levels, between a pixel and the input value that it stands for. The
scale is stored as float32, which alone moves 255 by 1e-5."""

SPARSITY_TOLERANCE = 0.005
"""Share of the weights that may have left zero; quantizing only adds zeros."""


def count_operators(model: Any) -> dict[str, int]:
    """Return operator → how often it runs for the scores, sorted by name.

    The graph of the maps repeats that of the scores, and is not counted.
    """
    scoring = operators(model, model.subgraphs[0])
    return dict(sorted(Counter(operator.name for operator in scoring).items()))


def count_float_tensors(model: Any) -> int:
    """Return the number of floating-point tensors behind the scores."""
    return sum(tensor.type in FLOAT_TYPES for tensor in model.subgraphs[0].tensors or [])


def has_float_scores(model: Any) -> bool:
    """Tell whether a model is of integers and computes its scores alone in float."""
    graph = model.subgraphs[0]
    floats = {at for at, tensor in enumerate(graph.tensors) if tensor.type in FLOAT_TYPES}
    users = {op.name for op in operators(model, graph) if floats & {*op.inputs, *op.outputs}}
    return bool(users & set(ENDS)) and users <= {*CONVERSIONS, *ENDS}


def boundary_types(model: Any) -> tuple[str, str]:
    """Return the element types of the input and of the scores."""
    graph = model.subgraphs[0]
    ends = (graph.tensors[graph.inputs[0]], graph.tensors[graph.outputs[0]])
    first, last = (ELEMENT_TYPES.get(tensor.type, f"type {tensor.type}") for tensor in ends)
    return first, last


def check_full_integer(model: Any, where: object) -> None:
    """Refuse a file that computes anything in floating point.

    A float input or output is no computation: it may be touched by QUANTIZE and DEQUANTIZE alone.
    Behind the last weights scores may be floats, see `float_scores`.

    Raises:
        InputError: A float tensor is left; the operators that use it are named.
    """
    for graph in model.subgraphs:
        ends = {*graph.inputs, *graph.outputs}
        floats = {i for i, t in enumerate(graph.tensors or []) if t.type in FLOAT_TYPES}
        ran = list(enumerate(operators(model, graph)))
        users = [(at, op) for at, op in ran if floats & {*op.inputs, *op.outputs}]
        computing = [(at, op.name) for at, op in users if op.name not in CONVERSIONS]
        outside = sorted({name for _, name in computing})
        inner = floats - ends
        last_weights = max((at for at, op in ran if op.name in WEIGHTED), default=-1)
        are_scores = all(at > last_weights and name in ENDS for at, name in computing)
        if (outside or inner) and not (outside and are_scores):
            names = ", ".join(tensor_name(graph.tensors[i]) for i in sorted(inner)[:3])
            raise InputError(
                f"{where}: should be full integer, but {len(inner or floats)} float tensors are "
                f"left ({names or 'at the ends'}), used by {', '.join(outside or CONVERSIONS)}; "
                "use a network whose layers can all be quantized, or leave the variant out"
            )


def check_input_exact(model: Any, contract: Preprocessing, where: object) -> None:
    """Refuse an integer file whose input does not take pixels as they are.

    The input value of a pixel, `(pixel - mean) / std / scale + zero_point`, must be the pixel
    itself (int8: minus 128). Where the input is float, the same holds for what it is quantized to.

    Raises:
        InputError: Scale or zero point differ from `1 / std` and `mean`.
    """
    graph = model.subgraphs[0]
    tensor = graph.tensors[graph.inputs[0]]
    if tensor.type in FLOAT_TYPES:
        first = next(op for op in operators(model, graph) if graph.inputs[0] in op.inputs)
        tensor = graph.tensors[first.outputs[0]]
    quantization = tensor.quantization
    if quantization is None or quantization.scale is None or len(quantization.scale) != 1:
        raise InputError(f"{where}: the input is not quantized as a whole; export it again")
    step, zero = float(quantization.scale[0]), int(quantization.zeroPoint[0])
    pixels = np.arange(256)
    shift = 128 if tensor.type == schema.TensorType.INT8 else 0
    values = (pixels - contract.mean) / contract.std / step + zero + shift
    if np.abs(values - pixels).max() > PIXEL_TOLERANCE:
        raise InputError(
            f"{where}: the input has scale {step:.7g} and zero point {zero + shift}, but pixels "
            f"are taken as they are only with {1 / contract.std:.7g} and {contract.mean:g}; run "
            "quantization-aware training again, or export with representative images that hold "
            "the values 0 and 255"
        )


def runtime_warning(model: Any, target: str, where: object) -> str | None:
    """Return a warning where the file needs a newer runtime than the target, or may; else None."""
    if unknown := unknown_operators(model):
        return (
            f"{where}: which TensorFlow Lite first had {', '.join(unknown)} is not known here, so "
            f"that export.target_runtime, {target}, can run it was not checked"
        )
    needed = required_runtime(model)
    if parse_version(needed) <= parse_version(target):
        return None
    newer = {
        f"{op.name} version {op.version} ({first_runtime(op)})"
        for op in all_operators(model)
        if parse_version(first_runtime(op)) > parse_version(target)
    }
    return f"{where}: needs TensorFlow Lite {needed}, but export.target_runtime is {target}" + (
        f"; newer there: {', '.join(sorted(newer))}" if newer else ""
    )


def check_target_ops(model: Any, target_ops: tuple[str, ...] | None, where: object) -> None:
    """Refuse a file with operators that the target lacks.

    Args:
        model: The file.
        target_ops: Operators the target has; None for all builtin ones.
        where: Names the file in errors.

    Raises:
        InputError: An operator is not in `target_ops`, or `target_ops` names an unknown one.
    """
    used = sorted({operator.name for operator in all_operators(model)})
    known = set(OPERATOR_NAMES.values())
    for name in target_ops or ():
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise InputError(f"export.target_ops: {name!r} is not a TensorFlow Lite operator{hint}")
    have = known - {"CUSTOM"} if target_ops is None else set(target_ops)
    missing = [name for name in used if name not in have]
    if missing:
        raise InputError(
            f"{where}: uses {', '.join(missing)}, which export.target_ops does not list; add it "
            "there if the target has it, or leave the variant out of export.variants"
        )


def weights(model: Any) -> Iterator[tuple[Operator, npt.NDArray[np.bool_]]]:
    """Yield each convolution and dense layer with a mask of its weights, true where zero.

    Half-precision weights are found behind the DEQUANTIZE that widens them. A buffer that two
    graphs share is yielded once.
    """
    seen: set[int] = set()
    for graph in model.subgraphs:
        ops = list(operators(model, graph))
        sources = {op.outputs[0]: op.inputs[0] for op in ops if op.name == "DEQUANTIZE"}
        for op in ops:
            if op.name not in WEIGHTED or len(op.inputs) < 2:
                continue
            tensor = graph.tensors[sources.get(op.inputs[1], op.inputs[1])]
            values = constant(model, tensor)
            if values is None or tensor.buffer in seen:
                continue
            seen.add(tensor.buffer)
            zero_points = tensor.quantization.zeroPoint if tensor.quantization else None
            # Weights are symmetric per channel, or have one zero point.
            zero = int(zero_points[0]) if zero_points is not None and len(zero_points) else 0
            yield op, values == zero


def sparsity(model: Any) -> float:
    """Return the share of zeros among the weights of convolutions and dense layers."""
    masks = [mask for _, mask in weights(model)]
    total = sum(mask.size for mask in masks)
    return sum(int(np.count_nonzero(mask)) for mask in masks) / total if total else 0.0


def stored_sparsity(path: Path) -> float:
    """Return the share of zeros among the kernels in a weights file (`networks.save_weights`).

    Kernels are the arrays with at least two axes; biases and batch norm have one.

    Raises:
        InputError: The file is missing or damaged.
    """
    kernels = [array for array in read_arrays(path).values() if array.ndim >= 2]
    total = sum(kernel.size for kernel in kernels)
    return 1 - sum(np.count_nonzero(kernel) for kernel in kernels) / total if total else 0.0


def check_sparsity_kept(model: Any, expected: float, where: object) -> None:
    """Refuse a pruned file with fewer zeros than the pruned model.

    Args:
        model: The file.
        expected: Share of zeros in the pruned model's kernels.
        where: Names the file in errors.

    Raises:
        InputError: Zeros were lost on the way.
    """
    kept = sparsity(model)
    if kept < expected - SPARSITY_TOLERANCE:
        raise InputError(
            f"{where}: {kept:.1%} of the weights are zero, but {expected:.1%} were after pruning; "
            "run: edgetag quantize"
        )
