package dev.edgetag.tagger

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test

class JsonTest {
    private val contract = """{"input_size": 96, "color_space": "RGB", "anchor": "center", "fill": [0, 0, 0],
        "background": [255, 255, 255], "filter": "bilinear", "mean": 127.0, "std": 128.0}"""

    @Test
    fun `a contract is read as it is written`() = assertEquals(Contract(96), Contract.parse(contract))

    @Test
    fun `what is wrong in a contract is said by its place`() {
        val mistakes = listOf(
            Triple("\"mean\": 127.0", "\"mean\": NaN", "mean must be a number"),
            Triple("\"mean\": 127.0", "\"mean\": 1e999", "mean must be a finite number"),
            Triple("\"mean\": 127.0", "\"mean\": \"127\"", "mean must be a number"),
            Triple("\"mean\": 127.0, ", "", "mean is missing"),
            Triple("\"std\": 128.0", "\"std\": 0", "std must be above 0"),
            Triple("96", "96.5", "input_size must be a whole number"),
            Triple("96", "100000", "input_size must be in 32..1024"),
            Triple("[0, 0, 0]", "[0, 0]", "fill must have 3 parts"),
            Triple("[0, 0, 0]", "[0, 0, 256]", "fill[2] must be in 0..255"),
            Triple("\"center\"", "\"left\"", "must be one of center, top_left"),
            Triple("\"bilinear\"", "\"hamming\"", "must be one of nearest, box, bilinear, bicubic, lanczos"),
            Triple("\"RGB\"", "\"BGR\"", "color_space"),
        )
        for ((from, to, told) in mistakes) {
            assertFails(BundleException::class.java, "preprocessing.json", told) { Contract.parse(contract.replace(from, to)) }
        }
    }

    @Test
    fun `what is no JSON object is refused`() {
        for (text in listOf("", "[]", "null", "{", "{\"a\": }", "[".repeat(100_000), "\u0000", "{\"input_size\": 96")) {
            assertFails(BundleException::class.java, "preprocessing.json") { Contract.parse(text) }
        }
    }

    @Test
    fun `files of another schema or major version are refused, of another minor one not`() {
        val labels = """{"schema": "edgetag.labels/%s", "labels": [{"tag": "cat", "en": "Cat", "ja": "猫", "sensitive": false}]}"""
        assertEquals(listOf(Label(0, "cat", "Cat", "猫", false)), Labels.parse(labels.format("1.0")).toList())
        assertEquals(1, Labels.parse(labels.format("1.7")).size)
        for (version in listOf("2.0", "10.0", "", "1")) {
            assertFails(BundleException::class.java, "labels.json", "schema") { Labels.parse(labels.format(version)) }
        }
    }

    @Test
    fun `manifests cannot name files outside the bundle`() {
        val manifest = """{"schema": "edgetag.manifest/2.1", "name": "n", "version": "1.0.0", "tags": ["cat"], "input_size": 96,
            "variants": [{"variant": "a", "file": "%1${'$'}s", "sha256": "$DIGEST", "size_bytes": 1, "input_type": "uint8",
            "output_type": "uint8", "min_runtime_version": "", "verdict": "pass", "explain": null}],
            "recipe_sha256": "", "versions": {}, "files": [{"name": "%1${'$'}s", "sha256": "%2${'$'}s", "size_bytes": 1}]}"""
        assertEquals("a.tflite", Manifest.parse(manifest.format("a.tflite", DIGEST)).variants[0].file)
        for (name in listOf("../a.tflite", "/etc/passwd", "a/b", ".hidden", "", "a\\\\b")) {
            assertFails(BundleException::class.java, "no name of a file") { Manifest.parse(manifest.format(name, DIGEST)) }
        }
        assertFails(BundleException::class.java, "another digest") {
            Manifest.parse(manifest.format("a.tflite", DIGEST.replace('0', '1')))
        }
    }

    @Test
    fun `a manifest says what a model was held against, and an older one says nothing`() {
        fun manifest(more: String) = Manifest.parse(
            """{"schema": "edgetag.manifest/2.2", "name": "n", "version": "1.0.0", "tags": ["cat"], "input_size": 96,
            "variants": [{"variant": "a", "file": "a.tflite", "sha256": "$DIGEST", "size_bytes": 1, "input_type": "uint8",
            "output_type": "uint8", "min_runtime_version": "", "verdict": "pass", "explain": null$more}],
            "recipe_sha256": "", "versions": {}, "files": [{"name": "a.tflite", "sha256": "$DIGEST", "size_bytes": 1}]}""",
        ).variants[0].limits
        val limit = """{"budget": "max_ap_drop", "runtime": "litert", "tag": "cat", "unit": "points", "limit": "1.00",
            "measured": "−0.10", "interval": ["−0.40", "0.20"], "verdict": "undecided"}"""
        assertEquals(null, manifest(""))
        assertEquals(emptyList<JudgedLimit>(), manifest(""", "limits": []"""))
        assertEquals(
            listOf(JudgedLimit("max_ap_drop", "litert", "cat", "points", "1.00", "−0.10", "−0.40" to "0.20", "undecided")),
            manifest(""", "limits": [$limit]"""),
        )
        val mistakes = listOf(
            Triple("max_ap_drop", "Max AP", "budget"), Triple("litert", "", "runtime"), Triple("\"cat\"", "\"dog\"", "no tag"),
            Triple("points", "miles", "unit"), Triple("1.00", "a lot", "limit"), Triple("0.20", "0.20]", "interval"),
            Triple("[\"−0.40\", ", "[", "interval"), Triple("undecided", "maybe", "verdict"),
        )
        for ((from, to, told) in mistakes) {
            assertFails(BundleException::class.java, "manifest.json", told) { manifest(""", "limits": [${limit.replace(from, to)}]""") }
        }
    }

    @Test
    fun `thresholds outside 0 to 1 are refused, and missing ones named`() {
        val text = """{"schema": "edgetag.bundle-thresholds/1.0", "thresholds": {"int8": {"cat": %s}}}"""
        val thresholds = Thresholds.parse(text.format("0.25"))
        assertEquals(listOf(0.25f), thresholds.of("int8", listOf("cat")))
        assertFails(BundleException::class.java, "\"dog\"") { thresholds.of("int8", listOf("cat", "dog")) }
        assertFails(BundleException::class.java, "\"fp32\"") { thresholds.of("fp32", listOf("cat")) }
        for (value in listOf("1.5", "-0.1", "NaN", "null", "true")) {
            assertFails(BundleException::class.java, "cat") { Thresholds.parse(text.format(value)) }
        }
    }

    private companion object {
        val DIGEST = "0".repeat(64)
    }
}
