package dev.edgetag.demo

import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import androidx.compose.ui.test.junit4.v2.createEmptyComposeRule
import org.robolectric.ParameterizedRobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode

/**
 * Every screen in two languages, two themes and two sizes, each pair of these once; Python compares them with accepted
 * pictures.
 */
@RunWith(ParameterizedRobolectricTestRunner::class)
@Config(sdk = [35])
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class DrawnScreensTest(private val name: String, private val qualifiers: String) {
    @get:Rule
    val compose = createEmptyComposeRule()

    private val phone = Phone(compose)

    @Test
    fun `every screen is drawn`() {
        RuntimeEnvironment.setQualifiers(qualifiers)
        phone.use {
            it.tag(phone.picture())
            val tagged = checkNotNull(it.model.picture.picture.value)
            it.model.picture.show(Show.HEAT, tagged.tag)
            it.settle()
            it.photograph("$name-picture")
            val tree = it.lendFolder(phone.pictures())
            it.openFolder(tree)
            it.photograph("$name-folder")
            it.model.show(Place.BENCHMARK)
            it.model.benchmark.measure()
            it.settle()
            it.photograph("$name-benchmark")
            it.model.show(Place.MODEL)
            it.photograph("$name-model")
        }
    }

    companion object {
        @JvmStatic
        @ParameterizedRobolectricTestRunner.Parameters(name = "{0}")
        fun looks(): List<Array<String>> = listOf(
            arrayOf("phone-light-en", "en-w360dp-h720dp-notnight-mdpi"),
            arrayOf("phone-dark-ja", "ja-w360dp-h720dp-night-mdpi"),
            arrayOf("tablet-dark-en", "en-w1024dp-h720dp-night-mdpi"),
            arrayOf("tablet-light-ja", "ja-w1024dp-h720dp-notnight-mdpi"),
        )
    }
}
