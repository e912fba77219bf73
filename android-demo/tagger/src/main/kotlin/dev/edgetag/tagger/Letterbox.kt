package dev.edgetag.tagger

/** Fits pictures into the square that a model takes, keeping their aspect ratio. */
public class Letterbox(private val contract: Contract) {
    /**
     * Returns where a picture lies in the input square.
     *
     * The longer side becomes the square's; the shorter is rounded half up and is at least 1.
     *
     * @param width of the picture, in pixels.
     */
    public fun contentBox(width: Int, height: Int): Box {
        val scaledWidth = scaled(width, maxOf(width, height))
        val scaledHeight = scaled(height, maxOf(width, height))
        val (left, top) = when (contract.anchor) {
            Anchor.CENTER -> (contract.inputSize - scaledWidth) / 2 to (contract.inputSize - scaledHeight) / 2
            Anchor.TOP_LEFT -> 0 to 0
        }
        return Box(left, top, left + scaledWidth, top + scaledHeight)
    }

    private fun scaled(side: Int, longer: Int): Int =
        ((2L * side * contract.inputSize + longer) / (2L * longer)).toInt().coerceAtLeast(1)

    /**
     * Returns the input square: the picture resized, with bars of the contract's fill.
     *
     * @throws PictureException the memory does not suffice.
     */
    public fun fit(picture: Picture): Picture {
        val box = contentBox(picture.width, picture.height)
        val content = Resampling.resize(picture, box.width, box.height, contract.filter)
        if (box.width == contract.inputSize && box.height == contract.inputSize) return content
        val square = Picture.blank(contract.inputSize, contract.inputSize)
        fill(square.rgb)
        for (y in 0 until box.height) {
            val from = y * box.width * Picture.CHANNELS
            val to = ((box.top + y) * contract.inputSize + box.left) * Picture.CHANNELS
            content.rgb.copyInto(square.rgb, to, from, from + box.width * Picture.CHANNELS)
        }
        return square
    }

    private fun fill(rgb: ByteArray) {
        for (at in rgb.indices step Picture.CHANNELS) {
            rgb[at] = contract.fill.red.toByte()
            rgb[at + 1] = contract.fill.green.toByte()
            rgb[at + 2] = contract.fill.blue.toByte()
        }
    }
}
