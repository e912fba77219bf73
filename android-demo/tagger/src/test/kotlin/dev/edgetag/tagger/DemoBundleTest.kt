package dev.edgetag.tagger

import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.File

/** The released bundle on a real TensorFlow Lite. */
class DemoBundleTest {
    private val bundle = Bundle.open(ZipSource(fileFromPython("edgetag.bundle")))

    @Test
    fun `every variant gives the golden scores of a family`() {
        for (variant in bundle.manifest.variants) {
            DesktopEngineFactory.open(bundle.model(variant.name), EngineOptions()).use { engine ->
                val result = SelfTest.run(bundle, variant, engine)
                println("${bundle.title} ${variant.name} on ${engine.name} ${engine.version}: ${result.summary}")
                assertTrue(result.passed, result.summary)
            }
        }
    }
}

/** The file that a system property names. */
internal fun fileFromPython(property: String): File {
    val path = System.getProperty(property)
    assertTrue(path != null, "-D$property is not set; tests/android/test_tagger.py sets it and runs these tests")
    return File(path).also { assertTrue(it.isFile, "$it is no file") }
}
