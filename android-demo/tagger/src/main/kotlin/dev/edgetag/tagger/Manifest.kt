package dev.edgetag.tagger

import kotlinx.serialization.json.JsonElement

/**
 * `manifest.json`: what a bundle holds.
 *
 * @property tags names in the order of the model's scores.
 * @property inputSize height and width of the input, in pixels.
 * @property variants the models; the first is the default.
 * @property files every other file of the bundle, by name.
 */
public data class Manifest(
    val name: String,
    val version: String,
    val tags: List<String>,
    val inputSize: Int,
    val variants: List<Variant>,
    val files: Map<String, FileDigest>,
) {
    /**
     * Returns a variant by its name.
     *
     * @throws BundleException there is none of this name.
     */
    public fun variant(name: String): Variant = variants.firstOrNull { it.name == name }
        ?: throw BundleException("the bundle has no variant \"$name\", only ${variants.joinToString { it.name }}")

    public companion object {
        /**
         * Reads `manifest.json`.
         *
         * @throws BundleException it is no such manifest, or contradicts itself.
         */
        public fun parse(text: String): Manifest = bundleFile("manifest.json") { StrictJson.read(text, ::read) }

        private fun read(fields: JsonFields): Manifest {
            fields.requireSchema("edgetag.manifest/2.0")
            val manifest = Manifest(
                name = fields.text("name"),
                version = fields.text("version"),
                tags = fields.list("tags", StrictJson::text),
                inputSize = fields.whole("input_size", Contract.INPUT_SIZES),
                variants = fields.list("variants") { it, place -> Variant.read(StrictJson.fields(it, place)) },
                files = fields.list("files", FileDigest.Companion::read).associateBy { it.name },
            )
            check(manifest)
            return manifest
        }

        private fun check(manifest: Manifest) {
            if (manifest.tags.isEmpty()) throw JsonException("tags is empty")
            requireDistinct(manifest.tags, "tags")
            if (manifest.variants.isEmpty()) throw JsonException("variants is empty")
            requireDistinct(manifest.variants.map { it.name }, "variants")
            for (variant in manifest.variants) {
                val listed = manifest.files[variant.file]
                if (listed?.sha256 != variant.sha256) {
                    throw JsonException("${variant.name}: files has another digest for ${variant.file}, or none")
                }
            }
        }
    }
}

/**
 * One model of a bundle.
 *
 * @property file its file, such as `int8.tflite`.
 * @property minRuntimeVersion the oldest TensorFlow Lite that runs it, empty where that is unknown.
 * @property verdict what validation said: `pass`, `fail`, `undecided`, `not judged`.
 * @property explain size of its heat maps, null where it makes none.
 */
public data class Variant(
    val name: String,
    val file: String,
    val sha256: String,
    val inputType: String,
    val outputType: String,
    val minRuntimeVersion: String,
    val verdict: String,
    val explain: MapSize?,
) {
    internal companion object {
        fun read(fields: JsonFields) = Variant(
            name = fields.text("variant"),
            file = FileDigest.fileName(fields.text("file")),
            sha256 = FileDigest.digest(fields.text("sha256")),
            inputType = fields.text("input_type"),
            outputType = fields.text("output_type"),
            minRuntimeVersion = if (fields.has("min_runtime_version")) fields.text("min_runtime_version") else "",
            verdict = fields.text("verdict"),
            explain = if (fields.has("explain")) MapSize.read(fields.fields("explain")) else null,
        )
    }
}

/** Size of heat maps, in cells, and the signature that makes them. */
public data class MapSize(val signature: String, val height: Int, val width: Int) {
    internal companion object {
        fun read(fields: JsonFields) =
            MapSize(fields.text("signature"), fields.whole("height", 1..1024), fields.whole("width", 1..1024))
    }
}

/** A file, with what its bytes must be. */
public data class FileDigest(val name: String, val sha256: String, val sizeBytes: Long) {
    internal companion object {
        fun read(element: JsonElement, place: String): FileDigest {
            val fields = StrictJson.fields(element, place)
            return FileDigest(
                fileName(fields.text("name")),
                digest(fields.text("sha256")),
                fields.long("size_bytes", 0L..Int.MAX_VALUE),
            )
        }

        fun fileName(name: String): String {
            if (!FILE_NAME.matches(name)) throw JsonException("\"${name.take(60)}\" is no name of a file in a bundle")
            return name
        }

        fun digest(text: String): String {
            if (!DIGEST.matches(text)) throw JsonException("\"${text.take(70)}\" is no SHA-256")
            return text
        }

        private val FILE_NAME = Regex("[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
        private val DIGEST = Regex("[0-9a-f]{64}")
    }
}

internal fun requireDistinct(names: List<String>, what: String) {
    val seen = HashSet<String>()
    for (name in names) if (!seen.add(name)) throw JsonException("$what has \"${name.take(60)}\" twice")
}
