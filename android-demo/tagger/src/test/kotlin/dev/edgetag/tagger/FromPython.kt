package dev.edgetag.tagger

import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assumptions.assumeTrue
import java.io.File

// What Python writes for these tests. Without it, as in `gradlew build` on a clone, a test is skipped;
// tests/android/kotlin_tests.py sees to it that none is skipped in CI.

/** The folder of golden arrays. */
internal fun goldenFolder(): File = File(property("edgetag.golden")).also { assertTrue(it.isDirectory, "$it is no folder") }

/** The zip of a bundle. */
internal fun demoBundle(): File = File(property("edgetag.bundle")).also { assertTrue(it.isFile, "$it is no file") }

/** The zip of a bundle of `int8`, its default, and `fp32`. */
internal fun twoVariantsBundle(): File = goldenFolder().resolve("two-variants.zip")

/** Tells a measurement: to the console, and to the file that Python shows. */
internal fun tell(line: String) {
    println(line)
    System.getProperty("edgetag.told")?.let { File(it).appendText(line + "\n") }
}

internal fun property(name: String): String {
    val path: String? = System.getProperty(name)
    assumeTrue(path != null, "-D$name is not set; tests/android/kotlin_tests.py sets it and runs these tests")
    return path!!
}

/** Asserts that [work] fails as [type], and that its message has each of [parts]. */
internal fun <T : Throwable> assertFails(type: Class<T>, vararg parts: String, work: () -> Unit): T {
    val error = org.junit.jupiter.api.Assertions.assertThrows(type) { work() }
    for (part in parts) assertTrue(part in error.message.orEmpty(), "\"$part\" is not in: ${error.message}")
    return error
}
