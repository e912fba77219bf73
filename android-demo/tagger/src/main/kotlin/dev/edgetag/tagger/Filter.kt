package dev.edgetag.tagger

import kotlin.math.PI
import kotlin.math.sin

/**
 * Pillow's resampling filters.
 *
 * @property support half the filter's width in source pixels, before it is stretched to shrink a
 *   picture; 0 for [NEAREST], which is no convolution.
 */
public enum class Filter(public val support: Double) {
    NEAREST(0.0) {
        override fun weight(distance: Double): Double = throw UnsupportedOperationException("nearest has no weights")
    },
    BOX(0.5) {
        override fun weight(distance: Double): Double = if (distance > -0.5 && distance <= 0.5) 1.0 else 0.0
    },
    BILINEAR(1.0) {
        override fun weight(distance: Double): Double {
            val x = if (distance < 0.0) -distance else distance
            return if (x < 1.0) 1.0 - x else 0.0
        }
    },

    /** Cubic convolution with a = -0.5, in the order of operations that Pillow has. */
    BICUBIC(2.0) {
        override fun weight(distance: Double): Double {
            val x = if (distance < 0.0) -distance else distance
            if (x < 1.0) return ((-0.5 + 2.0) * x - (-0.5 + 3.0)) * x * x + 1
            if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * -0.5
            return 0.0
        }
    },

    /** Sinc truncated by the middle lobe of a wider one. */
    LANCZOS(3.0) {
        override fun weight(distance: Double): Double =
            if (-3.0 <= distance && distance < 3.0) sinc(distance) * sinc(distance / 3) else 0.0
    },
    ;

    /** Returns the weight of a source pixel at a [distance] from the centre, in stretched source pixels. */
    internal abstract fun weight(distance: Double): Double
}

private fun sinc(x: Double): Double {
    if (x == 0.0) return 1.0
    val angle = x * PI
    return sin(angle) / angle
}
