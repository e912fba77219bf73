package dev.edgetag.tagger

/**
 * Which pictures are decoded, and how large, judged by their headers alone.
 *
 * @property mostPixels decoded pixels (width × height) that fit into memory.
 * @property refusedPixels a header that claims more is refused: no camera makes such pictures.
 */
public data class PictureLimits(val mostPixels: Long, val refusedPixels: Long = 1_000_000_000L) {
    init {
        require(mostPixels >= 1) { "$mostPixels pixels" }
    }

    /**
     * Returns by how much to shrink a picture while decoding it: 1, or a power of two for a large one,
     * as `BitmapFactory.Options.inSampleSize` takes it.
     *
     * A picture decoded with more than 1 is not that of the golden path any more: its scores are near
     * those of the whole picture, not the same.
     *
     * @param width by the header, in pixels.
     * @throws PictureException the header claims no pixels, or more than [refusedPixels].
     */
    public fun sampleSize(width: Int, height: Int): Int {
        if (width < 1 || height < 1) throw PictureException("this picture cannot be decoded: it has no size")
        val pixels = width.toLong() * height
        if (pixels > refusedPixels) {
            throw PictureException("this picture claims to have ${width}x$height pixels, more than can be decoded")
        }
        var sample = 1
        while (pixels / sample / sample > mostPixels) sample *= 2
        return sample
    }

    public companion object {
        /**
         * Returns limits for a heap.
         *
         * A pixel takes 3 bytes as RGB and 3 once more to turn it upright; half of the heap is left for
         * everything else. The decoded bitmap lies outside of the heap from Android 8 on. Pillow's
         * contract refuses pictures over 50 million pixels.
         *
         * @param heapBytes such as `Runtime.getRuntime().maxMemory()`.
         */
        public fun ofHeap(heapBytes: Long): PictureLimits =
            PictureLimits(mostPixels = (heapBytes / 2 / BYTES_A_PIXEL).coerceIn(1, CONTRACT_PIXELS))

        private const val BYTES_A_PIXEL = 6
        private const val CONTRACT_PIXELS = 50_000_000L
    }
}

/**
 * Runs something on one picture; running out of memory there is that picture's error alone.
 *
 * @throws PictureException as [work] does, or the memory does not suffice.
 */
public inline fun <T> onePicture(work: () -> T): T = try {
    work()
} catch (error: OutOfMemoryError) {
    throw PictureException("this picture is too large for this app's memory", error)
}
