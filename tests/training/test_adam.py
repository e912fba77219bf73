"""The optimizer is Keras' Adam, faster to start."""

import numpy as np
import pytest

pytestmark = pytest.mark.tensorflow


def test_steps_are_those_of_keras_own_adam() -> None:
    from edgetag.tf import keras, tf
    from edgetag.training.adam import Adam

    generator = np.random.default_rng(5)
    start = generator.normal(size=(3, 4)).astype(np.float32)
    gradients = generator.normal(size=(6, 3, 4)).astype(np.float32)
    schedule = keras.optimizers.schedules.CosineDecay(0.05, 6)
    ends = []
    for optimizer in (Adam(schedule), keras.optimizers.Adam(schedule, jit_compile=False)):
        variable = tf.Variable(start)
        for gradient in gradients:
            optimizer.apply_gradients([(tf.constant(gradient), variable)])
        ends.append([variable.numpy(), *(each.numpy() for each in optimizer.variables)])
    for ours, theirs in zip(*ends, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=1e-7)
    assert np.abs(ends[0][0] - start).max() > 0.05


def test_one_step_is_one_operation_for_each_variable() -> None:
    from edgetag.tf import tf
    from edgetag.training.adam import Adam

    variables = [tf.Variable(tf.ones([2])) for _ in range(3)]
    optimizer = Adam(0.1)
    optimizer.build(variables)

    @tf.function
    def step() -> None:
        optimizer.apply_gradients([(tf.ones([2]), each) for each in variables])

    graph = step.get_concrete_function().graph
    kinds = [operation.type for operation in graph.get_operations()]
    assert kinds.count("ResourceApplyAdam") == 3
