package dev.edgetag.demo

import dev.edgetag.tagger.PublicApi
import dev.edgetag.tagger.android.AssetSource
import java.io.File
import org.junit.Test

/** Here, since the library has no tests of its own that a JVM could run. */
class LibraryApiTest {
    @Test
    fun `the public API of the Android library is the accepted one`() =
        PublicApi.assertAccepted(AssetSource::class.java, File("../tagger-android/api/tagger-android.api"))
}
