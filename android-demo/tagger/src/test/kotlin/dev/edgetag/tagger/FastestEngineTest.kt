package dev.edgetag.tagger

import java.io.File
import java.nio.ByteBuffer
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

class FastestEngineTest {
    @TempDir
    lateinit var folder: File

    private val bundle = TaggerBundle.open(ZipSource(zip("1.3.0")))
    private val cpu = listOf(1, 2, 4).map { EngineOptions(it) }
    private val gpu = EngineOptions(1, Delegate.GPU)
    private val npu = EngineOptions(1, Delegate.NPU)

    @Test
    fun `the fastest that passes is taken, and each other says why it lost`() {
        val phone = Phone(mapOf(cpu[0] to 9.0, cpu[1] to 5.0, cpu[2] to 6.0))
        val chosen = phone.open(EngineOptions.USUAL)
        chosen.engine.close()
        assertEquals(cpu[1] to 5.0, chosen.options to chosen.p50Ms)
        assertTrue(chosen.selfTest.passed)
        assertEquals("", chosen.fellBack)
        assertEquals(listOf(cpu[0], cpu[2], gpu), chosen.lost.map { it.options })
        assertEquals("9.00 ms, and the CPU with 2 threads takes 5.00 ms", chosen.lost.first().reason)
        assertEquals(LostEngine(gpu, "no GPU here", null), chosen.lost.last())
        assertEquals(phone.opened, phone.closed)
    }

    @Test
    fun `a wrong engine loses however fast it is`() {
        val phone = Phone(mapOf(cpu[0] to 9.0, gpu to 1.0), wrong = setOf(gpu))
        val chosen = phone.open(listOf(cpu[0], gpu))
        chosen.engine.close()
        assertEquals(cpu[0], chosen.options)
        assertTrue(chosen.lost.single().reason.startsWith("self-test failed"), chosen.lost.single().reason)
        assertEquals(phone.opened, phone.closed)
    }

    @Test
    fun `a GPU that wins runs the model that computes in float, and again from memory`() {
        val both = TaggerBundle.open(ZipSource(twoVariantsBundle()))
        val phone = Phone(mapOf(cpu[0] to 9.0, gpu to 1.0))
        val memory = SelfTestMemory(File(folder, "memory"), "build")
        repeat(2) {
            val chosen = phone.open(listOf(cpu[0], gpu), memory, both)
            chosen.engine.close()
            assertEquals("fp32" to gpu, chosen.variant.name to chosen.options)
            assertEquals("9.00 ms, and the GPU takes 1.00 ms", chosen.lost.single().reason)
        }
    }

    @Test
    fun `an NPU is asked only where it is a candidate, and what it lost by is told and remembered`() {
        assertFalse(npu in EngineOptions.USUAL)
        assertEquals(EngineOptions.USUAL + npu, EngineOptions.WITH_NPU)
        val phone = Phone(mapOf(cpu[0] to 9.0, cpu[1] to 5.0, cpu[2] to 6.0))
        val memory = SelfTestMemory(File(folder, "memory"), "build")
        repeat(2) {
            val chosen = phone.open(EngineOptions.WITH_NPU, memory)
            chosen.engine.close()
            assertEquals(cpu[1], chosen.options)
            assertEquals(LostEngine(npu, "no NPU here", null), chosen.lost.last())
        }
    }

    @Test
    fun `an NPU that wins is told by its name, and wins again from memory`() {
        val phone = Phone(mapOf(cpu[0] to 9.0, npu to 0.5))
        val memory = SelfTestMemory(File(folder, "memory"), "build")
        repeat(2) { time ->
            phone.runs = 0
            val chosen = phone.open(listOf(cpu[0], npu), memory)
            chosen.engine.close()
            assertEquals(npu to Delegate.NPU, chosen.options to chosen.requested)
            assertEquals("9.00 ms, and the NPU takes 0.50 ms", chosen.lost.single().reason)
            assertEquals(time == 1, phone.runs == 0)
        }
        assertEquals(phone.opened, phone.closed)
    }

    @Test
    fun `of those that are about as fast the first is taken`() {
        val chosen = Phone(mapOf(cpu[0] to 5.0, cpu[1] to 4.9)).open(cpu.take(2))
        chosen.engine.close()
        assertEquals(cpu[0], chosen.options)
    }

