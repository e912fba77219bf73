package dev.edgetag.demo

import dev.edgetag.tagger.DesktopEngineFactory
import java.io.File
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode
import org.robolectric.shadows.ShadowEnvironment

/** Run with what R8 leaves of the app in place of the app. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35])
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class ShrunkTest {
    @get:Rule
    val folder = TemporaryFolder()

    @Test
    fun `a job over a folder writes scores`() {
        val isShrunk = runCatching { Class.forName("androidx.compose.material3.SliderKt") }.isFailure
        assertTrue("the app's libraries are whole", isShrunk || System.getProperty("edgetag.shrunk") == null)
        Engines.linked = { DesktopEngineFactory }
        val job = folder.newFile("job.json")
        val pictures = System.getProperty("edgetag.pictures")
        job.writeText("""{"schema": "edgetag.phone-job/1.1", "pictures": "$pictures", "scores": "/x", "threads": 1, "runs": 3}""")
        ShadowEnvironment.addExternalDir("storage") // Robolectric has none by itself
        val answer = doJob(RuntimeEnvironment.getApplication(), job.path).readText()
        assertTrue(answer.take(2000), File(pictures!!).list()!!.all { "\"$it\"" in answer } && "\"error\"" !in answer)
    }
}
