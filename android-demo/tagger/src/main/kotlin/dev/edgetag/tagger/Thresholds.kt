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

    /** Whether there are thresholds for each of these variants and tags, and no others. */
    fun areOf(variants: List<String>, tags: List<String>): Boolean =
        byVariant.keys == variants.toSet() && byVariant.values.all { it.keys == tags.toSet() }

    companion object {
        /**
         * Reads `thresholds.json`.
         *
         * @throws BundleException it is no such file.
         */
        fun parse(text: String): Thresholds = bundleFile("thresholds.json") {
            StrictJson.read(text) { fields ->
                fields.requireSchema("edgetag.bundle-thresholds/1.0")
                fields.requireOnly("schema", "thresholds")
                val variants = fields.fields("thresholds")
                Thresholds(variants.names.associateWith { read(variants.fields(it)) })
            }
        }

        private fun read(fields: JsonFields): Map<String, Float> = fields.names.associateWith { tag ->
            StrictJson.share(fields[tag], "the threshold of $tag").toFloat()
        }
    }
}
