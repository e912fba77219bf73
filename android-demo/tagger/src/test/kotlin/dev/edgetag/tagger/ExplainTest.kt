package dev.edgetag.tagger

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.File
import kotlin.math.abs
import kotlin.random.Random

/** The signature `explain` of tests/models' tiny models, on a real TensorFlow Lite. */
class ExplainTest {
    private val contract = Contract(64)

    @Test
    fun `maps average to the scores that they explain, in float and in integers`() {
        for (name in listOf("tiny_explain_fp32", "tiny_explain_int8_uint8")) open(name) { engine ->
            assertEquals(listOf(1, 16, 16, 3), engine.maps?.shape)
            val runner = Runner(engine, contract, 3)
            val scores = List(20) { assertExplained(engine, runner, Random(it).nextBytes(64 * 64 * 3)) }
            assertTrue(scores.distinctBy { it.toList() }.size > 1, "every picture has the same scores")
        }
    }

    @Test
    fun `a model without the signature says so`() = open("tiny_int8_uint8") { engine ->
        assertEquals(null, engine.maps)
        assertFails(EngineException::class.java, "no heat maps") { Runner(engine, contract, 3).explain(ByteArray(64 * 64 * 3)) }
    }

    private fun open(name: String, use: (Engine) -> Unit) {
        val model = mapFile(File(property("edgetag.models"), "$name.tflite"))
        DesktopEngineFactory.open(model, EngineOptions()).use(use)
    }
}

/** Asserts that maps and scores of one input agree, and returns the scores. */
internal fun assertExplained(engine: Engine, runner: Runner, pixels: ByteArray): FloatArray {
    val (scores, maps) = runner.explain(pixels)
    assertArrayEquals(runner.run(pixels), scores, "explain's scores are not the model's")
    for (tag in scores.indices) {
        val mean = (tag until maps.size step scores.size).map { maps[it] }.average().toFloat()
        // The sigmoid is nowhere steeper than 1/4, and each tensor is rounded to its own steps.
        val tolerance = (engine.maps?.scale ?: 0f) / 4 + engine.output.scale + 1e-3f
        val difference = abs(sigmoid(mean) - scores[tag])
        assertTrue(difference <= tolerance, "score $tag is off by $difference")
    }
    return scores
}
