package dev.edgetag.tagger.litert2

import com.google.ai.edge.litert.Accelerator
import dev.edgetag.tagger.Delegate
import dev.edgetag.tagger.EngineException
import dev.edgetag.tagger.EngineOptions
import java.io.File
import java.nio.ByteBuffer
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** What is decided before LiteRT is called; LiteRT itself is a stub here. */
class NpuTest {
    @TempDir
    lateinit var folder: File

    private fun library(name: String) = File(folder, name).apply { parentFile.mkdirs() }.writeBytes(byteArrayOf(1))

    @Test
    fun `each accelerator is asked for without the CPU, which would run what the other does not take`() {
        assertEquals(setOf(Accelerator.CPU), acceleratorsFor(Delegate.CPU))
        for (delegate in listOf(Delegate.GPU, Delegate.NPU)) {
            val asked = acceleratorsFor(delegate)
            assertTrue(Accelerator.valueOf(delegate.name) in asked && Accelerator.CPU !in asked, "$delegate: $asked")
        }
        // LiteRT's Kotlin adds the CPU to a set of the NPU alone.
        assertTrue(acceleratorsFor(Delegate.NPU) != setOf(Accelerator.NPU))
    }

    @Test
    fun `a device that LiteRT knows no NPU of is told first`() {
        assertEquals("LiteRT knows no NPU that it could use on this device", npuProblem(false, folder))
    }

    @Test
    fun `the library that is missing is named, with the folder where LiteRT looks for it`() {
        library("liblitert_jni.so")
        library("libLiteRtDispatch_Qualcomm.txt")
        assertMissing("libLiteRtDispatch*.so")
        library("libLiteRtDispatch_Qualcomm.so")
        assertMissing("libLiteRtCompilerPlugin*.so")
        library("libLiteRtCompilerPlugin_Qualcomm.so")
        assertEquals(null, npuProblem(true, folder))
    }

    @Test
    fun `a folder that is not there has no libraries`() {
        folder = File(folder, "none")
        assertMissing("libLiteRtDispatch*.so")
    }

    private fun assertMissing(library: String) {
        val problem = npuProblem(true, folder).orEmpty()
        assertTrue(library in problem && folder.path in problem && "useLegacyPackaging" in problem, problem)
    }

    @Test
    fun `without a Context there is no NPU, and the reason says what to pass`() {
        val error = assertThrows(EngineException::class.java) {
            CompiledModelEngineFactory(folder).open(ByteBuffer.allocateDirect(0), EngineOptions(delegate = Delegate.NPU))
        }
        assertEquals("an NPU needs the Context that CompiledModelEngineFactory was not given", error.message)
    }
}
