package dev.edgetag.tagger

/** Where a picture lies in the input square. */
public enum class Anchor { CENTER, TOP_LEFT }

/**
 * The preprocessing contract, `preprocessing.json`: what turns a picture into a model's input.
 *
 * @property inputSize height and width of the input, in pixels.
 * @property anchor where the picture lies in the square.
 * @property fill colour of the bars beside the picture.
 * @property background colour under transparent pixels.
 * @property filter how pictures are resized.
 * @property mean subtracted from each value of a pixel, 0..255.
 * @property std divides the difference; a float model takes `(pixel - mean) / std`.
 */
public data class Contract(
    val inputSize: Int,
    val anchor: Anchor = Anchor.CENTER,
    val fill: Rgb = Rgb(0, 0, 0),
    val background: Rgb = Rgb(255, 255, 255),
    val filter: Filter = Filter.BILINEAR,
    val mean: Float = 127f,
    val std: Float = 128f,
) {
    public companion object {
        /**
         * Reads `preprocessing.json`.
         *
         * @throws BundleException it is no such contract.
         */
        public fun parse(text: String): Contract = bundleFile("preprocessing.json") { StrictJson.read(text, ::read) }

        internal fun read(fields: JsonFields): Contract {
            fields.requireOnly("input_size", "color_space", "anchor", "fill", "background", "filter", "mean", "std")
            fields.choice("color_space", mapOf("RGB" to Unit))
            val std = fields.number("std").toFloat()
            if (!(std > 0f) || std.isInfinite()) throw JsonException("std must be above 0, and is $std")
            return Contract(
                inputSize = fields.whole("input_size", INPUT_SIZES),
                anchor = fields.choice("anchor", Anchor.values().associateBy { it.name.lowercase() }),
                fill = color(fields, "fill"),
                background = color(fields, "background"),
                filter = fields.choice("filter", Filter.values().associateBy { it.name.lowercase() }),
                mean = fields.number("mean").toFloat(),
                std = std,
            )
        }

        private fun color(fields: JsonFields, name: String): Rgb {
            val parts = fields.list(name) { part, place -> StrictJson.whole(part, place, 0L..255L).toInt() }
            if (parts.size != Picture.CHANNELS) throw JsonException("$name must have 3 parts, and has ${parts.size}")
            return Rgb(parts[0], parts[1], parts[2])
        }

        internal val INPUT_SIZES = 32..1024
    }
}

/** Runs a reader of one file of a bundle; its errors name the file. */
internal inline fun <T> bundleFile(name: String, read: () -> T): T = try {
    read()
} catch (error: JsonException) {
    throw BundleException("$name: ${error.message}. The bundle is damaged, or made for another version of this app.", error)
}
