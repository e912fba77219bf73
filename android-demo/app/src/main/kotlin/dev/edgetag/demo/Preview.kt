package dev.edgetag.demo

import android.graphics.Bitmap
import android.graphics.Canvas
import android.graphics.Paint
import android.graphics.Rect
import dev.edgetag.tagger.Box
import dev.edgetag.tagger.Filter
import dev.edgetag.tagger.HeatMap
import dev.edgetag.tagger.Mosaic
import dev.edgetag.tagger.Picture
import dev.edgetag.tagger.Resampling
import dev.edgetag.tagger.SmartCrop
import dev.edgetag.tagger.Tagging

/** What the picture screen can show. */
enum class Show { PLAIN, HEAT, MOSAIC, CROP }

/**
 * What is drawn: a bitmap, and over all of it a small one that is scaled up.
 *
 * @property heat null where no heat map is shown.
 * @property centre the crop around the middle, beside that around the tags; null where no crop is shown.
 */
class Drawing(val bitmap: Bitmap, val heat: Bitmap? = null, val centre: Bitmap? = null) {
    /** Returns the bitmap with the heat map in it. */
    fun flat(): Bitmap {
        if (heat == null) return bitmap
        val flat = bitmap.copy(Bitmap.Config.ARGB_8888, true)
        Canvas(flat).drawBitmap(heat, null, Rect(0, 0, flat.width, flat.height), Paint(Paint.FILTER_BITMAP_FLAG))
        return flat
    }
}

/**
 * A picture small enough to keep while its screen is open; boxes and maps are of the full picture.
 *
 * @property full bounds of the picture that was tagged.
 */
class Preview private constructor(private val picture: Picture, private val full: Box) {
    /** Returns the picture as it is. */
    fun plain(): Drawing = Drawing(bitmap(picture))

    /** Returns the picture under a heat map. */
    fun heat(map: HeatMap): Drawing = Drawing(bitmap(picture), heatBitmap(map))

    /** Returns the picture with a mosaic over what is sensitive. */
    fun mosaic(tagging: Tagging): Drawing =
        Drawing(bitmap(Mosaic.pixelate(picture, Mosaic.boxes(tagging, full).map(::scaled))))

    /** Returns the square part of the picture where a heat map is warmest, and that in the middle. */
    fun crop(map: HeatMap): Drawing {
        val whole = bitmap(picture)
        val side = minOf(whole.width, whole.height)
        val (left, top) = (whole.width - side) / 2 to (whole.height - side) / 2
        val middle = Box(left, top, left + side, top + side)
        return Drawing(cut(whole, scaled(SmartCrop.crop(map, SQUARE))), centre = cut(whole, middle))
    }

    private fun cut(whole: Bitmap, box: Box) = Bitmap.createBitmap(whole, box.left, box.top, box.width, box.height)

    private fun scaled(box: Box): Box {
        val left = (box.left.toLong() * picture.width / full.width).toInt().coerceAtMost(picture.width - 1)
        val top = (box.top.toLong() * picture.height / full.height).toInt().coerceAtMost(picture.height - 1)
        val right = (box.right.toLong() * picture.width / full.width).toInt()
        val bottom = (box.bottom.toLong() * picture.height / full.height).toInt()
        return Box(left, top, maxOf(right, left + 1), maxOf(bottom, top + 1))
    }

    companion object {
        private const val LONGER_SIDE = 1280
        private const val SQUARE = 1.0
        private const val HEAT_SIDE = 96

        /** Heat at its warmest covers the picture by this much, of 255. */
        private const val WARMEST_ALPHA = 190

        /**
         * Returns a preview of a picture.
         *
         * @param side most pixels of its longer side.
         * @throws dev.edgetag.tagger.PictureException the memory does not suffice.
         */
        fun of(picture: Picture, side: Int = LONGER_SIDE): Preview {
            val longer = maxOf(picture.width, picture.height)
            if (longer <= side) return Preview(picture, picture.bounds)
            val width = (picture.width.toLong() * side / longer).toInt().coerceAtLeast(1)
            val height = (picture.height.toLong() * side / longer).toInt().coerceAtLeast(1)
            return Preview(Resampling.resize(picture, width, height, Filter.BOX), picture.bounds)
        }

        private fun bitmap(picture: Picture): Bitmap {
            val pixels = IntArray(picture.width * picture.height)
            picture.toArgb(pixels)
            return Bitmap.createBitmap(pixels, picture.width, picture.height, Bitmap.Config.ARGB_8888)
        }

        /** From transparent at half of the map's own peak, where a mosaic ends too, over yellow to red. */
        private fun heatBitmap(map: HeatMap): Bitmap {
            val peak = map.peak.coerceAtLeast(Float.MIN_VALUE)
            val (width, height) = map.picture.width to map.picture.height
            val pixels = IntArray(HEAT_SIDE * HEAT_SIDE) { i ->
                val x = (i % HEAT_SIDE + 0.5) * width / HEAT_SIDE
                val y = (i / HEAT_SIDE + 0.5) * height / HEAT_SIDE
                val warmth = (2 * map.at(x, y) / peak - 1).coerceIn(0f, 1f)
                val green = (255 * (1 - warmth)).toInt()
                (WARMEST_ALPHA * warmth).toInt() shl 24 or (255 shl 16) or (green shl 8)
            }
            return Bitmap.createBitmap(pixels, HEAT_SIDE, HEAT_SIDE, Bitmap.Config.ARGB_8888)
        }
    }
}
