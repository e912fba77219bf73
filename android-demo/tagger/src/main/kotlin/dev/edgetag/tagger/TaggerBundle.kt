package dev.edgetag.tagger

import java.io.FileNotFoundException
import java.io.IOException
import java.nio.ByteBuffer
import java.nio.charset.CharacterCodingException
import java.security.MessageDigest

/**
 * A bundle whose bytes are those that its manifest states.
 *
 * Small files are checked when it is opened; models and golden inputs each time they are asked for.
 *
 * @property manifest what the bundle is and what it holds.
 * @property manifestSha256 the digest of the manifest's file, in hexadecimal.
 */
public class TaggerBundle private constructor(
    private val source: BundleSource,
    public val manifest: Manifest,
    public val manifestSha256: String,
) {
    /** From a picture to the models' input. */
    public val contract: Contract

    /** The tags, in the order of the scores. */
    public val labels: Labels
    private val thresholds: Thresholds

    init {
        val extra = source.packed.orEmpty() - manifest.files.keys - MANIFEST
        if (extra.isNotEmpty()) throw BundleException("${source.description}: ${extra.first()} is not in $MANIFEST")
        for (name in manifest.files.keys) if (!isLarge(name)) bytes(name)
        contract = Contract.parse(text("preprocessing.json"))
        labels = Labels.parse(text("labels.json"))
        thresholds = Thresholds.parse(text("thresholds.json"))
        val parts = BundleParts(this)
        parts.checkWhatIsRead(thresholds)
        if (source.packed != null) parts.checkWhole(golden(), thresholds)
    }

    /** Name and version, for people. */
    public val title: String get() = "${manifest.name} ${manifest.version}"

    /** Returns a variant's thresholds, in the order of [labels]. */
    public fun thresholds(variant: String): List<Float> = thresholds.of(variant, manifest.tags)

    /**
     * Returns a variant's model, its digest just checked: direct, read-only use, position 0.
     *
     * @throws BundleException there is none, it cannot be read, or a byte of it has changed.
     */
    public fun model(variant: String): ByteBuffer = bytes(manifest.variant(variant).file)

    /**
     * Returns the golden inputs and scores.
     *
     * @throws BundleException they cannot be read, or a byte of them has changed.
     */
    public fun golden(): Golden {
        val golden = Golden.parse(text("golden.json"), manifest.tags.size)
        if (golden.size != manifest.inputSize) throw BundleException("golden.json and manifest.json differ in size")
        return golden
    }

    /** Returns the bytes of the golden inputs, `[count, size, size, 3]` uint8. */
    public fun goldenInputs(golden: Golden): ByteBuffer {
        val inputs = bytes(golden.inputs)
        if (inputs.remaining().toLong() != golden.count.toLong() * golden.inputBytes) {
            throw BundleException("${golden.inputs} has ${inputs.remaining()} bytes, not those of ${golden.count} inputs")
        }
        return inputs
    }

    /** Returns the known heat maps of each of [Golden.expected]; see [Golden.cells]. */
    internal fun goldenMaps(golden: Golden): List<List<FloatArray>?> =
        golden.cells(golden.maps?.let(::bytes) ?: ByteBuffer.allocate(0), manifest.tags.size)

    /**
     * Returns a text file of the bundle, such as `model-card.md`.
     *
     * @throws BundleException there is none, it cannot be read, or a byte of it has changed.
     */
    public fun text(name: String): String = decode(name, bytes(name))

    /**
     * Returns any file of the bundle, its digest just checked.
     *
     * @throws BundleException there is none, it cannot be read, or a byte of it has changed.
     */
    public fun bytes(name: String): ByteBuffer {
        val expected = manifest.files[name] ?: throw BundleException("the bundle's manifest lists no $name")
        val content = read(source, name)
        if (content.remaining().toLong() != expected.sizeBytes || sha256(content) != expected.sha256) {
            throw BundleException(
                "$name in ${source.description} is not the file that the bundle's manifest describes: " +
                    "it was changed or damaged. Put the bundle in place again.",
            )
        }
        return content
    }

    /**
     * Checks every file now, models and golden inputs too, which are otherwise checked when they are used.
     *
     * @throws BundleException one is missing, or a byte of it has changed.
     */
    public fun requireWhole() {
        for (name in manifest.files.keys) bytes(name)
    }

    /**
     * Checks that the model scores the tags that the app was built for.
     *
     * @throws BundleException it scores others, or in another order.
     */
    public fun requireTags(expected: List<String>) {
        val found = manifest.tags
        if (found == expected) return
        val reason = when {
            found.toSet() == expected.toSet() -> "the same tags in another order"
            else -> {
                val missing = (expected - found.toSet()).take(SHOWN).joinToString().ifEmpty { "none" }
                val added = (found - expected.toSet()).take(SHOWN).joinToString().ifEmpty { "none" }
                "other tags (missing: $missing; not expected: $added)"
            }
        }
        throw BundleException("$title scores $reason than this app was built for. Build the app again with this bundle.")
    }

    public companion object {
        private const val SHOWN = 5

        /**
         * Opens a bundle.
         *
         * @param manifestSha256 what the manifest's own digest must be, such as the constant in the
         *   generated `Tags.kt`; null where nothing is known about it.
         *   Digests show damage alone: who made a bundle shows its signature, see [BundleSignature].
         * @throws BundleException it is no bundle, or a byte of it has changed.
         */
        public fun open(source: BundleSource, manifestSha256: String? = null): TaggerBundle {
            val content = read(source, MANIFEST)
            val digest = sha256(content)
            if (manifestSha256 != null && digest != manifestSha256) {
                throw BundleException(
                    "$MANIFEST in ${source.description} is not the one that this app was built with. " +
                        "Put the bundle in place again.",
                )
            }
            val text = decode(MANIFEST, content)
            if (source.packed != null) Manifest.requireCanonical(text)
            return TaggerBundle(source, Manifest.parse(text), digest)
        }

        private fun isLarge(name: String) = name.endsWith(".tflite") || name.endsWith(".bin")

        private fun read(source: BundleSource, name: String): ByteBuffer = try {
            source.read(name)
        } catch (error: FileNotFoundException) {
            throw BundleException("${source.description} has no $name", error)
        } catch (error: IOException) {
            throw BundleException("$name in ${source.description} cannot be read: ${error.message}", error)
        }

        private fun decode(name: String, content: ByteBuffer): String = try {
            Charsets.UTF_8.newDecoder().decode(content.duplicate()).toString()
        } catch (error: CharacterCodingException) {
            throw BundleException("$name is no UTF-8 text", error)
        }
    }
}

internal const val MANIFEST = "manifest.json"

/** Returns the SHA-256 of a buffer from position to limit, in hexadecimal. */
public fun sha256(content: ByteBuffer): String {
    val digest = MessageDigest.getInstance("SHA-256")
    digest.update(content.duplicate())
    return digest.digest().joinToString("") { "%02x".format(it) }
}
