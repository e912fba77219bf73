package dev.edgetag.tagger

import kotlinx.serialization.json.JsonElement
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assertions.fail
import org.junit.jupiter.api.Test
import java.io.DataInputStream
import java.io.File

/** Python wrote pictures and their squares in the same run (tests/android/golden_arrays.py). */
class LetterboxGoldenTest {
    private class Case(
        val width: Int,
        val height: Int,
        val channels: Int,
        val orientation: Orientation,
        val contract: Contract,
    ) {
        override fun toString() = "${width}x$height, $channels channels, $orientation, $contract"
    }

    @Test
    fun `a thousand pictures become the squares that Python makes, bit for bit`() {
        val folder = goldenFolder()
        val cases = StrictJson.read(File(folder, "cases.json").readText()) { it.list("cases", ::case) }
        assertTrue(cases.size >= 1000, "only ${cases.size} cases")
        assertEquals(Filter.values().toSet(), cases.map { it.contract.filter }.toSet())
        assertEquals(Orientation.values().toSet(), cases.map { it.orientation }.toSet())
        open(folder, "pictures.bin").use { pictures ->
            open(folder, "squares.bin").use { squares ->
                for ((number, case) in cases.withIndex()) check(number, case, pictures, squares)
                assertEquals(-1, pictures.read(), "pictures.bin has more than the cases")
                assertEquals(-1, squares.read(), "squares.bin has more than the cases")
            }
        }
    }

    private fun check(number: Int, case: Case, pictures: DataInputStream, squares: DataInputStream) {
        val pixels = pictures.bytes(case.width * case.height * case.channels)
        val expected = squares.bytes(case.contract.inputSize * case.contract.inputSize * 3)
        val decoded = if (case.channels == 3) Picture(case.width, case.height, pixels) else over(case, pixels)
        val square = Letterbox(case.contract).fit(case.orientation.upright(decoded))
        val first = expected.indices.firstOrNull { expected[it] != square.rgb[it] } ?: return
        fail<Unit>("case $number ($case): byte $first is ${square.rgb[first].unsigned()}, not ${expected[first].unsigned()}")
    }

    private fun over(case: Case, rgba: ByteArray): Picture {
        val argb = IntArray(case.width * case.height) { i ->
            val (r, g, b, a) = List(4) { rgba[i * 4 + it].unsigned() }
            (a shl 24) or (r shl 16) or (g shl 8) or b
        }
        return Background(case.contract.background).flatten(case.width, case.height, argb)
    }

    private fun case(element: JsonElement, place: String): Case {
        val fields = StrictJson.fields(element, place)
        return Case(
            fields.whole("width", 1..100_000), fields.whole("height", 1..100_000), fields.whole("channels", 3..4),
            Orientation.of(fields.whole("orientation", 1..8)), Contract.read(fields.fields("contract")),
        )
    }

    private fun open(folder: File, name: String) = DataInputStream(File(folder, name).inputStream().buffered(1 shl 20))

    private fun DataInputStream.bytes(count: Int) = ByteArray(count).also(::readFully)
}
