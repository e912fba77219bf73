package dev.edgetag.tagger

import kotlinx.serialization.json.JsonElement
import java.nio.ByteBuffer
import java.nio.ByteOrder

/**
 * `golden.json`: inputs with the scores that validation saw for them.
 *
 * @property inputs file of the inputs: `[count, size, size, 3]` uint8, letterboxed, before scaling.
 * @property count how many.
 * @property size height and width of each, in pixels.
 * @property pictures the pictures that they were made from, in the same order.
 * @property maps file of the known heat maps, null without any; see [cells].
 */
public data class Golden(
    val inputs: String,
    val count: Int,
    val size: Int,
    val pictures: List<GoldenPicture>,
    val expected: List<GoldenScores>,
    val maps: String? = null,
) {
    /** Bytes of one input. */
    public val inputBytes: Int get() = size * size * Picture.CHANNELS

    /**
     * Returns the known heat maps of each of [expected], `[count][height, width, tags]` after the sigmoid, null where
     * it has none.
     *
     * @param content of the file [maps]: float32, little-endian, one after another.
     * @throws BundleException it has another size, or a cell is none of 0..1.
     */
    internal fun cells(content: ByteBuffer, tags: Int): List<List<FloatArray>?> {
        val sizes = expected.map { it.maps?.let { maps -> maps.height.toLong() * maps.width * tags } ?: 0 }
        val wanted = sizes.sum() * count * Float.SIZE_BYTES
        if (content.remaining().toLong() != wanted) {
            throw BundleException("$maps has ${content.remaining()} bytes, not the $wanted of its maps")
        }
        val floats = content.duplicate().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer()
        return expected.zip(sizes) { known, size ->
            if (known.maps == null) null else List(count) { FloatArray(size.toInt()).also(floats::get).also(::requireShares) }
        }
    }

    private fun requireShares(cells: FloatArray) {
        if (cells.any { it !in 0f..1f }) throw BundleException("$maps has a cell outside 0..1")
    }

    public companion object {
        /**
         * Reads `golden.json`.
         *
         * @param tags how many scores each input has.
         * @throws BundleException it is no such file.
         */
        public fun parse(text: String, tags: Int): Golden =
            bundleFile("golden.json") { StrictJson.read(text) { read(it, tags) } }

        private fun read(fields: JsonFields, tags: Int): Golden {
            fields.requireSchema("edgetag.golden/1.1")
            fields.requireOnly("schema", "inputs", "shape", "pictures", "expected", "maps")
            val shape = fields.list("shape") { it, place -> StrictJson.whole(it, place, 1L..1024L).toInt() }
            if (shape.size != 4 || shape[0] > MOST_PICTURES || shape[1] != shape[2] || shape[3] != Picture.CHANNELS) {
                throw JsonException("shape must be [n, size, size, 3] with at most $MOST_PICTURES pictures, and is $shape")
            }
            val pictures = fields.list("pictures", GoldenPicture.Companion::read)
            if (pictures.size != shape[0]) throw JsonException("pictures has ${pictures.size}, and shape ${shape[0]}")
            return Golden(
                inputs = fields.choice("inputs", mapOf(INPUTS to INPUTS)),
                count = shape[0],
                size = shape[1],
                pictures = pictures,
                expected = fields.list("expected") { it, place -> GoldenScores.read(it, place, shape[0], tags) },
                maps = if (fields.has("maps")) fields.choice("maps", mapOf(MAPS to MAPS)) else null,
            )
        }

        private const val INPUTS = "golden-inputs.bin"
        private const val MAPS = "golden-maps.bin"
        private const val MOST_PICTURES = 16
    }
}

/**
 * The picture of a golden input.
 *
 * @property file the picture itself, in the bundle.
 * @property width upright, in pixels.
 * @property lossless every decoder reads it alike, so that its pixels must be the golden input's.
 */
public data class GoldenPicture(val file: String, val width: Int, val height: Int, val lossless: Boolean) {
    internal companion object {
        fun read(element: JsonElement, place: String): GoldenPicture {
            val fields = StrictJson.fields(element, place)
            fields.requireOnly("file", "width", "height", "lossless")
            return GoldenPicture(
                FileDigest.fileName(fields.text("file")),
                fields.whole("width", SIZES),
                fields.whole("height", SIZES),
                fields.flag("lossless"),
            )
        }

        private val SIZES = 1..100_000
    }
}

/**
 * What a family of kernels gives for the golden inputs.
 *
 * @property family such as `litert`, `tflite-runtime`, `tflite-runtime-reference`.
 * @property runtime what computed the scores, with its [version].
 * @property tolerance the largest difference of a score that is still the same family.
 * @property scores `[count][tags]`, in 0..1.
 * @property maps null where the variant makes none there.
 */
public data class GoldenScores(
    val variant: String,
    val family: String,
    val runtime: String,
    val version: String,
    val tolerance: Double,
    val scores: List<List<Double>>,
    val maps: GoldenMaps? = null,
) {
    internal companion object {
        fun read(element: JsonElement, place: String, count: Int, tags: Int): GoldenScores {
            val fields = StrictJson.fields(element, place)
            fields.requireOnly("variant", "family", "runtime", "version", "tolerance", "scores", "maps")
            val scores = fields.list("scores") { row, at ->
                StrictJson.list(row, at).mapIndexed { i, value -> StrictJson.share(value, "$at[$i]") }
            }
            if (scores.size != count || scores.any { it.size != tags }) {
                throw JsonException("$place.scores must be $count lists of $tags scores")
            }
            return GoldenScores(
                fields.text("variant"), fields.choice("family", FAMILIES), fields.text("runtime"), fields.text("version"),
                StrictJson.share(fields["tolerance"], "$place.tolerance"), scores,
                if (fields.has("maps")) GoldenMaps.read(fields.fields("maps"), "$place.maps") else null,
            )
        }

        private val FAMILIES = listOf("litert", "tflite-runtime", "tflite-runtime-reference").associateWith { it }
    }
}

/**
 * Known heat maps of the golden inputs, which lie in a file of their own.
 *
 * @property height in cells.
 * @property width in cells.
 * @property tolerance the largest difference of a cell that is still the same family.
 */
public data class GoldenMaps(val height: Int, val width: Int, val tolerance: Double) {
    internal companion object {
        fun read(fields: JsonFields, place: String): GoldenMaps {
            fields.requireOnly("height", "width", "tolerance")
            return GoldenMaps(
                fields.whole("height", 1..1024), fields.whole("width", 1..1024),
                StrictJson.share(fields["tolerance"], "$place.tolerance"),
            )
        }
    }
}
