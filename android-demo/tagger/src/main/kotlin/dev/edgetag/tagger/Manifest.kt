package dev.edgetag.tagger

import kotlinx.serialization.json.JsonElement

/**
 * `manifest.json`: what a bundle holds.
 *
 * @property tags names in the order of the model's scores.
 * @property inputSize height and width of the input, in pixels.
 * @property variants the models; the first is the default.
 * @property files every other file of the bundle, by name.
 * @property version three numbers, compared as SemVer does.
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
        public fun parse(text: String): Manifest = bundleFile(MANIFEST) { StrictJson.read(text, ::read) }

        /**
         * Refuses a manifest that is not written as edgetag writes it, such as with a key twice, which
         * readers could take for different ones.
         */
        internal fun requireCanonical(text: String) {
            if (bundleFile(MANIFEST) { StrictJson.rewritten(text) } != text) {
                throw BundleException("$MANIFEST is not written as edgetag writes it; this is refused.")
            }
        }

        private fun read(fields: JsonFields): Manifest {
            fields.requireSchema("edgetag.manifest/2.2")
            fields.requireKeys(
                "schema", "name", "version", "tags", "input_size", "variants", "recipe_sha256", "versions", "files",
            )
            fields.text("recipe_sha256")
            fields.fields("versions").let { versions -> versions.names.forEach(versions::text) }
            val files = fields.list("files", FileDigest.Companion::read)
            requireDistinct(files.map { it.name }, "files")
            val manifest = Manifest(
                name = fields.matching("name", NAME),
                version = fields.matching("version", VERSION),
                tags = fields.list("tags", StrictJson::text),
                inputSize = fields.whole("input_size", Contract.INPUT_SIZES),
                variants = fields.list("variants") { it, place -> Variant.read(StrictJson.fields(it, place)) },
                files = files.associateBy { it.name },
            )
            check(manifest)
            return manifest
        }

        private fun check(manifest: Manifest) {
            if (manifest.tags.isEmpty()) throw JsonException("tags is empty")
            requireDistinct(manifest.tags, "tags")
            for (tag in manifest.tags) if (!isTag(tag)) throw JsonException("\"${tag.take(60)}\" is not a tag name")
            if (manifest.variants.isEmpty()) throw JsonException("variants is empty")
            requireDistinct(manifest.variants.map { it.name }, "variants")
            for (variant in manifest.variants) {
                val listed = manifest.files[variant.file]
                if (variant.file != variant.name + ".tflite" || listed == null) {
                    throw JsonException("\"${variant.name.take(60)}\" has no model file of its name")
                }
                if (listed.sha256 != variant.sha256 || listed.sizeBytes != variant.sizeBytes) {
                    throw JsonException("${variant.name}: files has another digest for ${variant.file}")
                }
                val tag = variant.limits.orEmpty().mapNotNull { it.tag }.firstOrNull { it !in manifest.tags }
                if (tag != null) throw JsonException("${variant.name} has a limit of \"${tag.take(60)}\", which is no tag")
            }
        }

        /** Code points that this system does not know yet may be tags of a newer one. */
        private fun isTag(tag: String): Boolean = tag.isNotEmpty() && tag == tag.trim() &&
            tag.codePoints().noneMatch { it != ' '.code && Character.getType(it).toByte() in INVISIBLE }

        private val INVISIBLE = setOf(
            Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE,
            Character.SPACE_SEPARATOR, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR,
        )
        private val NAME = Regex("[a-z0-9][a-z0-9_-]*")
        private val VERSION = Regex("[0-9]+\\.[0-9]+\\.[0-9]+")
    }
}

/**
 * One model of a bundle.
 *
 * @property file its file, such as `int8.tflite`.
 * @property minRuntimeVersion the oldest TensorFlow Lite that runs it, empty where that is unknown.
 * @property verdict what validation said: `pass`, `fail`, `undecided`, `not judged`.
 * @property explain size of its heat maps, null where it makes none.
 * @property limits what validation held it against: every limit over all tags, and those of single tags that it does
 * not keep. Null in bundles up to `edgetag.manifest/2.1`, which do not say.
 */
public data class Variant(
    val name: String,
    val file: String,
    val sha256: String,
    val sizeBytes: Long,
    val inputType: String,
    val outputType: String,
    val minRuntimeVersion: String,
    val verdict: String,
    val explain: MapSize?,
    val limits: List<JudgedLimit>?,
) {
    internal companion object {
        fun read(fields: JsonFields): Variant {
            val saysLimits = "limits" in fields.names // from 2.2 on
            val keys = listOf(
                "variant", "file", "sha256", "size_bytes", "input_type", "output_type", "min_runtime_version",
                "verdict", "explain",
            )
            fields.requireKeys(*(if (saysLimits) keys + "limits" else keys).toTypedArray())
            return Variant(
                name = fields.text("variant"),
                file = FileDigest.fileName(fields.text("file")),
                sha256 = FileDigest.digest(fields.text("sha256")),
                sizeBytes = fields.long("size_bytes", FileDigest.SIZES),
                inputType = fields.choice("input_type", TYPES),
                outputType = fields.choice("output_type", TYPES),
                minRuntimeVersion = fields.text("min_runtime_version"),
                verdict = fields.choice("verdict", VERDICTS),
                explain = if (fields.has("explain")) MapSize.read(fields.fields("explain")) else null,
                limits = if (saysLimits) fields.list("limits", JudgedLimit::read) else null,
            )
        }

        private val TYPES = listOf("float32", "uint8", "int8", "int16").associateWith { it }
        val VERDICTS = listOf("pass", "fail", "undecided", "not judged").associateWith { it }
    }
}

