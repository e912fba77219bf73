package dev.edgetag.tagger

/**
 * Resizes pictures as Pillow 13's `Image.resize` does, bit for bit.
 *
 * Source: libImaging/Resample.c and, for the nearest pixel, `ImagingScaleAffine` in Geometry.c.
 */
public object Resampling {
    /** Weights that are held at a time; a picture of a normal shape needs fewer. */
    private const val MOST_WEIGHTS = 1 shl 20

    /**
     * Returns a picture of another size; the same picture where the size is its own.
     *
     * Besides source and result it needs one picture that has one side of each, and at most 8 MB.
     *
     * @param width of the result, in pixels.
     * @throws PictureException the memory does not suffice.
     */
    public fun resize(picture: Picture, width: Int, height: Int, filter: Filter): Picture {
        require(width >= 1 && height >= 1) { "a picture of ${width}x$height pixels" }
        if (width == picture.width && height == picture.height) return picture
        if (filter == Filter.NEAREST) return nearest(picture, width, height)
        // Pillow 13 takes the vertical pass first where that saves more than the horizontal one;
        // sums are rounded between the passes, so that the order is seen in the result.
        val shrunk = picture.height - height
        return if (shrunk > 0 && shrunk > (picture.width - width) * 2L) {
            horizontal(vertical(picture, height, filter), width, filter)
        } else {
            vertical(horizontal(picture, width, filter), height, filter)
        }
    }

    private fun horizontal(picture: Picture, width: Int, filter: Filter): Picture {
        if (width == picture.width) return picture
        val target = Picture.blank(width, picture.height)
        val block = (MOST_WEIGHTS / Coefficients.stride(picture.width, width, filter)).coerceAtLeast(1)
        for (from in 0 until width step block) {
            val until = minOf(width, from + block)
            val coefficients = Coefficients.of(picture.width, width, filter, from, until)
            for (y in 0 until picture.height) horizontalRow(picture, target, y, from, coefficients)
        }
        return target
    }

    private fun horizontalRow(source: Picture, target: Picture, y: Int, from: Int, coefficients: Coefficients) {
        val pixels = source.rgb
        val weights = coefficients.weights
        val row = y * source.width
        var out = (y * target.width + from) * 3
        for (i in coefficients.first.indices) {
            var at = (row + coefficients.first[i]) * 3
            val start = i * coefficients.stride
            var red = Coefficients.HALF
            var green = Coefficients.HALF
            var blue = Coefficients.HALF
            for (k in start until start + coefficients.count[i]) {
                val weight = weights[k]
                red += (pixels[at].toInt() and 0xFF) * weight
                green += (pixels[at + 1].toInt() and 0xFF) * weight
                blue += (pixels[at + 2].toInt() and 0xFF) * weight
                at += 3
            }
            target.rgb[out] = clip(red)
            target.rgb[out + 1] = clip(green)
            target.rgb[out + 2] = clip(blue)
            out += 3
        }
    }

    private fun vertical(picture: Picture, height: Int, filter: Filter): Picture {
        if (height == picture.height) return picture
        val target = Picture.blank(picture.width, height)
        val block = (MOST_WEIGHTS / Coefficients.stride(picture.height, height, filter)).coerceAtLeast(1)
        val sums = IntArray(minOf(picture.width, MOST_COLUMNS) * 3)
        for (from in 0 until height step block) {
            val until = minOf(height, from + block)
            val coefficients = Coefficients.of(picture.height, height, filter, from, until)
            for (i in 0 until until - from) verticalRow(picture, target, from + i, i, coefficients, sums)
        }
        return target
    }

    /** Adds whole rows up, weight by weight: memory is walked in its order. */
    private fun verticalRow(
        source: Picture, target: Picture, y: Int, i: Int, coefficients: Coefficients, sums: IntArray,
    ) {
        val bytes = source.width * 3
        for (from in 0 until bytes step sums.size) {
            val size = minOf(sums.size, bytes - from)
            sums.fill(Coefficients.HALF)
            for (k in 0 until coefficients.count[i]) {
                val weight = coefficients.weights[i * coefficients.stride + k]
                addRow(source.rgb, (coefficients.first[i] + k) * bytes + from, weight, sums, size)
            }
            val out = y * bytes + from
            for (x in 0 until size) target.rgb[out + x] = clip(sums[x])
        }
    }

    private fun addRow(pixels: ByteArray, at: Int, weight: Int, sums: IntArray, size: Int) {
        for (x in 0 until size) sums[x] += (pixels[at + x].toInt() and 0xFF) * weight
    }

    /** Columns whose sums are held at a time. */
    private const val MOST_COLUMNS = 1 shl 12

    private fun clip(sum: Int): Byte = (sum shr Coefficients.PRECISION_BITS).coerceIn(0, 255).toByte()

    private fun nearest(picture: Picture, width: Int, height: Int): Picture {
        val target = Picture.blank(width, height)
        val columns = positions(picture.width, width)
        val rows = positions(picture.height, height)
        var out = 0
        for (row in rows) {
            for (column in columns) {
                val at = (row * picture.width + column) * 3
                picture.rgb.copyInto(target.rgb, out, at, at + 3)
                out += 3
            }
        }
        return target
    }

    /** Source positions of each target pixel; the sum is built step by step as in Pillow, rounding included. */
    private fun positions(source: Int, target: Int): IntArray {
        val step = source.toDouble() / target
        var at = step * 0.5
        return IntArray(target) {
            val position = at.toInt()
            at += step
            position.coerceAtMost(source - 1)
        }
    }
}