    @Test
    fun `where none passes the CPU runs and its failure is told`() {
        val phone = Phone(mapOf(cpu[0] to 9.0, cpu[1] to 5.0), wrong = cpu.toSet())
        val memory = SelfTestMemory(File(folder, "memory"), "build")
        repeat(2) {
            val chosen = phone.open(EngineOptions.USUAL, memory)
            chosen.engine.close()
            assertEquals(cpu[0], chosen.options)
            assertFalse(chosen.selfTest.passed)
            assertEquals(null, chosen.p50Ms)
            assertEquals(EngineOptions.USUAL, chosen.lost.map { it.options })
        }
        assertEquals(phone.opened, phone.closed)
    }

    @Test
    fun `the second time nothing is measured, and the reasons are the same`() {
        val phone = Phone(mapOf(cpu[0] to 9.0, cpu[1] to 5.0, cpu[2] to 6.0))
        val file = File(folder, "memory")
        val first = phone.open(EngineOptions.USUAL, SelfTestMemory(file, "build")).also { it.engine.close() }
        phone.runs = 0
        val second = phone.open(EngineOptions.USUAL, SelfTestMemory(file, "build")).also { it.engine.close() }
        assertEquals(0, phone.runs)
        assertEquals(first.options to first.p50Ms, second.options to second.p50Ms)
        assertEquals(first.lost, second.lost)
        assertTrue(second.selfTest.remembered)
        assertEquals(phone.opened, phone.closed)
    }

    @Test
    fun `all are measured again for another bundle, build, runtime or list, or where the fastest is gone`() {
        val file = File(folder, "memory")
        val phone = Phone(mapOf(cpu[0] to 9.0, cpu[1] to 5.0))
        fun runs(
            build: String = "build", bundle: TaggerBundle = this.bundle, candidates: List<EngineOptions> = cpu.take(2),
        ): Int {
            phone.runs = 0
            phone.open(candidates, SelfTestMemory(file, build), bundle).engine.close()
            return phone.runs
        }
        assertTrue(runs() > 0)
        assertTrue(runs(build = "build 2") > 0)
        assertTrue(runs(bundle = TaggerBundle.open(ZipSource(zip("1.10.0")))) > 0)
        assertTrue(runs(candidates = cpu) > 0)
        assertEquals(0, runs())
        phone.version = "2"
        assertTrue(runs() > 0)
        phone.times = mapOf(cpu[0] to 9.0)
        assertTrue(runs() > 0)
        assertEquals(0, runs())
    }

    @Test
    fun `one candidate is opened as asked for, and not timed`() {
        val chosen = Phone(mapOf(cpu[0] to 9.0)).open(listOf(gpu))
        chosen.engine.close()
        assertEquals("no GPU here", chosen.fellBack)
        assertEquals(null, chosen.p50Ms)
    }

    /** The real engine on a phone whose clock goes on by a time for each run, and where some are wrong. */
    private inner class Phone(
        var times: Map<EngineOptions, Double>, private val wrong: Set<EngineOptions> = emptySet(),
    ) : EngineFactory, Clock {
        var version = "1"
        var runs = 0
        var opened = 0
        var closed = 0
        private var nanos = 0L

        fun open(
            candidates: List<EngineOptions>, memory: SelfTestMemory? = null, bundle: TaggerBundle = this@FastestEngineTest.bundle,
        ) = EngineChoice(this, this, memory).open(bundle, candidates)

        override fun nanos() = nanos

        override fun open(model: ByteBuffer, options: EngineOptions): Engine {
            val runMs = times[options]
            if (runMs == null) throw EngineException(if (options.delegate == Delegate.CPU) "it is gone" else "no ${options.delegate} here")
            val engine = DesktopEngineFactory.open(model, EngineOptions())
            opened++
            return object : Engine by engine {
                override val version = this@Phone.version
                override fun run(input: ByteBuffer, scores: ByteBuffer) {
                    runs++
                    nanos += (runMs * NANOS_A_MS).toLong()
                    engine.run(input, scores)
                    if (options in wrong) for (i in 0 until scores.capacity()) scores.put(i, scores.get(i).toInt().inv().toByte())
                }

                override fun close() {
                    closed++
                    engine.close()
                }
            }
        }
    }
}
