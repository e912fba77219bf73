package dev.edgetag.demo

import androidx.compose.ui.test.junit4.v2.createEmptyComposeRule
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode

/** Every screen in two sizes, two themes and two languages; Python compares them with accepted pictures. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35])
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class DrawnScreensTest {
    @get:Rule
    val compose = createEmptyComposeRule()

    private val phone = Phone(compose)

    /** Size, theme and language change while the app is open, as a person changes them, and what was found stays. */
    @Test
    fun `every screen is drawn in every look`() = phone.use {
        it.tag(phone.picture())
        val tagged = checkNotNull(it.model.picture.picture.value)
        it.openFolder(it.lendFolder(phone.pictures()))
        it.model.benchmark.measure()
        it.settle()
        for ((look, qualifiers) in looks()) {
            RuntimeEnvironment.setQualifiers(qualifiers)
            it.recreate()
            it.model.picture.show(Show.HEAT, tagged.tag)
            it.settle()
            for (place in Place.entries) {
                it.model.show(place)
                it.photograph("$look-${place.name.lowercase()}")
            }
        }
    }

    private fun looks(): List<Pair<String, String>> =
        listOf("phone" to "w360dp-h720dp", "tablet" to "w1024dp-h720dp").flatMap { (device, size) ->
            listOf("light" to "notnight", "dark" to "night").flatMap { (theme, mode) ->
                listOf("en", "ja").map { "$device-$theme-$it" to "$it-$size-$mode-mdpi" }
            }
        }
}
