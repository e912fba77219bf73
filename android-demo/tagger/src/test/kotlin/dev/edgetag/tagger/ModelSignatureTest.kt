package dev.edgetag.tagger

import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder
import kotlin.random.Random
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class ModelSignatureTest {
    private val models = File(System.getProperty("edgetag.models")).listFiles()!!.filter { it.extension == "tflite" }

    private fun direct(content: ByteArray): ByteBuffer =
        ByteBuffer.allocateDirect(content.size).order(ByteOrder.nativeOrder()).also { it.put(content).rewind() }

    @Test
    fun `tensors are those that TensorFlow Lite tells of the same file`() {
        assertTrue(models.size > 4)
        for (file in models) {
            val model = direct(file.readBytes())
            val signatures = ModelSignature.read(model)
            val plain = signatures.first { it.key != "explain" }
            DesktopEngineFactory.open(model, EngineOptions()).use { engine ->
                assertEquals(engine.input, plain.inputs.values.single().copy(name = engine.input.name), file.name)
                assertEquals(engine.output, plain.outputs.values.single().copy(name = engine.output.name), file.name)
                val maps = signatures.firstOrNull { it.key == "explain" }?.outputs?.get("maps")
                assertEquals(engine.maps, maps?.copy(name = engine.maps!!.name), file.name)
            }
        }
    }

    @Test
    fun `a damaged file is an engine's error and nothing else`() {
        val whole = File(System.getProperty("edgetag.models"), "tiny_explain_int8_uint8.tflite").readBytes()
        val random = Random(5)
        repeat(2000) { time ->
            val changed = whole.copyOf(if (time % 2 == 0) whole.size else random.nextInt(4, whole.size))
            repeat(20) { changed[random.nextInt(changed.size)] = random.nextInt().toByte() }
            try {
                ModelSignature.read(direct(changed))
            } catch (_: EngineException) {
                // as it shall be
            }
        }
    }
}
