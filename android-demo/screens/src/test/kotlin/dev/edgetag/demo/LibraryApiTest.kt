package dev.edgetag.demo

import dev.edgetag.tagger.PublicApi
import dev.edgetag.tagger.android.AssetSource
import dev.edgetag.tagger.litert2.CompiledModelEngineFactory
import java.io.File
import org.junit.Test

/** Here, since the Android libraries have no tests of their own that a JVM could run. */
class LibraryApiTest {
    @Test
    fun `the public API of the Android library is the accepted one`() =
        PublicApi.assertAccepted(AssetSource::class.java, File("../tagger-android/api/tagger-android.api"))

    @Test
    fun `the public API of the engine of LiteRT 2 is the accepted one`() =
        PublicApi.assertAccepted(CompiledModelEngineFactory::class.java, File("../tagger-litert2/api/tagger-litert2.api"))
}
