package dev.edgetag.tagger

/** `thresholds.json`: from which score on a tag is set, for each variant. */
internal class Thresholds(private val byVariant: Map<String, Map<String, Float>>) {
    /**
     * Returns a variant's thresholds in the order of [tags], each in 0..1.
     *
     * @throws BundleException one is missing.
     */
    fun of(variant: String, tags: List<String>): List<Float> {
        val thresholds = byVariant[variant]
            ?: throw BundleException("thresholds.json has none for the variant \"$variant\"")
        return tags.map { tag ->
            thresholds[tag] ?: throw BundleException("thresholds.json has none for the tag \"$tag\" of \"$variant\"")
        }
    }

    companion object {
        /**
         * Reads `thresholds.json`.
         *
         * @throws BundleException it is no such file.
         */
        fun parse(text: String): Thresholds = bundleFile("thresholds.json") {
            StrictJson.read(text) { fields ->
                fields.requireSchema("edgetag.bundle-thresholds/1.0")
                val variants = fields.fields("thresholds")
                Thresholds(variants.names.associateWith { read(variants.fields(it)) })
            }
        }

        private fun read(fields: JsonFields): Map<String, Float> = fields.names.associateWith { tag ->
            val value = fields.number(tag)
            if (value !in 0.0..1.0) throw JsonException("the threshold of $tag must be in 0..1, and is $value")
            value.toFloat()
        }
    }
}
