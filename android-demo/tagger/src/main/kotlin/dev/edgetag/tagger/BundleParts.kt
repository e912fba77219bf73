package dev.edgetag.tagger

/** Whether the parts of a bundle fit each other, whoever made it: what Python asks of every bundle, too. */
internal class BundleParts(private val bundle: TaggerBundle) {
    private val manifest = bundle.manifest
    private val variants = manifest.variants.map { it.name }

    /** Throws [BundleException] where what an app reads does not fit. */
    fun checkWhatIsRead(thresholds: Thresholds) {
        if (bundle.labels.map { it.tag } != manifest.tags) throw BundleException("labels.json has other tags than $MANIFEST")
        if (bundle.contract.inputSize != manifest.inputSize) {
            throw BundleException("preprocessing.json and $MANIFEST differ in input_size")
        }
        for (name in variants) thresholds.of(name, manifest.tags)
    }

    /** Throws [BundleException] where a part of a whole bundle does not fit, is missing, or is none of a bundle. */
    fun checkWhole(golden: Golden, thresholds: Thresholds) {
        checkNames(golden)
        if (bundle.text("labels.txt") != manifest.tags.joinToString("") { it + "\n" }) {
            throw BundleException("labels.txt has other tags than $MANIFEST")
        }
        if (!thresholds.areOf(variants, manifest.tags)) {
            throw BundleException("thresholds.json is not for the manifest's variants and tags")
        }
        checkGolden(golden)
    }

    private fun checkNames(golden: Golden) {
        val pictures = golden.pictures.map { it.file }
        if (pictures.toSet().size != pictures.size || pictures.any { !it.startsWith("golden-") }) {
            throw BundleException("golden.json: its pictures' names are wrong")
        }
        val wanted = ALWAYS + pictures + manifest.variants.map { it.file } + listOfNotNull(golden.maps)
        (wanted - manifest.files.keys).firstOrNull()?.let { throw BundleException("the bundle has no $it") }
        (manifest.files.keys - wanted - ATTRIBUTION).firstOrNull()?.let { throw BundleException("$it is no part of a bundle") }
        for (picture in pictures) {
            if (manifest.files.getValue(picture).sizeBytes > MOST_PICTURE_BYTES) {
                throw BundleException("$picture is over $MOST_PICTURE_BYTES bytes; this is refused")
            }
        }
    }

    private fun checkGolden(golden: Golden) {
        val expected = golden.expected
        expected.firstOrNull { it.variant !in variants }?.let {
            throw BundleException("golden.json: there is no variant \"${it.variant.take(40)}\"")
        }
        if (expected.distinctBy { it.variant to it.family }.size != expected.size) {
            throw BundleException("golden.json: a variant has a family twice")
        }
        variants.firstOrNull { name -> expected.none { it.variant == name } }?.let {
            throw BundleException("golden.json expects nothing of \"$it\"")
        }
        val bytes = manifest.files.getValue(golden.inputs).sizeBytes
        if (bytes != golden.count.toLong() * golden.inputBytes) {
            throw BundleException("${golden.inputs} has $bytes bytes, not those of ${golden.count} inputs")
        }
        checkMaps(golden)
    }

    private fun checkMaps(golden: Golden) {
        for (known in golden.expected) {
            val maps = known.maps ?: continue
            val explain = manifest.variant(known.variant).explain
            if (maps.height != explain?.height || maps.width != explain.width) {
                throw BundleException("golden.json: ${known.variant} has maps of another size than $MANIFEST says")
            }
        }
        if ((golden.maps == null) == golden.expected.any { it.maps != null }) {
            throw BundleException("golden.json: maps does not fit what is expected")
        }
        bundle.goldenMaps(golden)
    }

    private companion object {
        val ALWAYS = setOf(
            "manifest.schema.json", "labels.txt", "labels.json", "thresholds.json", "preprocessing.json",
            "golden.json", "golden-inputs.bin", "model-card.md", "verdict.json",
        )
        const val ATTRIBUTION = "attribution.md"
        const val MOST_PICTURE_BYTES = 2_000_000
    }
}
