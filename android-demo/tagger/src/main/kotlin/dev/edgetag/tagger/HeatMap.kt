package dev.edgetag.tagger

import kotlin.math.ceil
import kotlin.math.floor

/**
 * Where in a picture a tag is seen.
 *
 * The map's cells lie over the whole input square; the picture is a part of it.
 *
 * @property width in cells.
 * @property values row by row, each in 0..1: the score that the tag would have were all cells like it.
 * @property picture the picture's bounds, in its own pixels.
 */
public class HeatMap internal constructor(
    public val width: Int,
    public val height: Int,
    public val values: FloatArray,
    public val picture: Box,
    private val content: Box,
    private val inputSize: Int,
) {
    /** The value of a cell. */
    public operator fun get(x: Int, y: Int): Float = values[y * width + x]

    /** The largest value. */
    public val peak: Float get() = values.max()

    /**
     * Returns the value from which on a cell counts: its evidence, -ln(1 - value), is a share of the peak's.
     *
     * Where all is unsure, that is a share of the peak's value; where the peak is sure, it tells sure cells from
     * surer ones.
     *
     * @param level the share, in 0..1; a lower one lets more cells count.
     */
    public fun threshold(level: Float): Float =
        (1.0 - Math.pow(maxOf(1.0 - peak.toDouble(), LEAST_DOUBT), level.toDouble())).toFloat()

    /**
     * Returns the value at a point of the picture, between cells interpolated.
     *
     * @param x in the picture's pixels, from its left side.
     */
    public fun at(x: Double, y: Double): Float {
        val column = cellX(x) - 0.5
        val row = cellY(y) - 0.5
        val (left, right) = neighbours(column, width)
        val (top, bottom) = neighbours(row, height)
        val dx = (column - floor(column)).toFloat()
        val dy = (row - floor(row)).toFloat()
        val upper = between(this[left, top], this[right, top], dx)
        val lower = between(this[left, bottom], this[right, bottom], dx)
        return between(upper, lower, dy)
    }

    /** So written, what lies between equal cells is equal to them, to the last bit. */
    private fun between(first: Float, next: Float, share: Float) = first + (next - first) * share

    private fun neighbours(position: Double, cells: Int): Pair<Int, Int> {
        val first = floor(position).toInt()
        return first.coerceIn(0, cells - 1) to (first + 1).coerceIn(0, cells - 1)
    }

    /**
     * Returns boxes around the parts of the picture whose cells are at least [threshold].
     *
     * Cells that touch at a side are one part. Boxes are in the picture's pixels, the largest first.
     */
    public fun boxes(threshold: Float): List<Box> =
        components { values[it] >= threshold }.mapNotNull(::toPicture).sortedByDescending { it.width.toLong() * it.height }

    private fun components(isHot: (Int) -> Boolean): List<Box> {
        val seen = BooleanArray(values.size)
        val found = mutableListOf<Box>()
        for (start in values.indices) if (!seen[start] && isHot(start)) found += flood(start, seen, isHot)
        return found
    }

    private fun flood(start: Int, seen: BooleanArray, isHot: (Int) -> Boolean): Box {
        var box = Box(width, height, 0, 0)
        val open = ArrayDeque(listOf(start))
        seen[start] = true
        while (open.isNotEmpty()) {
            val cell = open.removeLast()
            val x = cell % width
            val y = cell / width
            box = Box(minOf(box.left, x), minOf(box.top, y), maxOf(box.right, x + 1), maxOf(box.bottom, y + 1))
            for ((nx, ny) in listOf(x - 1 to y, x + 1 to y, x to y - 1, x to y + 1)) {
                if (nx !in 0 until width || ny !in 0 until height) continue
                val next = ny * width + nx
                if (seen[next] || !isHot(next)) continue
                seen[next] = true
                open += next
            }
        }
        return box
    }

    /** Returns the part of the picture under a box of cells, rounded outwards; null where only bars lie there. */
    private fun toPicture(cells: Box): Box? {
        val box = Box(
            floor(pictureX(cells.left.toDouble())).toInt().coerceIn(0, picture.width),
            floor(pictureY(cells.top.toDouble())).toInt().coerceIn(0, picture.height),
            ceil(pictureX(cells.right.toDouble())).toInt().coerceIn(0, picture.width),
            ceil(pictureY(cells.bottom.toDouble())).toInt().coerceIn(0, picture.height),
        )
        return box.takeIf { it.width > 0 && it.height > 0 }
    }

    private fun pictureX(cell: Double) = (cell * inputSize / width - content.left) * picture.width / content.width

    private fun pictureY(cell: Double) = (cell * inputSize / height - content.top) * picture.height / content.height

    private fun cellX(x: Double) = (x * content.width / picture.width + content.left) * width / inputSize

    private fun cellY(y: Double) = (y * content.height / picture.height + content.top) * height / inputSize

    private companion object {
        /** What a float can be below 1, at least: 2 to the power of -24. */
        const val LEAST_DOUBT = 1.0 / (1 shl 24)
    }
}
