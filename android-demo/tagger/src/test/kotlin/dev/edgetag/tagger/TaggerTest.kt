package dev.edgetag.tagger

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import java.nio.ByteBuffer

class TaggerTest {
    private val bundle = TaggerBundle.open(ZipSource(demoBundle()))
    private val variant = bundle.manifest.variants.first { it.outputType == "float32" }

    @Test
    fun `what is no score is the runtime's failure, not a tag that is absent`() {
        for (value in listOf(Float.NaN, Float.POSITIVE_INFINITY, -0.1f, 1.1f)) tagger(value).use {
            assertFails(EngineException::class.java, "the model gave $value, which is no score") { it.tag(Picture.blank(9, 9)) }
        }
    }

    @Test
    fun `what leaves the scores by rounding is cut`() {
        for ((value, expected) in listOf(-1e-5f to 0f, 1.00001f to 1f)) tagger(value).use {
            assertEquals(expected, it.tag(Picture.blank(9, 9)).scores.first().score)
        }
    }

    /** Returns a tagger whose engine gives [value] for the first tag. */
    private fun tagger(value: Float): Tagger {
        val engine = DesktopEngineFactory.open(bundle.model(variant.name), EngineOptions())
        val changed = object : Engine by engine {
            override fun run(input: ByteBuffer, scores: ByteBuffer) {
                engine.run(input, scores)
                scores.putFloat(0, value)
            }
        }
        return Tagger(bundle, variant, changed)
    }
}
