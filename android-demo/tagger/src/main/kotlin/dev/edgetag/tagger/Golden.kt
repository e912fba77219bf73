package dev.edgetag.tagger

import kotlinx.serialization.json.JsonElement

/**
 * `golden.json`: inputs with the scores that validation saw for them.
 *
 * @property inputs file of the inputs: `[count, size, size, 3]` uint8, letterboxed, before scaling.
 * @property count how many.
 * @property size height and width of each, in pixels.
 * @property pictures the pictures that they were made from, in the same order.
 */
public data class Golden(
    val inputs: String,
    val count: Int,
    val size: Int,
    val pictures: List<GoldenPicture>,
    val expected: List<GoldenScores>,
) {
    /** Bytes of one input. */
    public val inputBytes: Int get() = size * size * Picture.CHANNELS

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
            fields.requireSchema("edgetag.golden/1.0")
            fields.requireOnly("schema", "inputs", "shape", "pictures", "expected")
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
            )
        }

        private const val INPUTS = "golden-inputs.bin"
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
 */
public data class GoldenScores(
    val variant: String,
    val family: String,
    val runtime: String,
    val version: String,
    val tolerance: Double,
    val scores: List<List<Double>>,
) {
    internal companion object {
        fun read(element: JsonElement, place: String, count: Int, tags: Int): GoldenScores {
            val fields = StrictJson.fields(element, place)
            fields.requireOnly("variant", "family", "runtime", "version", "tolerance", "scores")
            val scores = fields.list("scores") { row, at ->
                StrictJson.list(row, at).mapIndexed { i, value -> StrictJson.share(value, "$at[$i]") }
            }
            if (scores.size != count || scores.any { it.size != tags }) {
                throw JsonException("$place.scores must be $count lists of $tags scores")
            }
            return GoldenScores(
                fields.text("variant"), fields.choice("family", FAMILIES), fields.text("runtime"), fields.text("version"),
                StrictJson.share(fields["tolerance"], "$place.tolerance"), scores,
            )
        }

        private val FAMILIES = listOf("litert", "tflite-runtime", "tflite-runtime-reference").associateWith { it }
    }
}
