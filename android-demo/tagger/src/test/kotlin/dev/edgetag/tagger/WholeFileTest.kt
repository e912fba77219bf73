package dev.edgetag.tagger

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import java.io.ByteArrayInputStream
import java.io.File
import java.io.InputStream

/** Small pictures by Pillow, `NAME.FORMAT`, and from how many bytes on Python reads them: `whole.json`. */
class WholeFileTest {
    private val folder = File(goldenFolder(), "whole")
    private val least = StrictJson.read(File(folder, "whole.json").readText()) { fields ->
        fields.names.associateWith { fields.whole(it, 1..1_000_000) }
    }

    @Test
    fun `a file that Python finds cut off is refused, and a whole one is not, whatever follows it`() {
        assertEquals(19, least.size)
        for ((name, bytes) in least) {
            val whole = File(folder, name).readBytes()
            for (content in listOf(whole, whole + ByteArray(99), whole + "trailer".toByteArray())) read(content)
            for (size in 2 until bytes) {
                val cut = whole.copyOf(size)
                assertFails(PictureException::class.java, "ends too early") { read(cut) }
            }
        }
    }

    @Test
    fun `of what is no picture nothing is said`() {
        for (text in listOf("no picture", "GIF89a" + "\u0000".repeat(20) + ";")) read(text.toByteArray())
    }

    /** As streams of providers do, it gives a few bytes at a time. */
    private fun read(bytes: ByteArray) = WholeFile.require(
        object : InputStream() {
            private val whole = ByteArrayInputStream(bytes)

            override fun read(): Int = whole.read()

            override fun read(into: ByteArray, from: Int, most: Int): Int = whole.read(into, from, minOf(most, 7))
        },
    )
}
