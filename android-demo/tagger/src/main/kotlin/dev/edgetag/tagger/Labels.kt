package dev.edgetag.tagger

/**
 * A tag, as people see it.
 *
 * @property index its place among the model's scores.
 * @property sensitive pictures with it get a mosaic.
 */
public data class Label(
    val index: Int,
    val tag: String,
    val english: String,
    val japanese: String,
    val sensitive: Boolean,
)

/** `labels.json`: the tags in the order of the model's scores. */
public class Labels(private val labels: List<Label>) : List<Label> by labels {
    private val byTag = labels.associateBy { it.tag }

    /** Returns the label of a tag, or null. */
    public fun of(tag: String): Label? = byTag[tag]

    public companion object {
        /**
         * Reads `labels.json`.
         *
         * @throws BundleException it is no such file.
         */
        public fun parse(text: String): Labels = bundleFile("labels.json") {
            StrictJson.read(text) { fields ->
                fields.requireSchema("edgetag.labels/1.0")
                fields.requireOnly("schema", "labels")
                val labels = Labels(read(fields))
                requireDistinct(labels.map { it.tag }, "labels")
                labels
            }
        }

        private fun read(fields: JsonFields): List<Label> {
            var index = 0
            return fields.list("labels") { element, place ->
                val label = StrictJson.fields(element, place)
                label.requireOnly("tag", "en", "ja", "sensitive")
                Label(index++, label.text("tag"), label.text("en"), label.text("ja"), label.flag("sensitive"))
            }
        }
    }
}
