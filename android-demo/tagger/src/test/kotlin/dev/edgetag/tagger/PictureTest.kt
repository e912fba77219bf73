package dev.edgetag.tagger

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Test

class PictureTest {
    @Test
    fun `pixels survive the way to a bitmap and back`() {
        val picture = Picture(7, 5, ByteArray(7 * 5 * 3) { (it * 41).toByte() })
        val argb = IntArray(7 * 5).also { picture.toArgb(it) }
        assertArrayEquals(picture.rgb, Background(Rgb(1, 2, 3)).flatten(7, 5, argb).rgb)
        val row = IntArray(7).also { picture.toArgb(it, from = 3, until = 4) }
        assertArrayEquals(argb.copyOfRange(21, 28), row)
    }

    @Test
    fun `a picture whose pixels exceed the heap is an error of that picture alone`() {
        assertFails(PictureException::class.java, "20000x20000", "memory") { Picture.blank(20_000, 20_000) }
        assertFails(PictureException::class.java, "60000x60000", "memory") { Picture.blank(60_000, 60_000) }
        assertFails(PictureException::class.java, "memory") { onePicture { ByteArray(2_000_000_000) } }
        val small = Picture.blank(4, 4)
        assertFails(PictureException::class.java, "memory") { Resampling.resize(small, 30_000, 30_000, Filter.BOX) }
        assertEquals(8, Resampling.resize(small, 8, 8, Filter.BOX).width)
    }

    @Test
    fun `pictures of extreme shapes are resized in little memory`() {
        val wide = Picture(4_000_000, 1, ByteArray(12_000_000) { if (it / 3 % 2 == 0) 0 else 100 })
        val tall = Picture(1, 4_000_000, wide.rgb)
        for (picture in listOf(wide, tall)) {
            val square = Letterbox(Contract(32, filter = Filter.LANCZOS, anchor = Anchor.TOP_LEFT)).fit(picture)
            assertEquals(50, square.rgb[0].unsigned())
        }
    }

    @Test
    fun `sample sizes bring a picture under the limit, and no lower than needed`() {
        val limits = PictureLimits(mostPixels = 25_000_000)
        assertEquals(1, limits.sampleSize(5000, 5000))
        assertEquals(2, limits.sampleSize(5001, 5000))
        assertEquals(2, limits.sampleSize(10_000, 10_000))
        assertEquals(8, limits.sampleSize(30_000, 30_000))
        for ((width, height) in listOf(0 to 5, -1 to -1, 65_536 to 65_536, Int.MAX_VALUE to Int.MAX_VALUE)) {
            assertFails(PictureException::class.java) { limits.sampleSize(width, height) }
        }
    }

    @Test
    fun `a small heap asks for small pictures`() {
        val limits = PictureLimits.ofHeap(192L shl 20)
        assertEquals(4, limits.sampleSize(10_000, 10_000))
        assertEquals(1, limits.sampleSize(4000, 3000))
        assertEquals(50_000_000, PictureLimits.ofHeap(Long.MAX_VALUE).mostPixels)
    }

    @Test
    fun `a picture of the right size is not copied`() {
        val picture = Picture.blank(32, 32)
        assertSame(picture, Letterbox(Contract(32)).fit(picture))
        assertSame(picture, Orientation.of(0).upright(picture))
    }
}
