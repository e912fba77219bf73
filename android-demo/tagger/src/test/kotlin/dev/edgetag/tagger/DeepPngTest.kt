package dev.edgetag.tagger

import java.io.ByteArrayInputStream
import java.io.File
import kotlinx.serialization.json.JsonElement
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** Python wrote files and their pixels in the same run (tests/android/golden_deep_png.py). */
class DeepPngTest {
    private class Case(val width: Int, val height: Int, val contract: Contract)

    private val folder = goldenFolder().resolve("deep")
    private val hostile = goldenFolder().resolve("deep-hostile")
    private val cases = StrictJson.read(folder.resolve("cases.json").readText()) { it.list("cases", ::case) }

    @Test
    fun `samples of 16 bits become the pixels that Python makes, bit for bit`() {
        assertTrue(cases.size >= 200, "only ${cases.size} cases")
        for ((number, case) in cases.withIndex()) {
            val bytes = bytesOf(number)
            val stored = checkNotNull(read(bytes, Background(case.contract.background))) { "case $number" }
            val upright = Exif.orientation(ByteArrayInputStream(bytes)).upright(stored)
            assertEquals(case.width to case.height, upright.width to upright.height, "case $number")
            assertArrayEquals(folder.resolve("$number.rgb").readBytes(), upright.rgb, "case $number")
        }
    }

    @Test
    fun `a picture over the limit has one pixel of each square`() {
        val limits = PictureLimits(mostPixels = 50)
        var sampled = 0
        for (number in cases.indices) {
            val whole = read(bytesOf(number))!!
            val small = read(bytesOf(number), most = limits)!!
            val sample = limits.sampleSize(whole.width, whole.height)
            val (across, down) = minOf(sample, whole.width) to minOf(sample, whole.height)
            assertEquals(whole.width / across to whole.height / down, small.width to small.height, "case $number")
            for (y in 0 until small.height) for (x in 0 until small.width) {
                assertEquals(whole.pixel(x * across + across / 2, y * down + down / 2), small.pixel(x, y), "case $number")
            }
            if (sample > 1) sampled++
        }
        assertTrue(sampled > 100, "only $sampled cases")
    }

    @Test
    fun `a file that was cut off anywhere, or in which any bit was flipped, is never taken for whole`() {
        for (number in cases.indices.sortedBy { bytesOf(it).size }.take(8)) {
            val bytes = bytesOf(number)
            for (size in bytes.indices) assertFails(PictureException::class.java, "too early") { read(bytes.copyOf(size)) }
            for (bit in 0 until bytes.size * 8) {
                val flipped = bytes.clone()
                flipped[bit / 8] = (flipped[bit / 8].toInt() xor (1 shl bit % 8)).toByte()
                // Null where it looks like another file, which another decoder judges.
                val picture = try { read(flipped) } catch (_: PictureException) { null }
                assertNull(picture, "case $number, bit $bit")
            }
        }
    }

    @Test
    fun `files that break a rule or claim too much are refused, and it is said why`() {
        val messages = StrictJson.read(hostile.resolve("refused.json").readText()) { fields ->
            fields.names.associateWith { fields.text(it) }
        }
        assertTrue(messages.size > 10, "only ${messages.size} files")
        for ((name, message) in messages) {
            assertFails(PictureException::class.java, message) { read(hostile.resolve(name).readBytes()) }
        }
    }

    @Test
    fun `what is packed behind the pixels is left packed`() {
        assertArrayEquals(ByteArray(6), read(hostile.resolve("64 MB behind.png").readBytes())!!.rgb)
    }

    @Test
    fun `files of other kinds are left to other decoders`() {
        for (picture in goldenFolder().resolve("exif").listFiles()!!) assertNull(read(picture.readBytes()), picture.name)
    }

    private fun case(element: JsonElement, place: String): Case {
        val fields = StrictJson.fields(element, place)
        return Case(fields.whole("width", 1..100), fields.whole("height", 1..100), Contract.read(fields.fields("contract")))
    }

    private fun bytesOf(number: Int) = File(folder, "$number.png").readBytes()

    private fun read(
        bytes: ByteArray,
        background: Background = Background(Rgb(255, 255, 255)),
        most: PictureLimits = PictureLimits(mostPixels = 1_000_000),
    ): Picture? = DeepPng.read(ByteArrayInputStream(bytes), background, most)

    private fun Picture.pixel(x: Int, y: Int) = List(3) { rgb[(y * width + x) * 3 + it] }
}
