package dev.edgetag.demo

import dev.edgetag.tagger.Contract
import dev.edgetag.tagger.Engine
import dev.edgetag.tagger.InputEncoder
import dev.edgetag.tagger.OutputDecoder

/** Percentiles of single inferences, in milliseconds. */
data class Latency(val warmupRuns: Int, val runs: Int, val p50: Double, val p90: Double, val p99: Double) {
    companion object {
        /** Returns the percentiles of times in nanoseconds, in any order. */
        fun of(warmupRuns: Int, nanos: LongArray): Latency {
            val sorted = nanos.sortedArray()
            val (p50, p90, p99) = listOf(0.5, 0.9, 0.99).map { percentile(sorted, it) / NANOS_A_MS }
            return Latency(warmupRuns, nanos.size, p50, p90, p99)
        }

        /** Between two values interpolated, as NumPy's default does. */
        private fun percentile(sorted: LongArray, share: Double): Double {
            val place = (sorted.size - 1) * share
            val below = place.toInt()
            val above = minOf(below + 1, sorted.size - 1)
            return sorted[below] + (sorted[above] - sorted[below]) * (place - below)
        }

        private const val NANOS_A_MS = 1e6
    }
}

/**
 * Times single inferences; only the engine is timed.
 *
 * @param pixels one letterboxed picture, `[size, size, 3]`.
 * @param before is told the number of each timed run, from 0; it may throw to stop.
 */
fun measure(
    engine: Engine,
    contract: Contract,
    pixels: ByteArray,
    warmupRuns: Int,
    runs: Int,
    before: (Int) -> Unit = {},
): Latency {
    val encoder = InputEncoder(contract, engine.input)
    val input = encoder.newBuffer()
    val output = OutputDecoder(engine.output).newBuffer()
    encoder.encode(pixels, input)
    repeat(warmupRuns) { engine.run(input, output) }
    val nanos = LongArray(runs) { run ->
        before(run)
        val started = System.nanoTime()
        engine.run(input, output)
        System.nanoTime() - started
    }
    return Latency.of(warmupRuns, nanos)
}
