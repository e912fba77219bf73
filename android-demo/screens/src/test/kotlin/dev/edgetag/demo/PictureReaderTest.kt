package dev.edgetag.demo

import android.graphics.Bitmap
import android.graphics.BitmapFactory
import dev.edgetag.tagger.Contract
import dev.edgetag.tagger.PictureException
import dev.edgetag.tagger.android.PictureReader
import java.io.ByteArrayOutputStream
import java.util.Base64
import kotlin.random.Random
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode

@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35])
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class PictureReaderTest {
    private val reader = PictureReader(Contract(inputSize = 32))

    @Test
    fun `colours of 16 bits keep their high byte, where Android may round them`() {
        val read = reader.read { DEEP.inputStream() }
        assertEquals(PIXELS, read.picture.rgb.map { it.toUByte().toInt() })
        assertEquals(Triple(2, 1, 1), Triple(read.fullWidth, read.fullHeight, read.sampleSize))
    }

    @Test
    fun `a damaged picture with colours of 16 bits is an error of that picture`() {
        assertThrows(PictureException::class.java) { reader.read { DEEP.copyOf(DEEP.size - 20).inputStream() } }
    }

    @Test
    fun `a kind of picture that the contract has not is refused, though the phone decodes it`() {
        // WBMP, which the framework reads on a JVM, too; of HEIC only phones have a decoder.
        val wbmp = byteArrayOf(0, 0, 8, 1, 0x55)
        assertEquals(8, BitmapFactory.decodeByteArray(wbmp, 0, wbmp.size).width)
        val error = assertThrows(PictureException::class.java) { reader.read { wbmp.inputStream() } }
        assertEquals("image/vnd.wap.wbmp is not read; JPEG, PNG, WebP, GIF and BMP are", error.message)
    }

    @Test
    fun `a picture that was cut off is refused, whose missing pixels Android makes up`() {
        val random = Random(7)
        val bitmap = Bitmap.createBitmap(IntArray(64 * 64) { random.nextInt() or (0xFF shl 24) }, 64, 64, Bitmap.Config.ARGB_8888)
        val whole = ByteArrayOutputStream().also { bitmap.compress(Bitmap.CompressFormat.JPEG, 90, it) }.toByteArray()
        assertEquals(64, reader.read { whole.inputStream() }.picture.height)
        val cut = whole.copyOf(whole.size / 2)
        assertEquals(64, BitmapFactory.decodeByteArray(cut, 0, cut.size).height)
        val error = assertThrows(PictureException::class.java) { reader.read { cut.inputStream() } }
        assertEquals("this picture is damaged: it ends too early", error.message)
    }

    private companion object {
        /** Two pixels, 12FF 34FF FEFF FFFF and 80FF 12FF 00FF 80FF, and what Python makes of them over white. */
        val DEEP: ByteArray = Base64.getDecoder().decode(
            "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABEAYAAACksqPJAAAAGElEQVR4nGMQ+m/y/9////8b/gv9ZwCSAF8TC06/zulrAAAAAElFTkSuQmCC",
        )
        val PIXELS = listOf(18, 52, 254, 191, 136, 127)
    }
}
