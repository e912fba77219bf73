package dev.edgetag.tagger

import kotlin.math.ceil

/**
 * The weights of source pixels along one axis, for a range of target pixels.
 *
 * As Pillow 13's libImaging/Resample.c computes them, in the same order of operations: in double
 * precision, normalized, then in fixed point with [PRECISION_BITS] bits.
 *
 * @property first of each target pixel, the first source pixel with a weight.
 * @property count of each target pixel, how many source pixels have one.
 * @property weights [stride] for each target pixel.
 */
internal class Coefficients(
    val first: IntArray,
    val count: IntArray,
    val weights: IntArray,
    val stride: Int,
) {
    companion object {
        /** 8 bits are the result's, 2 are room for sums outside 0..1. */
        const val PRECISION_BITS = 32 - 8 - 2

        /** Half a step, so that cutting off the fraction rounds. */
        const val HALF = 1 shl (PRECISION_BITS - 1)

        /** Returns how many weights a target pixel has at most. */
        fun stride(source: Int, target: Int, filter: Filter): Int =
            ceil(filter.support * stretch(source, target)).toInt() * 2 + 1

        private fun stretch(source: Int, target: Int): Double = (source.toDouble() / target).coerceAtLeast(1.0)

        /** Computes the weights of the target pixels `[from, until)`. */
        fun of(source: Int, target: Int, filter: Filter, from: Int = 0, until: Int = target): Coefficients {
            val scale = source.toDouble() / target
            val stretch = stretch(source, target)
            val support = filter.support * stretch
            val stride = stride(source, target, filter)
            val result = Coefficients(
                IntArray(until - from), IntArray(until - from), IntArray((until - from) * stride), stride,
            )
            val row = DoubleArray(stride)
            for (i in from until until) {
                val center = (i + 0.5) * scale
                val first = (center - support + 0.5).toInt().coerceAtLeast(0)
                val count = (center + support + 0.5).toInt().coerceAtMost(source) - first
                normalized(filter, first - center, count, 1.0 / stretch, row)
                result.first[i - from] = first
                result.count[i - from] = count
                for (k in 0 until count) result.weights[(i - from) * stride + k] = fixed(row[k])
            }
            return result
        }

        private fun normalized(filter: Filter, start: Double, count: Int, step: Double, row: DoubleArray) {
            var sum = 0.0
            for (k in 0 until count) {
                row[k] = filter.weight((k + start + 0.5) * step)
                sum += row[k]
            }
            if (sum != 0.0) for (k in 0 until count) row[k] /= sum
        }

        private fun fixed(weight: Double): Int {
            val scaled = weight * (1 shl PRECISION_BITS)
            return (if (weight < 0) -0.5 + scaled else 0.5 + scaled).toInt()
        }
    }
}
