package dev.edgetag.tagger

/**
 * An upright RGB picture in memory.
 *
 * @property width in pixels, at least 1.
 * @property height in pixels, at least 1.
 * @property rgb row by row, 3 bytes a pixel (red, green, blue; unsigned), `width * height * 3` bytes.
 */
public class Picture(public val width: Int, public val height: Int, public val rgb: ByteArray) {
    init {
        require(width >= 1 && height >= 1) { "a picture of ${width}x$height pixels" }
        require(rgb.size.toLong() == width.toLong() * height * CHANNELS) {
            "${rgb.size} bytes for a picture of ${width}x$height pixels"
        }
    }

    /** The whole picture as a box, in its own pixels. */
    public val bounds: Box get() = Box(0, 0, width, height)

    /** Writes rows `[from, until)` as `0xAARRGGBB`, as Android's bitmaps take them, into [argb] from its start. */
    public fun toArgb(argb: IntArray, from: Int = 0, until: Int = height) {
        var at = from * width * CHANNELS
        for (i in 0 until (until - from) * width) {
            argb[i] = OPAQUE or (rgb[at].unsigned() shl 16) or (rgb[at + 1].unsigned() shl 8) or rgb[at + 2].unsigned()
            at += CHANNELS
        }
    }

    public companion object {
        /** Bytes of a pixel. */
        public const val CHANNELS: Int = 3

        private const val OPAQUE = 0xFF shl 24

        /**
         * Returns a black picture.
         *
         * @throws PictureException the memory does not suffice, or it has more bytes than an array can.
         */
        public fun blank(width: Int, height: Int): Picture =
            Picture(width, height, allocate(width, height) { ByteArray(it) })

        internal inline fun allocate(width: Int, height: Int, array: (Int) -> ByteArray): ByteArray {
            val bytes = width.toLong() * height * CHANNELS
            if (bytes > Int.MAX_VALUE - 8) throw tooLarge(width, height, null)
            return try {
                array(bytes.toInt())
            } catch (error: OutOfMemoryError) {
                throw tooLarge(width, height, error)
            }
        }

        internal fun tooLarge(width: Int, height: Int, cause: Throwable?) = PictureException(
            "a picture of ${width}x$height pixels does not fit into this app's memory",
            cause,
        )
    }
}

/** A colour, each of its parts in 0..255. */
public data class Rgb(val red: Int, val green: Int, val blue: Int)

/** A rectangle of pixels: from [left] and [top], up to but without [right] and [bottom]. */
public data class Box(val left: Int, val top: Int, val right: Int, val bottom: Int) {
    /** In pixels. */
    public val width: Int get() = right - left

    /** In pixels. */
    public val height: Int get() = bottom - top
}

internal fun Byte.unsigned(): Int = toInt() and 0xFF
