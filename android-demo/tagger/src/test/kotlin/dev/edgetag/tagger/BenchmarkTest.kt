package dev.edgetag.tagger

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test

class BenchmarkTest {
    @Test
    fun `percentiles are numpy's`() {
        // numpy.percentile([1, 2, 4, 8, 16], [50, 90, 99])
        val values = doubleArrayOf(1.0, 2.0, 4.0, 8.0, 16.0)
        assertEquals(4.0, Benchmark.percentile(values, 50))
        assertEquals(12.8, Benchmark.percentile(values, 90), 1e-12)
        assertEquals(15.68, Benchmark.percentile(values, 99), 1e-12)
        assertEquals(3.0, Benchmark.percentile(doubleArrayOf(3.0), 99))
    }

    @Test
    fun `tells how long fitting a picture of a phone's camera takes`() {
        val picture = Picture(4000, 3000, ByteArray(4000 * 3000 * 3).also(java.util.Random(0)::nextBytes))
        val letterbox = Letterbox(Contract(224))
        val times = DoubleArray(25) {
            val started = System.nanoTime()
            letterbox.fit(picture)
            (System.nanoTime() - started) / NANOS_A_MS
        }.drop(10).sorted()
        tell("Kotlin on this JVM: 4000x3000 to 224 px: median %.1f ms".format(times[times.size / 2]))
    }
}
