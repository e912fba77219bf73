package dev.edgetag.tagger

import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.nio.ByteBuffer

class EngineChoiceTest {
    private val bundle = TaggerBundle.open(ZipSource(demoBundle()))
    private val variant = bundle.manifest.variants.first()
    /** Quick: its model has 3 kB. */
    private val small = TaggerBundle.open(ZipSource(zip("1.2.3")))
    private val onGpu = EngineOptions(threads = 2, delegate = Delegate.GPU)
    private val onNpu = EngineOptions(delegate = Delegate.NPU)

    @Test
    fun `the CPU is taken as asked for`() {
        val chosen = EngineChoice(DesktopEngineFactory).open(small, small.manifest.variants.first(), EngineOptions(2))
        chosen.engine.use {
            assertEquals(EngineOptions(2), chosen.options)
            assertEquals("", chosen.fellBack)
            assertTrue(chosen.selfTest.passed)
            assertTrue(chosen.loadMs > 0)
        }
    }

    @Test
    fun `a delegate that does not start is replaced by the CPU, and the reason is told`() {
        val chosen = EngineChoice(DesktopEngineFactory).open(small, small.manifest.variants.first(), onGpu)
        chosen.engine.use {
            assertEquals(Delegate.CPU, chosen.options.delegate)
            assertEquals(Delegate.GPU, chosen.requested)
            assertEquals("this build of TensorFlow Lite has no GPU delegate", chosen.fellBack)
            assertTrue(chosen.selfTest.passed)
        }
    }

    @Test
    fun `a delegate whose scores are wrong is closed and replaced by the CPU`() {
        val factory = WrongGpu()
        val chosen = EngineChoice(factory).open(small, small.manifest.variants.first(), onGpu)
        chosen.engine.use {
            assertEquals(Delegate.CPU, chosen.options.delegate)
            assertTrue(chosen.fellBack.startsWith("self-test failed"), chosen.fellBack)
            assertTrue(chosen.selfTest.passed)
            assertEquals(1, factory.closed)
        }
    }

    @Test
    fun `the GPU gets the model that computes in float, and passes its self-test`() {
        val gpu = WrongGpu(broken = null)
        val chosen = EngineChoice(gpu).open(TaggerBundle.open(ZipSource(twoVariantsBundle())), onGpu)
        chosen.engine.use {
            assertEquals("fp32", chosen.variant.name)
            assertEquals(Delegate.GPU, chosen.options.delegate)
            assertEquals("", chosen.fellBack)
            assertTrue(chosen.selfTest.passed)
        }
    }

    @Test
    fun `after a fall-back the default model runs on the CPU`() {
        val both = TaggerBundle.open(ZipSource(twoVariantsBundle()))
        val chosen = EngineChoice(DesktopEngineFactory).open(both, onGpu)
        chosen.engine.use {
            assertEquals(both.manifest.variants.first(), chosen.variant)
            assertEquals(Delegate.CPU, chosen.options.delegate)
            assertEquals(Delegate.GPU, chosen.requested)
            assertEquals("this build of TensorFlow Lite has no GPU delegate", chosen.fellBack)
            assertTrue(chosen.selfTest.passed)
        }
    }

    @Test
    fun `after a fall-back the model that was for the GPU is opened on no other engine`() {
        val both = TaggerBundle.open(ZipSource(twoVariantsBundle()))
        val ofGpu = both.model("fp32").remaining()
        val factory = object : EngineFactory {
            override fun open(model: ByteBuffer, options: EngineOptions): Engine {
                if (model.remaining() == ofGpu) throw EngineException("this runtime takes no such model")
                return DesktopEngineFactory.open(model, options)
            }
        }
        val chosen = EngineChoice(factory).open(both, onGpu)
        chosen.engine.use {
            assertEquals(both.manifest.variants.first(), chosen.variant)
            assertEquals("this runtime takes no such model", chosen.fellBack)
            assertTrue(chosen.selfTest.passed)
        }
    }

    @Test
    fun `an NPU gets the model of integers, though the CPU's is another`() {
        val npu = WrongGpu(broken = null)
        val chosen = EngineChoice(npu).open(floatsFirst(), onNpu)
        chosen.engine.use {
            assertEquals("int8", chosen.variant.name)
            assertEquals(onNpu, chosen.options)
            assertEquals(Delegate.NPU, chosen.requested)
            assertEquals("", chosen.fellBack)
            assertTrue(chosen.selfTest.passed)
        }
    }

    @Test
    fun `an NPU gets the default model where none has integers of 8 bits`() {
        val floats = EngineChoice(WrongGpu(broken = null)).open(floatsFirst(only = true), onNpu)
        floats.engine.use { assertEquals("fp32" to onNpu, floats.variant.name to floats.options) }
    }

