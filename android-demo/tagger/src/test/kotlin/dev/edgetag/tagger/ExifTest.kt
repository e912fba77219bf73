package dev.edgetag.tagger

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import java.io.ByteArrayInputStream
import java.io.File

/** Tiny pictures by Pillow, `ORIENTATION-BYTE ORDER.FORMAT`, and rarer ones, `ORIENTATION-BYTE ORDER-KIND.FORMAT`. */
class ExifTest {
    private val pictures = checkNotNull(File(goldenFolder(), "exif").listFiles()).sorted()

    @Test
    fun `EXIF of every format and byte order says how a picture was held`() {
        assertEquals(162, pictures.size)
        for (picture in pictures) assertEquals(picture.name[0].digitToInt(), read(picture.readBytes()).exif, picture.name)
    }

    @Test
    fun `a picture without EXIF, or cut off within it, is taken as it is stored`() {
        for (text in listOf("", "no picture", "RIFF")) assertEquals(Orientation.UPRIGHT, read(text.toByteArray()))
        for (picture in pictures) {
            val bytes = picture.readBytes()
            val whole = read(bytes)
            for (size in bytes.indices) {
                val cut = read(bytes.copyOf(size))
                assertEquals(true, cut == whole || cut == Orientation.UPRIGHT, "${picture.name}, $size bytes")
            }
        }
    }

    private fun read(bytes: ByteArray) = Exif.orientation(ByteArrayInputStream(bytes))
}
