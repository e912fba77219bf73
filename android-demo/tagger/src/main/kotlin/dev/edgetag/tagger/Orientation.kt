package dev.edgetag.tagger

/**
 * How a picture was held, by EXIF 2.32, tag 0x0112.
 *
 * @property exif the tag's value, 1 to 8.
 */
public enum class Orientation(public val exif: Int) {
    UPRIGHT(1),
    MIRRORED(2),
    UPSIDE_DOWN(3),
    FLIPPED(4),
    TRANSPOSED(5),
    TURNED_LEFT(6),
    TRANSVERSED(7),
    TURNED_RIGHT(8),
    ;

    /** Whether making it upright exchanges width and height. */
    public val swapsSides: Boolean get() = exif >= 5

    /**
     * Returns the picture upright; itself where it is.
     *
     * @throws PictureException the memory does not suffice for a second picture.
     */
    public fun upright(picture: Picture): Picture {
        if (this == UPRIGHT) return picture
        val (w, h) = picture.width to picture.height
        val turned = if (swapsSides) Picture.blank(h, w) else Picture.blank(w, h)
        // Walking over the result, the source's index starts at a corner and moves by two steps.
        val (start, step, rowStep) = when (this) {
            UPRIGHT -> Walk(0, 1, w)
            MIRRORED -> Walk(w - 1, -1, w)
            UPSIDE_DOWN -> Walk(w * h - 1, -1, -w)
            FLIPPED -> Walk((h - 1) * w, 1, -w)
            TRANSPOSED -> Walk(0, w, 1)
            TURNED_LEFT -> Walk((h - 1) * w, -w, 1)
            TRANSVERSED -> Walk(w * h - 1, -w, -1)
            TURNED_RIGHT -> Walk(w - 1, w, -1)
        }
        copy(picture.rgb, turned, start, step, rowStep)
        return turned
    }

    private data class Walk(val start: Int, val step: Int, val rowStep: Int)

    private fun copy(from: ByteArray, to: Picture, start: Int, step: Int, rowStep: Int) {
        var out = 0
        for (y in 0 until to.height) {
            var source = (start + y * rowStep) * Picture.CHANNELS
            for (x in 0 until to.width) {
                to.rgb[out] = from[source]
                to.rgb[out + 1] = from[source + 1]
                to.rgb[out + 2] = from[source + 2]
                out += Picture.CHANNELS
                source += step * Picture.CHANNELS
            }
        }
    }

    public companion object {
        /** Returns the orientation of a tag's value; any other value says nothing. */
        public fun of(exif: Int): Orientation = values().firstOrNull { it.exif == exif } ?: UPRIGHT
    }
}
