package dev.edgetag.tagger

import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.io.File

/** The released bundle on a real TensorFlow Lite, from picture files to tags and heat maps. */
class DemoBundleTest {
    @TempDir
    lateinit var folder: File

    private val bundle = TaggerBundle.open(ZipSource(demoBundle()))

    @Test
    fun `every variant gives the golden scores of a family`() {
        for (variant in bundle.manifest.variants) open(variant) { engine ->
            val result = SelfTest.run(bundle, variant, engine)
            tell("${bundle.title} ${variant.name} on ${engine.name} ${engine.version}: ${result.summary}")
            assertTrue(result.passed, result.summary)
        }
    }

    @Test
    fun `pictures decoded here become the golden inputs, bit for bit`() {
        val golden = bundle.golden()
        val inputs = bundle.goldenInputs(golden)
        val lossless = golden.pictures.count { it.lossless }
        assertTrue(lossless >= golden.count / 2, "only $lossless of ${golden.count} pictures are lossless")
        for (expected in golden.pictures) {
            val input = ByteArray(golden.inputBytes).also(inputs::get)
            val picture = picture(expected.file)
            assertEquals(expected.width to expected.height, picture.width to picture.height)
            if (expected.lossless) assertArrayEquals(input, Letterbox(bundle.contract).fit(picture).rgb, expected.file)
        }
    }

    @Test
    fun `tags are set by the variant's thresholds, the surest first`() {
        val golden = bundle.golden()
        val variant = bundle.manifest.variants.first()
        open(variant) { engine ->
            val tagger = Tagger(bundle, variant, engine)
            val family = SelfTest.run(bundle, variant, engine).family
            val known = golden.expected.first { it.variant == variant.name && it.family == family }
            val thresholds = bundle.thresholds(variant.name)
            for (index in 0 until golden.count) {
                val tagging = tagger.tag(picture(golden.pictures[index].file))
                val scores = known.scores[index]
                val expected = bundle.labels.filter { scores[it.index].toFloat() >= thresholds[it.index] }.map { it.tag }
                assertEquals(expected.toSet(), tagging.tags.map { it.label.tag }.toSet())
                assertEquals(tagging.tags.sortedByDescending { it.score }, tagging.tags)
            }
        }
    }

    @Test
    fun `a variant explains what the manifest says, and its maps average to its scores`() {
        val golden = bundle.golden()
        for (variant in bundle.manifest.variants) open(variant) { engine ->
            assertEquals(variant.explain?.let { listOf(1, it.height, it.width, bundle.labels.size) }, engine.maps?.shape)
            if (engine.maps == null) return@open
            val runner = Runner(engine, bundle.contract, bundle.labels.size)
            val inputs = bundle.goldenInputs(golden)
            repeat(golden.count) { assertExplained(engine, runner, ByteArray(golden.inputBytes).also(inputs::get)) }
        }
    }

    @Test
    fun `heat maps of a picture have its size and the model's cells`() {
        val picture = picture(bundle.golden().pictures[0].file)
        for (variant in bundle.manifest.variants) open(variant) { engine ->
            val tagger = Tagger(bundle, variant, engine)
            val maps = tagger.explain(picture).maps
            assertEquals(if (tagger.explains) bundle.manifest.tags.toSet() else emptySet(), maps.keys)
            for (map in maps.values) {
                assertEquals(variant.explain, MapSize("explain", map.height, map.width))
                assertEquals(picture.bounds, map.picture)
                assertTrue(map.values.all { it in 0f..1f })
            }
        }
    }

    private fun open(variant: Variant, use: (Engine) -> Unit) =
        DesktopEngineFactory.open(bundle.model(variant.name), EngineOptions()).use(use)

    private fun picture(name: String): Picture {
        val content = bundle.bytes(name)
        val file = File(folder, name)
        file.writeBytes(ByteArray(content.remaining()).also(content::get))
        return DesktopDecoder(PictureLimits(50_000_000)).decode(file, bundle.contract)
    }
}
