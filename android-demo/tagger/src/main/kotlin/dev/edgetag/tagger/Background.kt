package dev.edgetag.tagger

/**
 * Puts pixels with straight (not premultiplied) alpha over an opaque colour.
 *
 * Integer arithmetic, equal to Pillow's `Image.alpha_composite` over an opaque base
 * (libImaging/AlphaComposite.c).
 */
public class Background(private val color: Rgb) {
    /**
     * Writes pixels as RGB.
     *
     * @param argb pixels as `0xAARRGGBB`, as Android's `Bitmap.getPixels` gives them.
     * @param count how many of them, from the start.
     * @param rgb where to write, 3 bytes a pixel.
     * @param at index of the first byte to write.
     */
    public fun flatten(argb: IntArray, count: Int, rgb: ByteArray, at: Int = 0) {
        var out = at
        for (i in 0 until count) {
            val pixel = argb[i]
            val alpha = pixel ushr 24
            rgb[out] = over(pixel shr 16 and 0xFF, color.red, alpha)
            rgb[out + 1] = over(pixel shr 8 and 0xFF, color.green, alpha)
            rgb[out + 2] = over(pixel and 0xFF, color.blue, alpha)
            out += Picture.CHANNELS
        }
    }

    /**
     * Returns a picture of straight-alpha pixels.
     *
     * @throws PictureException the memory does not suffice.
     */
    public fun flatten(width: Int, height: Int, argb: IntArray): Picture {
        val picture = Picture.blank(width, height)
        flatten(argb, width * height, picture.rgb)
        return picture
    }

    private fun over(source: Int, base: Int, alpha: Int): Byte {
        if (alpha == 255) return source.toByte()
        if (alpha == 0) return base.toByte()
        // With an opaque base the sum of weights is 255 * 255, and dividing by it leaves alpha * 2^7.
        val weight = alpha shl PRECISION_BITS
        val sum = source * weight + base * ((255 shl PRECISION_BITS) - weight) + (0x80 shl PRECISION_BITS)
        return ((sum shr 8) + sum shr 8 shr PRECISION_BITS).toByte()
    }

    private companion object {
        const val PRECISION_BITS = 7
    }
}
