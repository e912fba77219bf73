package dev.edgetag.tagger

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class HeatMapTest {
    /** A map of 4x4 cells over a 64 px square that holds a picture of 200x100: rows 16..48 of the square. */
    private fun map(vararg hot: Pair<Int, Int>): HeatMap {
        val values = FloatArray(16) { 0.1f }
        for ((x, y) in hot) values[y * 4 + x] = 0.9f
        return HeatMap(4, 4, values, Box(0, 0, 200, 100), Letterbox(Contract(64)).contentBox(200, 100), 64)
    }

    @Test
    fun `a cell lies where the letterbox put the picture`() {
        assertEquals(listOf(Box(50, 0, 100, 50)), map(1 to 1).boxes(0.5f))
        assertEquals(listOf(Box(150, 50, 200, 100)), map(3 to 2).boxes(0.5f))
    }

    @Test
    fun `cells that touch at a side are one box, at a corner two`() {
        assertEquals(listOf(Box(0, 0, 100, 100)), map(0 to 1, 1 to 1, 1 to 2).boxes(0.5f))
        assertEquals(setOf(Box(0, 0, 50, 50), Box(50, 50, 100, 100)), map(0 to 1, 1 to 2).boxes(0.5f).toSet())
    }

    @Test
    fun `heat on the bars alone gives no box`() = assertEquals(emptyList<Box>(), map(2 to 0, 1 to 3).boxes(0.5f))

    @Test
    fun `boxes never leave the picture`() {
        val whole = map(*Array(16) { it % 4 to it / 4 })
        assertEquals(listOf(Box(0, 0, 200, 100)), whole.boxes(0.5f))
        assertEquals(listOf(Box(0, 0, 200, 100)), whole.boxes(0f))
    }

    @Test
    fun `the heat at a cell's middle is the cell's`() {
        assertEquals(0.9f, map(1 to 1).at(75.0, 25.0), 1e-6f)
        assertEquals(0.1f, map(1 to 1).at(175.0, 75.0), 1e-6f)
        assertEquals(0.5f, map(1 to 1).at(100.0, 25.0), 1e-6f)
    }

    @Test
    fun `the crop has the ratio, is as large as can be, and keeps the heat`() {
        assertEquals(Box(100, 0, 200, 100), SmartCrop.crop(map(3 to 1, 3 to 2, 2 to 1), 1.0))
        assertEquals(Box(0, 0, 100, 100), SmartCrop.crop(map(0 to 1), 1.0))
        assertEquals(Box(0, 0, 200, 100), SmartCrop.crop(map(0 to 1), 2.0))
        for (ratio in listOf(0.001, 0.5, 4.0 / 3, 16.0 / 9, 1000.0)) {
            val crop = SmartCrop.crop(map(1 to 2), ratio)
            assertTrue(crop.left >= 0 && crop.top >= 0 && crop.right <= 200 && crop.bottom <= 100, "$crop")
            assertTrue(crop.width == 200 || crop.height == 100, "$crop could be larger")
        }
    }

    @Test
    fun `without heat the crop is in the middle`() = assertEquals(Box(50, 0, 150, 100), SmartCrop.crop(map(), 1.0))
}
