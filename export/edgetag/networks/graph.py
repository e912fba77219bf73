"""Which layers of a functional model read which; each layer is called once."""

from edgetag.tf import keras


def producers(layer: keras.layers.Layer) -> list[keras.layers.Layer]:
    """Return the layers whose outputs a layer takes; none for the model's input."""
    inbound = layer.inbound_nodes[0].inbound_layers
    return inbound if isinstance(inbound, list) else [inbound]


def readers(layer: keras.layers.Layer) -> list[keras.layers.Layer]:
    """Return the layers that take a layer's output."""
    return [node.outbound_layer for node in layer.outbound_nodes]