    @Test
    fun `after an NPU that does not start the default model runs on the CPU, and the reason is told`() {
        val chosen = EngineChoice(DesktopEngineFactory).open(floatsFirst(), onNpu)
        chosen.engine.use {
            assertEquals("fp32", chosen.variant.name)
            assertEquals(Delegate.CPU, chosen.options.delegate)
            assertEquals(Delegate.NPU, chosen.requested)
            assertEquals("this build of TensorFlow Lite has no NPU delegate", chosen.fellBack)
            assertTrue(chosen.selfTest.passed)
        }
    }

    @Test
    fun `an NPU whose scores are wrong is closed and replaced by the CPU`() {
        val factory = WrongGpu(broken = Delegate.NPU)
        val chosen = EngineChoice(factory).open(floatsFirst(), onNpu)
        chosen.engine.use {
            assertEquals("fp32" to Delegate.CPU, chosen.variant.name to chosen.options.delegate)
            assertTrue(chosen.fellBack.startsWith("self-test failed"), chosen.fellBack)
            assertEquals(1, factory.closed)
        }
    }

    @Test
    fun `the CPU gets the default model`() {
        val chosen = EngineChoice(DesktopEngineFactory).open(bundle, EngineOptions(1))
        chosen.engine.use { assertEquals(variant, chosen.variant) }
    }

    @Test
    fun `a CPU whose scores are wrong is told, not hidden`() {
        val chosen = EngineChoice(WrongGpu(Delegate.CPU)).open(small, small.manifest.variants.first(), EngineOptions())
        chosen.engine.use {
            assertFalse(chosen.selfTest.passed)
            assertEquals(null, chosen.selfTest.family)
            assertTrue(chosen.selfTest.maxDifference > chosen.selfTest.tolerance)
        }
    }

    @Test
    fun `heat maps that do not explain the scores fail the self-test`() {
        val chosen = EngineChoice(EmptyMaps).open(bundle, variant, EngineOptions())
        chosen.engine.use {
            assertFalse(chosen.selfTest.passed)
            assertTrue("heat maps" in chosen.selfTest.summary, chosen.selfTest.summary)
        }
    }

    /** The bundle of two variants, `fp32` its default, or its only one. */
    private fun floatsFirst(only: Boolean = false): TaggerBundle {
        val whole = ZipSource(twoVariantsBundle())
        return TaggerBundle.open(
            object : BundleSource {
                override val description = whole.description

                override fun read(name: String): ByteBuffer = whole.read(name).let { if (name == MANIFEST) floatsFirst(it, only) else it }
            },
        )
    }

    private fun floatsFirst(content: ByteBuffer, only: Boolean): ByteBuffer {
        val manifest = Json.parseToJsonElement(Charsets.UTF_8.decode(content).toString()).jsonObject
        val variants = manifest.getValue("variants").jsonArray
        val (floats, integers) = variants.partition { it.jsonObject.getValue("variant").jsonPrimitive.content == "fp32" }
        assertEquals(1 to 1, floats.size to integers.size)
        val kept = JsonArray(if (only) floats else floats + integers)
        val changed = JsonObject(manifest + ("variants" to kept)).toString().toByteArray()
        return ByteBuffer.allocateDirect(changed.size).put(changed).apply { flip() }
    }

    /** The real engine, whose heat maps are empty. */
    private object EmptyMaps : EngineFactory {
        override fun open(model: ByteBuffer, options: EngineOptions): Engine {
            val engine = DesktopEngineFactory.open(model, options)
            return object : Engine by engine {
                override fun explain(input: ByteBuffer, scores: ByteBuffer, maps: ByteBuffer) {
                    engine.explain(input, scores, maps)
                    for (i in 0 until maps.capacity()) maps.put(i, 0)
                }
            }
        }
    }

    /** The real engine, whose scores are upside down on one delegate, as those of a broken driver may be. */
    private class WrongGpu(private val broken: Delegate? = Delegate.GPU) : EngineFactory {
        var closed = 0

        override fun open(model: ByteBuffer, options: EngineOptions): Engine {
            val engine = DesktopEngineFactory.open(model, options.copy(delegate = Delegate.CPU))
            if (options.delegate != broken) return engine
            return object : Engine by engine {
                override fun run(input: ByteBuffer, scores: ByteBuffer) {
                    engine.run(input, scores)
                    for (i in 0 until scores.capacity()) scores.put(i, scores.get(i).toInt().inv().toByte())
                }

                override fun close() {
                    closed++
                    engine.close()
                }
            }
        }
    }
}
