"""From a Keras model to the bytes of an ONNX file, by tf2onnx.

It takes `image`, float32 `[batch, size, size, 3]` scaled by the contract as a float `.tflite` file
takes it, of any batch, and gives `scores`, float32 `[batch, tags]`.

tf2onnx reads the Keras model and not the `.tflite` file: of both, ONNX Runtime's scores are
TensorFlow's to 1e-7, but a file of the latter is of one picture alone, and has the names of
TensorFlow Lite's tensors. Opset 17 is the last in which the mean of maps is one operator,
GlobalAveragePool; from 18 on tf2onnx makes it of three. onnx2torch knows it, too.
"""

from collections import Counter
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import onnx

from edgetag import __version__
from edgetag.conversion.convert import quiet
from edgetag.conversion.metadata import INPUT, OUTPUT
from edgetag.tf import keras, tf

OPSET = 17
BATCH = "batch"
"""Name of the free dimension."""

ROLES = {
    (kind, place): role
    for kind in ("Conv", "MatMul")
    for place, role in ((1, "weight"), (2, "bias"))
}
"""What an input of an operator is, by its place; another is `input` and its place."""

PACKAGES = ("tensorflow", "tf-keras", "tf2onnx", "onnx")


def convert_to_onnx(model: keras.Model) -> bytes:
    """Convert a float model.

    Args:
        model: From `image` float32 `[batch, size, size, 3]` to `scores` float32 `[batch, tags]`.

    Returns:
        An ONNX file; equal for equal weights and versions.
    """
    import tf2onnx  # late: it imports TensorFlow, to which edgetag.tf is the one door

    signature = [tf.TensorSpec((None, *model.input_shape[1:]), tf.float32, name=INPUT)]

    @tf.function(input_signature=signature)
    def serve(image: tf.Tensor) -> dict[str, tf.Tensor]:
        return {OUTPUT: model(image, training=False)}

    with quiet():
        converted, _ = tf2onnx.convert.from_function(serve, signature, opset=OPSET)
    _settle(converted.graph, model.name)
    converted.producer_name, converted.producer_version = "edgetag", __version__
    onnx.checker.check_model(converted, full_check=True)
    return bytes(converted.SerializeToString(deterministic=True))


def count_operators(data: bytes) -> dict[str, int]:
    """Return operator → how often it occurs in an ONNX file."""
    nodes = onnx.load_model_from_string(data).graph.node
    return dict(sorted(Counter(node.op_type for node in nodes).items()))


def made_with() -> dict[str, str]:
    """Return package → version of what converts."""
    return {package: version(package) for package in PACKAGES}


def _settle(graph: Any, name: str) -> None:
    """Give a graph an order and names that do not depend on what was converted before.

    tf2onnx numbers on from one conversion to the next. Here an operator is named by its kind and
    its place, a tensor by its operator, and a weight by the operator that reads it first.
    """
    graph.name = name
    makers = {output: node for node in graph.node for output in node.output}
    ordered = list(_in_order(graph.output[0].name, makers))
    weights = {weight.name: weight for weight in graph.initializer}
    names = {end.name: end.name for end in (*graph.input, *graph.output)}
    kept = []
    for place, node in enumerate(ordered):
        node.name = f"{node.op_type}_{place}"
        for position, tensor in enumerate(node.input):
            if tensor in weights and tensor not in names:
                role = ROLES.get((node.op_type, position), f"input{position}")
                names[tensor] = f"{node.name}.{role}"
                kept.append(weights[tensor])
        for position, tensor in enumerate(node.output):
            names.setdefault(tensor, f"{node.name}:{position}")
    for node in ordered:
        node.input[:] = [names.get(tensor, tensor) for tensor in node.input]
        node.output[:] = [names[tensor] for tensor in node.output]
    for weight in kept:
        weight.name = names[weight.name]
    for field, values in (("node", ordered), ("initializer", kept)):
        copies = [type(value).FromString(value.SerializeToString()) for value in values]
        graph.ClearField(field)
        getattr(graph, field).extend(copies)
    graph.ClearField("value_info")
    graph.ClearField("doc_string")  # it names the function, which TensorFlow numbers, too
    for end in (*graph.input, *graph.output):
        end.type.tensor_type.shape.dim[0].dim_param = BATCH


def _in_order(end: str, makers: dict[str, Any]) -> Iterator[Any]:
    """Yield the operators behind a tensor, each after those whose outputs it reads."""
    waiting, done = [end], set[str]()
    while waiting:
        node = makers.get(waiting[-1])
        if node is None or node.output[0] in done:  # a weight or an input, or yielded
            waiting.pop()
            continue
        before = [
            tensor
            for tensor in node.input
            if tensor in makers and makers[tensor].output[0] not in done
        ]
        if before:
            waiting += reversed(before)
            continue
        done.add(node.output[0])
        yield node
