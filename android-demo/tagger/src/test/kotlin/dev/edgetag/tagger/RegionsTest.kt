package dev.edgetag.tagger

import kotlinx.serialization.json.JsonElement
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.File

class RegionsTest {
    private class Case(val map: HeatMap, val boxes: List<Box>, val crops: List<Box>)

    @Test
    fun `boxes and crops are Python's, for maps and pictures of any shape`() {
        StrictJson.read(File(goldenFolder(), "regions.json").readText()) { fields ->
            val level = fields.number("level").toFloat()
            val ratios = fields.list("ratios", StrictJson::number)
            val cases = fields.list("cases", ::case)
            assertTrue(cases.size >= 300, "${cases.size} cases")
            for ((number, case) in cases.withIndex()) {
                val boxes = case.map.boxes(case.map.threshold(level))
                assertEquals(case.boxes.toSet(), boxes.toSet(), "boxes of case $number")
                assertEquals(case.boxes.map(::area), boxes.map(::area), "order of boxes of case $number")
                assertEquals(case.crops, ratios.map { SmartCrop.crop(case.map, it) }, "crops of case $number")
            }
        }
    }

    private fun area(box: Box) = box.width.toLong() * box.height

    private fun case(element: JsonElement, place: String): Case {
        val fields = StrictJson.fields(element, place)
        val size = fields.whole("input_size", 1..1024)
        val (width, height) = fields.whole("width", 1..9999) to fields.whole("height", 1..9999)
        val cells = fields.whole("cells", 1..99)
        val values = fields.list("values", StrictJson::number).map { it.toFloat() }.toFloatArray()
        val content = Letterbox(Contract(size)).contentBox(width, height)
        val map = HeatMap(cells, cells, values, Box(0, 0, width, height), content, size)
        return Case(map, fields.list("boxes", ::box), fields.list("crops", ::box))
    }

    private fun box(element: JsonElement, place: String): Box {
        val sides = StrictJson.list(element, place).map { StrictJson.number(it, place).toInt() }
        return Box(sides[0], sides[1], sides[2], sides[3])
    }
}
