package dev.edgetag.tagger

/** Hides parts of pictures. */
public object Mosaic {
    /**
     * Returns which parts of a picture a mosaic must cover: those where a sensitive tag that is set is
     * seen, or the whole picture where the model makes no maps or they point nowhere.
     *
     * @param level from which evidence on a cell of a heat map counts, as a share of the peak's: see
     * [HeatMap.threshold].
     */
    public fun boxes(tagging: Tagging, picture: Box, level: Float = 0.1f): List<Box> =
        tagging.tags.filter { it.label.sensitive }.flatMap { score ->
            val map = tagging.maps[score.label.tag]
            map?.boxes(map.threshold(level)).orEmpty().ifEmpty { listOf(picture) }
        }.distinct()

    /**
     * Returns a picture with [boxes] in tiles of one colour each, their mean.
     *
     * @param boxes of those that reach beyond the picture, what lies within counts.
     * @param tile side of a tile, in pixels.
     * @throws PictureException the memory does not suffice.
     */
    public fun pixelate(picture: Picture, boxes: List<Box>, tile: Int = defaultTile(picture.bounds)): Picture {
        require(tile >= 1) { "tiles of $tile pixels" }
        val rgb = Picture.allocate(picture.width, picture.height) { picture.rgb.copyOf() }
        val result = Picture(picture.width, picture.height, rgb)
        for (box in boxes) {
            val (right, bottom) = minOf(box.right, picture.width) to minOf(box.bottom, picture.height)
            for (top in maxOf(box.top, 0) until bottom step tile) {
                for (left in maxOf(box.left, 0) until right step tile) {
                    paint(result, Box(left, top, minOf(left + tile, right), minOf(top + tile, bottom)))
                }
            }
        }
        return result
    }

    /**
     * Tiles of which 12 lie along the longer side: too coarse to recognize anything by. They have 2 pixels at least:
     * a tile of one is the pixel itself.
     */
    public fun defaultTile(picture: Box): Int = (maxOf(picture.width, picture.height) / 12).coerceAtLeast(2)

    private fun paint(picture: Picture, tile: Box) {
        val sums = LongArray(Picture.CHANNELS)
        forEachPixel(picture, tile) { at -> for (c in sums.indices) sums[c] += picture.rgb[at + c].unsigned().toLong() }
        val pixels = tile.width.toLong() * tile.height
        val mean = ByteArray(Picture.CHANNELS) { ((sums[it] + pixels / 2) / pixels).toByte() }
        forEachPixel(picture, tile) { at -> mean.copyInto(picture.rgb, at) }
    }

    private inline fun forEachPixel(picture: Picture, box: Box, visit: (Int) -> Unit) {
        for (y in box.top until box.bottom) {
            for (x in box.left until box.right) visit((y * picture.width + x) * Picture.CHANNELS)
        }
    }
}
