package dev.edgetag.tagger

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.nio.ByteBuffer

/** Heat maps that a bundle knows, on a real TensorFlow Lite. */
class GoldenMapsTest {
    private val bundle = TaggerBundle.open(ZipSource(twoVariantsBundle()))
    private val variant = bundle.manifest.variants.first()

    @Test
    fun `the self-test passes where every cell is as validation saw it`() {
        val golden = bundle.golden()
        val explained = golden.expected.filter { it.variant == variant.name }
        assertTrue(explained.isNotEmpty() && explained.all { it.maps != null }, "the bundle knows no heat maps")
        assertTrue(test { it }.passed)
    }

    @Test
    fun `mirrored heat maps fail, though they average to their scores`() {
        val result = test(::Mirrored)
        assertFalse(result.passed)
        assertFalse(result.mapsAgree)
        assertTrue(result.maxDifference <= result.tolerance, "the scores differ, too")
        assertEquals("self-test failed: heat maps are not those that validation saw", result.summary)
    }

    private fun test(changed: (Engine) -> Engine): SelfTestResult =
        DesktopEngineFactory.open(bundle.model(variant.name), EngineOptions()).use { SelfTest.run(bundle, variant, changed(it)) }
}

/** An engine whose heat maps are turned left to right. */
private class Mirrored(private val engine: Engine) : Engine by engine {
    override fun explain(input: ByteBuffer, scores: ByteBuffer, maps: ByteBuffer) {
        engine.explain(input, scores, maps)
        val (_, height, width, tags) = engine.maps!!.shape
        val cell = tags * engine.maps!!.type.bytes
        val upright = ByteArray(maps.limit()).also { maps.duplicate().get(it) }
        for (y in 0 until height) for (x in 0 until width) {
            maps.duplicate().position((y * width + x) * cell).put(upright, (y * width + width - 1 - x) * cell, cell)
        }
    }
}
