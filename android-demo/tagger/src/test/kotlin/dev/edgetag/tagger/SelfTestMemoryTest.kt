package dev.edgetag.tagger

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.io.File
import java.nio.ByteBuffer

class SelfTestMemoryTest {
    @TempDir
    lateinit var folder: File

    private val file get() = File(folder, "self-tests")
    private val bundle = TaggerBundle.open(ZipSource(zip("1.3.0")))

    @Test
    fun `the second time no golden picture runs, and the result is the same`() {
        val first = open()
        assertTrue(first.runs > 0)
        assertFalse(first.result.remembered)
        val second = open()
        assertEquals(0, second.runs)
        assertEquals(first.result.copy(remembered = true), second.result)
        assertTrue("self-test passed before" in second.result.summary, second.result.summary)
    }

    @Test
    fun `its folder is made where there is none`() {
        val deep = File(folder, "edgetag/of the model/self-tests")
        assertTrue(open(memory = SelfTestMemory(deep, "build")).runs > 0)
        assertEquals(0, open(memory = SelfTestMemory(deep, "build")).runs)
    }

    @Test
    fun `without a memory they run each time`() = repeat(2) {
        assertTrue(open(memory = null).runs > 0)
    }

    @Test
    fun `they run again where the bundle, the engine, its options or the build is another`() {
        val opens = listOf(
            { open() },
            { open(build = "build 2") },
            { open(options = EngineOptions(threads = 2)) },
            { open(options = EngineOptions(delegate = Delegate.GPU)) },
            { open(options = EngineOptions(delegate = Delegate.NPU)) },
            { open(bundle = TaggerBundle.open(ZipSource(zip("1.10.0")))) },
            { open(name = "other") },
            { open(version = "2") },
        )
        opens.forEach { assertTrue(it().runs > 0) }
        opens.forEach { assertEquals(0, it().runs) }
    }

    @Test
    fun `a failure is never remembered, and takes no pass away from others`() {
        open()
        repeat(2) {
            val failed = open(version = "broken", broken = true)
            assertTrue(failed.runs > 0)
            assertFalse(failed.result.passed)
        }
        assertEquals(0, open().runs)
    }

    @Test
    fun `a GPU that failed fails again, and what replaces it is remembered`() {
        val choice = EngineChoice(DesktopEngineFactory, memory = SelfTestMemory(file, "build"))
        repeat(2) { time ->
            val chosen = choice.open(bundle, EngineOptions(delegate = Delegate.GPU))
            chosen.engine.close()
            assertEquals("this build of TensorFlow Lite has no GPU delegate", chosen.fellBack)
            assertEquals(time == 1, chosen.selfTest.remembered)
        }
    }

    @Test
    fun `a file with any byte changed, cut off, or of something else remembers nothing`() {
        val memory = SelfTestMemory(file, "build")
        val chosen = EngineChoice(DesktopEngineFactory, memory = memory).open(bundle, EngineOptions())
        val subject = SelfTestMemory.Subject(bundle, chosen.variant, chosen.engine, chosen.options)
        val variant = SelfTestMemory.Subject(bundle, chosen.variant.copy(name = "other"), chosen.engine, chosen.options)
        assertEquals(null, memory.recall(variant))
        chosen.engine.close()
        val whole = file.readBytes()
        assertTrue(memory.recall(subject)!!.passed)
        for (place in whole.indices) for (bit in 0..7) {
            file.writeBytes(whole.copyOf().also { it[place] = (it[place].toInt() xor (1 shl bit)).toByte() })
            assertEquals(null, memory.recall(subject), "byte $place, bit $bit")
        }
        for (length in whole.indices) {
            file.writeBytes(whole.copyOf(length))
            assertEquals(null, memory.recall(subject), "$length bytes")
        }
        assertTrue(open().runs > 0)
        assertEquals(0, open().runs)
    }

    @Test
    fun `where the file cannot be written the app goes on and tests again`() {
        val nowhere = SelfTestMemory(File(file.apply { writeText("no folder") }, "self-tests"), "build")
        repeat(2) { assertTrue(open(memory = nowhere).runs > 0) }
    }

    @Test
    fun `the newest sixteen are kept`() {
        for (number in 0..16) open(version = "$number")
        assertEquals(0, open(version = "1").runs)
        assertTrue(open(version = "0").runs > 0)
    }

    private class Opened(val result: SelfTestResult, val runs: Int)

    private fun open(
        build: String = "build",
        bundle: TaggerBundle = this.bundle,
        options: EngineOptions = EngineOptions(),
        name: String = "desktop",
        version: String = "1",
        broken: Boolean = false,
        memory: SelfTestMemory? = SelfTestMemory(file, build),
    ): Opened {
        var runs = 0
        val factory = object : EngineFactory {
            override fun open(model: ByteBuffer, options: EngineOptions): Engine {
                val engine = DesktopEngineFactory.open(model, options.copy(delegate = Delegate.CPU))
                return object : Engine by engine {
                    override val name = name
                    override val version = version
                    override fun run(input: ByteBuffer, scores: ByteBuffer) {
                        runs++
                        engine.run(input, scores)
                        if (broken) for (i in 0 until scores.capacity()) scores.put(i, scores.get(i).toInt().inv().toByte())
                    }
                }
            }
        }
        val chosen = EngineChoice(factory, memory = memory).open(bundle, options)
        chosen.engine.close()
        return Opened(chosen.selfTest, runs)
    }
}
