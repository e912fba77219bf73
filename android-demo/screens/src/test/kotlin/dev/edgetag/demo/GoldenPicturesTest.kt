package dev.edgetag.demo

import dev.edgetag.tagger.Contract
import dev.edgetag.tagger.PictureException
import dev.edgetag.tagger.Rgb
import dev.edgetag.tagger.android.PictureReader
import java.io.File
import org.json.JSONObject
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Assume.assumeTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode

/** Pictures, and what Python makes of them (tests/support/golden_pictures.py), by the framework's own decoders. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35])
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class GoldenPicturesTest {
    private val reader = PictureReader(Contract(inputSize = 32, background = Rgb(255, 200, 100)))

    @Test
    fun `the app reads and refuses the pictures that Python does`() {
        val folder = System.getProperty("edgetag.golden")
        assumeTrue("run_screens.py has no --golden", folder != null)
        val pictures = File(folder!!, "pictures")
        val listed = JSONObject(File(pictures, "pictures.json").readText())
        assertTrue("only ${listed.length()} pictures", listed.length() > 150)
        for (name in listed.keys()) {
            val says = listed.getJSONObject(name)
            val known = if (says.has("android")) says.getString("android") else null
            assertEquals(name, known, compared(File(pictures, name), says.optJSONObject("size")))
        }
    }

    /** How the app differs from Python, in the words of the list of pictures. */
    private fun compared(file: File, size: JSONObject?): String? {
        val picture = try {
            reader.read { file.inputStream() }.picture
        } catch (_: PictureException) {
            return if (size == null) null else "refuses"
        }
        if (size == null) return "reads"
        val sides = size.getInt("width") to size.getInt("height")
        val rgb = File("${file.path}.rgb").readBytes()
        return if (sides == picture.width to picture.height && rgb.contentEquals(picture.rgb)) null else "differs"
    }
}
