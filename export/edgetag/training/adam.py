"""Adam in one operation for each variable."""

from typing import Any

from edgetag.tf import keras, tf


class Adam(keras.optimizers.Adam):
    """Keras' Adam, by the operation that TensorFlow has for a step of it.

    Keras writes a step as a dozen operations for each variable, which is half of the time that the
    first step of a training takes: for MobileNetV2, 8.3 s of processor time against 4.4 s.

    Args:
        learning_rate: A number, or a schedule of Keras.
    """

    def __init__(self, learning_rate: Any) -> None:
        # XLA (jit_compile) has nothing to join here, and is slow to start.
        super().__init__(learning_rate, jit_compile=False)

    def update_step(self, gradient: tf.Tensor, variable: tf.Variable) -> None:
        """Move a variable by one step."""
        place = self._index_dict[self._var_key(variable)]
        step = tf.cast(self.iterations + 1, variable.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[place].handle,
            v=self._velocities[place].handle,
            beta1_power=tf.pow(tf.cast(self.beta_1, variable.dtype), step),
            beta2_power=tf.pow(tf.cast(self.beta_2, variable.dtype), step),
            lr=tf.cast(self.learning_rate, variable.dtype),
            beta1=tf.cast(self.beta_1, variable.dtype),
            beta2=tf.cast(self.beta_2, variable.dtype),
            epsilon=tf.cast(self.epsilon, variable.dtype),
            grad=gradient,
        )
