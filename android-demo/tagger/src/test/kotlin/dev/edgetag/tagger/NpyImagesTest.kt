package dev.edgetag.tagger

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.io.File
import java.io.IOException

class NpyImagesTest {
    @TempDir
    lateinit var folder: File

    @Test
    fun `images that numpy wrote are read one by one`() {
        val file = File(goldenFolder(), "images.npy")
        NpyImages.open(file).use { images ->
            assertEquals(5, images.count)
            assertEquals(48, images.size)
            val all = file.readBytes()
            val pixels = all.copyOfRange(all.size - 5 * images.imageBytes, all.size)
            for (i in listOf(4, 0, 2)) {
                assertArrayEquals(pixels.copyOfRange(i * images.imageBytes, (i + 1) * images.imageBytes), images.read(i))
            }
        }
    }

    @Test
    fun `headers of anything else are refused in words`() {
        val good = "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 32, 32, 3), }"
        NpyImages.open(npy(good)).close()
        val wrong = mapOf(
            good.replace("|u1", "<f4") to "uint8", good.replace("False", "True") to "C order",
            good.replace("(1, 32", "(2, 32") to "bytes", good.replace("(1, 32", "(0, 32") to "[n, size, size, 3]",
            good.replace("32, 3)", "33, 3)") to "[n, size, size, 3]", good.replace("32, 3)", "32, 4)") to "[n, size, size, 3]",
            good.replace("(1", "(999999999999") to "header", good.replace("(1", "(999999999") to "bytes",
            good.replace("'shape'", "'shap'") to "header", "__import__('os')" to "header", "" to "claims 0 bytes",
            good + "x" to "header", good.replace("(1, ", "(-1, ") to "header",
        )
        for ((header, told) in wrong) assertFails(IOException::class.java, told) { NpyImages.open(npy(header)).close() }
    }

    @Test
    fun `files that are cut off or no arrays are refused`() {
        val whole = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 32, 32, 3), }").readBytes()
        for (size in listOf(0, 3, 7, 9, 40, whole.size - 1)) {
            val cut = File(folder, "cut.npy").apply { writeBytes(whole.copyOf(size)) }
            assertFails(IOException::class.java, "cut.npy") { NpyImages.open(cut).close() }
        }
        val claims = whole.copyOf().also { it[8] = -1; it[9] = -1 }
        assertFails(IOException::class.java) { NpyImages.open(File(folder, "c.npy").apply { writeBytes(claims) }).close() }
        assertFails(IOException::class.java, "version 9") {
            NpyImages.open(File(folder, "v.npy").apply { writeBytes(whole.copyOf().also { it[6] = 9 }) }).close()
        }
    }

    /** A `.npy` of version 1.0 with one image of 32 px. */
    private fun npy(header: String): File = File(folder, "images.npy").apply {
        val bytes = header.toByteArray()
        writeBytes(
            byteArrayOf(0x93.toByte()) + "NUMPY".toByteArray() + byteArrayOf(1, 0, bytes.size.toByte(), (bytes.size shr 8).toByte()) +
                bytes + ByteArray(32 * 32 * 3),
        )
    }
}
