package dev.edgetag.tagger

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder

/** Zips that come from anywhere: `bundles/` and `bundles.json`, written by Python with its own verdicts. */
class ForgedBundlesTest {
    @TempDir
    lateinit var folder: File

    private val whole = File(goldenFolder(), "bundles/000.zip")

    @Test
    fun `what Python refuses is refused here, and what it takes is taken`() {
        var refusals = 0
        StrictJson.read(File(goldenFolder(), "bundles.json").readText()) { bundles ->
            for (file in bundles.names) {
                val expected = bundles.fields(file)
                val refused = refusal(File(goldenFolder(), "bundles/$file"))
                val told = "$file (${expected.text("name")}): Python: ${expected.text("refused")}, here: $refused"
                assertEquals(expected.text("refused").isEmpty(), refused.isEmpty(), told)
                assertTrue('\n' !in refused, told)
                if (refused.isNotEmpty()) refusals++
            }
        }
        assertTrue(refusals > 100, "only $refusals were refused")
    }

    @Test
    fun `every changed byte outside of the files is refused when the zip is opened`() {
        val packed = whole.readBytes()
        val bytes = ByteBuffer.wrap(packed).order(ByteOrder.LITTLE_ENDIAN)
        BundleZip.open(bytes, "whole")
        val directory = bytes.getInt(packed.size - 6)
        val second = 30 + MANIFEST.length + bytes.getInt(18)
        for (place in (0 until 30 + MANIFEST.length) + (second until second + 30) + (directory until packed.size)) {
            for (bit in listOf(0x01, 0x80)) {
                packed[place] = (packed[place].toInt() xor bit).toByte()
                assertThrows(BundleException::class.java, { BundleZip.open(bytes, "changed") }, "byte $place")
                packed[place] = (packed[place].toInt() xor bit).toByte()
            }
        }
    }

    @Test
    fun `bytes after the end, a comment and an empty file say what is wrong`() {
        val packed = whole.readBytes()
        val comment = packed.copyOf().also { it[it.size - 2] = 6 } + "hidden".toByteArray()
        for ((bytes, told) in listOf(packed + 0 to "not a whole bundle", comment to "not a whole bundle", ByteArray(0) to "not a whole")) {
            val file = File(folder, "b.zip").apply { writeBytes(bytes) }
            assertFails(BundleException::class.java, file.path, told) { TaggerBundle.open(ZipSource(file)) }
        }
    }

    @Test
    fun `a zip that is replaced while it is open stays what it was`() {
        val file = File(folder, "b.zip").apply { writeBytes(whole.readBytes()) }
        val bundle = TaggerBundle.open(ZipSource(file))
        assertTrue(File(folder, "other.zip").apply { writeText("another") }.renameTo(file))
        bundle.requireWhole()
    }

    private fun refusal(zip: File): String = try {
        TaggerBundle.open(ZipSource(zip)).requireWhole()
        ""
    } catch (error: BundleException) {
        assertTrue(error.message!!.isNotBlank())
        error.message!!
    }
}
