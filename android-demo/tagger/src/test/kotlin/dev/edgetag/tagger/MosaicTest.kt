package dev.edgetag.tagger

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test

class MosaicTest {
    private val picture = Picture(40, 30, ByteArray(40 * 30 * 3) { (it * 31).toByte() })
    private val sensitive = Label(0, "nsfw", "Sensitive", "センシティブ", true)
    private val harmless = Label(1, "cat", "Cat", "猫", false)

    @Test
    fun `a box becomes tiles of their mean, and nothing else changes`() {
        val box = Box(5, 6, 25, 26)
        val result = Mosaic.pixelate(picture, listOf(box), 8)
        for (y in 0 until 30) for (x in 0 until 40) for (c in 0..2) {
            val inside = x in box.left until box.right && y in box.top until box.bottom
            val expected = if (inside) mean((x - 5) / 8 * 8 + 5, (y - 6) / 8 * 8 + 6, box, c) else value(x, y, c)
            assertEquals(expected, result.rgb[(y * 40 + x) * 3 + c].unsigned(), "$x, $y, $c")
        }
    }

    private fun value(x: Int, y: Int, c: Int) = picture.rgb[(y * 40 + x) * 3 + c].unsigned()

    private fun mean(left: Int, top: Int, box: Box, c: Int): Int {
        val values = (top until minOf(top + 8, box.bottom)).flatMap { y -> (left until minOf(left + 8, box.right)).map { value(it, y, c) } }
        return Math.round(values.average()).toInt()
    }

    @Test
    fun `a box that reaches beyond the picture hides what lies within`() {
        for (beyond in listOf(Box(-9, -9, 8, 7), Box(33, 25, 99, 99), Box(-5, 3, 50, 5), Box(41, -3, 60, 40))) {
            val within = Box(maxOf(beyond.left, 0), maxOf(beyond.top, 0), minOf(beyond.right, 40), minOf(beyond.bottom, 30))
            assertArrayEquals(Mosaic.pixelate(picture, listOf(within)).rgb, Mosaic.pixelate(picture, listOf(beyond)).rgb)
        }
    }

    @Test
    fun `the picture itself stays as it is`() {
        val before = picture.rgb.copyOf()
        Mosaic.pixelate(picture, listOf(picture.bounds))
        assertArrayEquals(before, picture.rgb)
    }

    @Test
    fun `a sensitive tag without a map hides the whole picture`() {
        val tagging = Tagging(listOf(TagScore(sensitive, 0.9f, 0.5f), TagScore(harmless, 0.9f, 0.5f)))
        assertEquals(listOf(picture.bounds), Mosaic.boxes(tagging, picture.bounds))
    }

    @Test
    fun `nothing is hidden for tags that are not set or not sensitive`() {
        val tagging = Tagging(listOf(TagScore(sensitive, 0.4f, 0.5f), TagScore(harmless, 0.9f, 0.5f)))
        assertEquals(emptyList<Box>(), Mosaic.boxes(tagging, picture.bounds))
    }

    @Test
    fun `a sensitive tag with a map hides where it is seen, and all where it is seen on the bars alone`() {
        fun boxes(values: FloatArray): List<Box> {
            val map = HeatMap(2, 4, values, picture.bounds, Box(0, 8, 32, 24), 32)
            return Mosaic.boxes(Tagging(listOf(TagScore(sensitive, 0.9f, 0.5f)), mapOf("nsfw" to map)), picture.bounds)
        }
        assertEquals(listOf(Box(20, 0, 40, 15)), boxes(floatArrayOf(0f, 0f, 0f, 1f, 0f, 0f, 0f, 0f)))
        assertEquals(listOf(picture.bounds), boxes(floatArrayOf(1f, 0f, 0f, 0f, 0f, 0f, 0f, 0f)))
    }
}
