package dev.edgetag.tagger

import kotlin.math.floor

/**
 * Latencies of single inferences.
 *
 * @property warmupRuns before those that were timed.
 * @property p50 the median, in milliseconds.
 */
public data class Latency(
    val warmupRuns: Int,
    val runs: Int,
    val p50: Double,
    val p90: Double,
    val p99: Double,
)

/** Times an engine. */
public class Benchmark(private val clock: Clock = SystemClock) {
    /**
     * Runs one input again and again; only the engine's own run is timed.
     *
     * @param pixels `[size, size, 3]` uint8, letterboxed.
     * @param runs timed ones, at least 1.
     * @param progress is told how many runs are done, of how many; what it throws ends the benchmark.
     * @throws EngineException the runtime failed.
     */
    public fun run(
        engine: Engine,
        contract: Contract,
        pixels: ByteArray,
        warmupRuns: Int,
        runs: Int,
        progress: (done: Int, all: Int) -> Unit = { _, _ -> },
    ): Latency {
        require(warmupRuns >= 0 && runs >= 1) { "$warmupRuns and $runs runs" }
        val encoder = InputEncoder(contract, engine.input)
        val input = encoder.newBuffer().also { encoder.encode(pixels, it) }
        val output = OutputDecoder(engine.output).newBuffer()
        val times = DoubleArray(runs)
        for (i in 0 until warmupRuns + runs) {
            val started = clock.nanos()
            engine.run(input, output)
            val ended = clock.nanos()
            if (i >= warmupRuns) times[i - warmupRuns] = (ended - started) / NANOS_A_MS
            progress(i + 1, warmupRuns + runs)
        }
        times.sort()
        return Latency(warmupRuns, runs, percentile(times, 50), percentile(times, 90), percentile(times, 99))
    }

    internal companion object {
        /** Returns a percentile of sorted values, between two of them interpolated: numpy's default. */
        fun percentile(sorted: DoubleArray, percent: Int): Double {
            val position = percent / 100.0 * (sorted.size - 1)
            val low = floor(position).toInt()
            val high = (low + 1).coerceAtMost(sorted.size - 1)
            return sorted[low] + (sorted[high] - sorted[low]) * (position - low)
        }
    }
}
