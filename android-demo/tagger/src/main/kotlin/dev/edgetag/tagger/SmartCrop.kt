package dev.edgetag.tagger

import kotlin.math.roundToInt

/** Crops that keep what matters. */
public object SmartCrop {
    /**
     * Returns the largest crop of an aspect ratio, where it keeps the most of a heat map.
     *
     * Of several that keep as much, the one nearest to the middle is taken.
     *
     * @param ratio width divided by height, such as `16.0 / 9`.
     * @return in the picture's pixels.
     */
    public fun crop(map: HeatMap, ratio: Double): Box {
        require(ratio > 0 && !ratio.isInfinite()) { "an aspect ratio of $ratio" }
        val (pictureWidth, pictureHeight) = map.picture.width to map.picture.height
        val width = minOf(pictureWidth, (pictureHeight * ratio).roundToInt().coerceAtLeast(1))
        val height = minOf(pictureHeight, (pictureWidth / ratio).roundToInt().coerceAtLeast(1))
        val left = bestStart(columnHeat(map), pictureWidth, width)
        val top = bestStart(rowHeat(map), pictureHeight, height)
        return Box(left, top, left + width, top + height)
    }

    private fun columnHeat(map: HeatMap) = DoubleArray(samples(map.picture.width)) { i ->
        val x = (i + 0.5) * map.picture.width / samples(map.picture.width)
        middles(map.picture.height).sumOf { map.at(x, it).toDouble() }
    }

    private fun rowHeat(map: HeatMap) = DoubleArray(samples(map.picture.height)) { i ->
        val y = (i + 0.5) * map.picture.height / samples(map.picture.height)
        middles(map.picture.width).sumOf { map.at(it, y).toDouble() }
    }

    private fun middles(side: Int): List<Double> = List(samples(side)) { (it + 0.5) * side / samples(side) }

    private fun samples(side: Int): Int = minOf(side, MOST_SAMPLES)

    /** Returns where a window of [window] of [side] pixels keeps the most of [heat], sampled evenly. */
    private fun bestStart(heat: DoubleArray, side: Int, window: Int): Int {
        val before = DoubleArray(heat.size + 1)
        for (i in heat.indices) before[i + 1] = before[i] + heat[i]
        val span = (window.toDouble() * heat.size / side).roundToInt().coerceIn(1, heat.size)
        val middle = (heat.size - span) / 2.0
        val best = (0..heat.size - span).maxWithOrNull(
            compareBy<Int> { Math.round((before[it + span] - before[it]) * GRAIN) }.thenBy { -Math.abs(it - middle) },
        ) ?: 0
        return (best.toDouble() * side / heat.size).roundToInt().coerceIn(0, side - window)
    }

    private const val MOST_SAMPLES = 64

    /** Sums that differ by less are rounding. */
    private const val GRAIN = 1e6
}