/**
 * One limit that validation held a model against, in the figures of the model card, such as `−1.17` or `3.97 MB`.
 *
 * @property budget the limit's name in recipes, such as `max_map_drop`.
 * @property runtime where it was judged; `any` for a size.
 * @property tag null where it is over all tags.
 * @property unit of all figures: `points`, `percent`, `fraction`, `ms`, `ratio`, `logits`, `bytes` or `instructions`.
 * @property measured null where the data could not tell.
 * @property interval both ends of that of [measured], null where that is no estimate.
 * @property verdict what it came to: `pass`, `fail`, `undecided`, `not judged`.
 */
public data class JudgedLimit(
    val budget: String,
    val runtime: String,
    val tag: String?,
    val unit: String,
    val limit: String,
    val measured: String?,
    val interval: Pair<String, String>?,
    val verdict: String,
) {
    internal companion object {
        fun read(element: JsonElement, place: String): JudgedLimit {
            val fields = StrictJson.fields(element, place)
            fields.requireKeys("budget", "runtime", "tag", "unit", "limit", "measured", "interval", "verdict")
            return JudgedLimit(
                budget = fields.matching("budget", BUDGET),
                runtime = fields.matching("runtime", RUNTIME),
                tag = if (fields.has("tag")) fields.text("tag") else null,
                unit = fields.choice("unit", UNITS),
                limit = fields.matching("limit", FIGURE),
                measured = if (fields.has("measured")) fields.matching("measured", FIGURE) else null,
                interval = if (fields.has("interval")) ends(fields) else null,
                verdict = fields.choice("verdict", Variant.VERDICTS),
            )
        }

        private fun ends(fields: JsonFields): Pair<String, String> {
            val ends = fields.list("interval", StrictJson::text)
            if (ends.size != 2 || !ends.all(FIGURE::matches)) throw JsonException("interval is not two figures")
            return ends[0] to ends[1]
        }

        private val BUDGET = Regex("[a-z][a-z0-9_]{0,59}")
        private val RUNTIME = Regex("[a-z][a-z0-9.-]{0,59}")
        private val FIGURE = Regex("−?[0-9][0-9,.]{0,30}( [A-Za-z]{1,10})?")
        private val UNITS = listOf("points", "percent", "fraction", "ms", "ratio", "logits", "bytes", "instructions")
            .associateWith { it }
    }
}

/** Size of heat maps, in cells, and the signature that makes them. */
public data class MapSize(val signature: String, val height: Int, val width: Int) {
    internal companion object {
        fun read(fields: JsonFields): MapSize {
            fields.requireKeys("signature", "height", "width")
            val signature = fields.choice("signature", mapOf("explain" to "explain"))
            return MapSize(signature, fields.whole("height", 1..1024), fields.whole("width", 1..1024))
        }
    }
}

/** A file, with what its bytes must be. */
public data class FileDigest(val name: String, val sha256: String, val sizeBytes: Long) {
    internal companion object {
        fun read(element: JsonElement, place: String): FileDigest {
            val fields = StrictJson.fields(element, place)
            fields.requireKeys("name", "sha256", "size_bytes")
            return FileDigest(
                fileName(fields.text("name")), digest(fields.text("sha256")), fields.long("size_bytes", SIZES),
            )
        }

        val SIZES = 0L..Int.MAX_VALUE

        fun isFileName(name: String): Boolean = FILE_NAME.matches(name)

        fun fileName(name: String): String {
            if (!isFileName(name)) throw JsonException("\"${name.take(60)}\" is no name of a file in a bundle")
            return name
        }

        fun digest(text: String): String {
            if (!DIGEST.matches(text)) throw JsonException("\"${text.take(70)}\" is no SHA-256")
            return text
        }

        private val FILE_NAME = Regex("[a-z0-9][a-z0-9_-]*(\\.[a-z0-9]+)+")
        private val DIGEST = Regex("[0-9a-f]{64}")
    }
}

internal fun requireDistinct(names: List<String>, what: String) {
    val seen = HashSet<String>()
    for (name in names) if (!seen.add(name)) throw JsonException("$what has \"${name.take(60)}\" twice")
}
