package dev.edgetag.demo

import android.app.Activity
import android.content.Context
import android.content.Intent
import android.graphics.Rect
import android.net.Uri
import android.view.ViewGroup
import android.view.WindowManager
import android.widget.TextView
import androidx.compose.ui.semantics.SemanticsProperties
import androidx.compose.ui.semantics.getOrNull
import androidx.compose.ui.test.assertIsDisplayed
import androidx.compose.ui.test.assertIsNotEnabled
import androidx.compose.ui.test.hasClickAction
import androidx.compose.ui.test.hasContentDescription
import androidx.compose.ui.test.hasScrollToNodeAction
import androidx.compose.ui.test.hasText
import androidx.compose.ui.test.hasTextExactly
import androidx.compose.ui.test.junit4.v2.createEmptyComposeRule
import androidx.compose.ui.test.onNodeWithContentDescription
import androidx.compose.ui.test.onNodeWithText
import androidx.compose.ui.test.performClick
import androidx.compose.ui.test.performScrollTo
import androidx.compose.ui.test.performScrollToNode
import androidx.window.layout.FoldingFeature
import androidx.window.layout.WindowInfoTracker
import androidx.window.layout.WindowInfoTrackerDecorator
import androidx.window.layout.WindowLayoutInfo
import dev.edgetag.tagger.BundleSource
import dev.edgetag.tagger.Engine
import dev.edgetag.tagger.EngineException
import dev.edgetag.tagger.EngineFactory
import dev.edgetag.tagger.EngineOptions
import dev.edgetag.tagger.TensorInfo
import dev.edgetag.tagger.android.AssetSource
import dev.edgetag.tagger.sha256
import java.io.ByteArrayOutputStream
import java.io.File
import java.nio.ByteBuffer
import java.util.zip.CRC32
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.flowOf
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.json.JSONObject
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNull
import org.junit.Assert.assertSame
import org.junit.Assert.assertTrue
import org.junit.Assume.assumeTrue
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode
import org.robolectric.shadows.ShadowEnvironment

/** What the app's screens do, with the framework's own code and a real model. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], qualifiers = "w360dp-h720dp-mdpi")
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class ScreensTest {
    @get:Rule
    val folder = TemporaryFolder()

    @get:Rule
    val compose = createEmptyComposeRule()

    private val phone by lazy { Phone(compose) }

    @Test
    fun `the self-test passes when the app opens, and is remembered`() = phone.use {
        it.settle()
        assertTrue(it.status(it.model.engineWork), "Self-test passed" in it.status(it.model.engineWork))
        assertTrue(File(it.activity.filesDir, "edgetag-self-tests").isFile)
    }

    @Test
    fun `a picture gets tags with scores and thresholds, and a heat map of the tag that is touched`() = phone.use {
        it.tag(phone.picture())
        val tagged = checkNotNull(it.model.picture.picture.value)
        assertEquals(20, tagged.tagging.scores.size)
        val surest = tagged.tagging.tags.first()
        it.touch(surest.label.english + ", above its threshold")
        assertEquals(surest.label.tag, it.model.picture.picture.value?.tag)
        assertNotNull(it.model.picture.picture.value?.drawing?.heat)
        compose.onNodeWithContentDescription("The picture with the heat map of ${surest.label.english}").assertExists()
    }

    @Test
    fun `a screen reader is promised a heat map where the model makes one, and only there`() {
        for ((engines, promised) in listOf(OneThread to true, NoMaps to false)) phone.use(engines = engines) {
            it.tag(phone.picture())
            val tag = checkNotNull(it.model.picture.picture.value).tagging.tags.first()
            val row = hasContentDescription("${tag.label.english}, above its threshold", substring = true)
            compose.onNode(hasScrollToNodeAction()).performScrollToNode(row)
            val spoken = compose.onNode(row).fetchSemanticsNode().config[SemanticsProperties.ContentDescription].single()
            assertEquals(spoken, promised, "Shows its heat map" in spoken)
        }
    }

    @Test
    fun `a crop is square, and beside the one around the middle`() = phone.use {
        it.tag(phone.picture())
        it.press("Crop")
        val drawing = checkNotNull(it.model.picture.picture.value).drawing
        assertEquals(drawing.bitmap.height, drawing.bitmap.width)
        assertTrue("another place", !drawing.bitmap.sameAs(checkNotNull(drawing.centre)))
        compose.onNodeWithText("Around the middle").assertIsDisplayed()
    }

    @Test
    fun `a mosaic covers nothing where nothing is sensitive`() = phone.use {
        it.tag(phone.picture())
        val before = checkNotNull(it.model.picture.picture.value).drawing.bitmap
        it.press("Mosaic")
        assertTrue(before.sameAs(checkNotNull(it.model.picture.picture.value).drawing.bitmap))
        compose.onNodeWithContentDescription("The picture; no sensitive tag is above its threshold").assertExists()
    }

    @Test
    fun `a picture that another app shares is tagged`() {
        val uri = phone.lend(phone.picture())
        val shared = Intent(Intent.ACTION_SEND).setType("image/png").putExtra(Intent.EXTRA_STREAM, uri)
        phone.use(shared) {
            it.settle()
            assertEquals(uri, it.model.picture.picture.value?.uri)
        }
    }

    @Test
    fun `what is shown is shared as a picture, with its tags as text`() = phone.use {
        it.tag(phone.picture())
        compose.onNodeWithContentDescription("Share").performClick()
        val sent = checkNotNull(it.nextIntent().getParcelableExtra(Intent.EXTRA_INTENT, Intent::class.java))
        assertTrue(checkNotNull(sent.getStringExtra(Intent.EXTRA_TEXT)).startsWith("Tags above"))
        assertTrue(File(it.activity.cacheDir, "shared/tagged.png").length() > 0)
    }

    @Test
    fun `turning the device keeps tags, drawing and screen`() = phone.use {
        it.tag(phone.picture())
        val before = it.model.picture.picture.value
        it.model.show(Place.MODEL)
        RuntimeEnvironment.setQualifiers("+land")
        it.recreate()
        it.settle()
        assertSame(before, it.model.picture.picture.value)
        compose.onNodeWithText("The bundle").performScrollTo().assertIsDisplayed()
    }

    @Test
    fun `going back leads to the picture`() = phone.use {
        it.settle()
        it.press("Model")
        it.activity.runOnUiThread { it.activity.onBackPressedDispatcher.onBackPressed() }
        compose.waitForIdle()
        assertEquals(Place.PICTURE, it.model.place.value)
    }

    @Test
    fun `a file that is no picture gets a message and the next is tagged`() = phone.use {
        it.tag(phone.lend("no picture".toByteArray()))
        assertTrue(it.status(it.model.pictureWork), "cannot be read" in it.status(it.model.pictureWork))
        assertNull(it.model.picture.picture.value)
        it.tag(phone.lend(hugePng()))
        assertTrue(it.status(it.model.pictureWork), it.model.pictureWork.state.value.isProblem)
        it.tag(phone.lend(phone.picture()))
        assertNotNull(it.model.picture.picture.value)
    }

    /** A header that claims 60,000 x 60,000 pixels, and nothing behind it. */
    private fun hugePng(): ByteArray {
        val side = 60_000
        val chunk = ByteBuffer.allocate(17).put("IHDR".toByteArray()).putInt(side).putInt(side)
            .put(byteArrayOf(8, 2, 0, 0, 0)).array()
        val crc = CRC32().apply { update(chunk) }.value.toInt()
        val signature = byteArrayOf(0x89.toByte(), 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A)
        return ByteBuffer.allocate(33).put(signature).putInt(13).put(chunk).putInt(crc).array()
    }

    @Test
    fun `the GPU is reported as not used where there is none`() = phone.use {
        it.settle()
        it.press("Model")
        it.press("GPU")
        val status = it.status(it.model.engineWork)
        assertTrue(status, "The GPU was not used" in status && "Self-test passed" in status)
    }

    @Test
    fun `the model's screen says what validation held it against, each limit as one text`() = phone.use(bundle = ::JudgedSource) {
        it.settle()
        it.press("Model")
        for ((title, outcome) in listOf(
            "Drop of mAP, litert" to "Kept: −1.17 points (between −2.62 and 0.46); allowed: at most 2.00 points",
            "Drop of recall, Face, tflite-runtime" to "Undecided: not measured; allowed: at most 5.00 points",
            "Share of changed decisions, litert" to "Broken: 1.50 %; allowed: at most 1.00 %",
            "Size" to "Kept: 3.97 MB; allowed: at most 4.00 MB",
            "min_love, litert" to "Not judged: 0.5; asked for: at least 0.9",
        )) {
            compose.onNode(hasTextExactly(title, outcome)).performScrollTo().assertIsDisplayed()
        }
    }

    @Test
    @Config(qualifiers = "ja-w360dp-h720dp-mdpi")
    fun `limits are in Japanese where the phone is`() = phone.use(bundle = ::JudgedSource) {
        it.settle()
        it.press("モデル")
        val outcome = "基準内: −1.17 ポイント（−2.62 から 0.46）、基準は 2.00 ポイント以下"
        compose.onNode(hasTextExactly("mAP の低下、litert", outcome)).performScrollTo().assertIsDisplayed()
    }

    @Test
    fun `a later bundle that is signed is in use from then on, and says what it was held against`() {
        val key = later("key.pub").decodeToString()
        phone.use(key = key) {
            openBundle(it, later("later.zip"), later("later.zip.sig"))
            assertEquals("demo 9.0.0 is in use now.", it.status(it.model.bundleWork))
            assertEquals("9.0.0", it.model.open.value?.bundle?.manifest?.version)
            compose.onNode(hasTextExactly("Size against fp32", "Kept: 0.218; allowed: at most 0.300")).performScrollTo().assertIsDisplayed()
            it.tag(phone.picture())
            assertNotNull(it.model.picture.picture.value)
        }
        phone.use(key = key) {
            it.settle()
            assertEquals("9.0.0", it.model.open.value?.bundle?.manifest?.version)
        }
    }

    @Test
    fun `a later bundle that is refused says why, and the one in use stays`() = phone.use(key = later("key.pub").decodeToString()) {
        val signature = later("later.zip.sig")
        val changed = later("later.zip").also { bytes -> bytes[bytes.size / 2] = (bytes[bytes.size / 2] + 1).toByte() }
        for ((zip, told) in listOf(changed to "do not trust it", ByteArray(0) to "bundle.zip")) {
            openBundle(it, zip, signature)
            val status = it.status(it.model.bundleWork)
            assertTrue(status, status.startsWith("This bundle is not used: ") && told in status)
            assertTrue(it.model.open.value?.bundle?.manifest?.version != "9.0.0")
        }
        assertTrue("left", !File(it.activity.cacheDir, "bundle.zip").exists())
    }

    @Test
    fun `a later bundle without end can be cancelled, and leaves nothing`() = phone.use(key = later("key.pub").decodeToString()) {
        it.settle()
        it.model.install(it.lendEndless(), it.lend(later("later.zip.sig")))
        it.model.bundleWork.cancel()
        it.settle()
        assertEquals("Cancelled.", it.status(it.model.bundleWork))
        assertTrue("left", !File(it.activity.cacheDir, "bundle.zip").exists())
    }

    @Test
    @Config(qualifiers = "w1024dp-h720dp-mdpi")
    fun `where a hinge divides the window, no text lies across it`() = assertNoTextAcrossHinge()

    @Test
    @Config(qualifiers = "ar-ldrtl-w1024dp-h720dp-mdpi")
    fun `where a hinge divides the window of a reader from right to left, no text lies across it either`() =
        assertNoTextAcrossHinge()

    private fun assertNoTextAcrossHinge() {
        val hinge = Rect(500, 0, 540, 720)
        WindowInfoTracker.overrideDecorator(HingedWindow(hinge))
        try {
            phone.use {
                it.tag(phone.picture())
                it.openFolder(it.lendFolder(phone.pictures()))
                for (place in listOf(Place.PICTURE, Place.FOLDER, Place.MODEL)) {
                    it.model.show(place)
                    compose.waitForIdle()
                    val texts = compose.onAllNodes(hasText("", substring = true)).fetchSemanticsNodes().map { node -> node.boundsInWindow }
                    val (left, right) = texts.filter { text -> !text.isEmpty }.partition { text -> text.right <= hinge.left }
                    assertTrue("$place: $right", right.all { text -> text.left >= hinge.right })
                    if (place != Place.FOLDER) assertTrue("$place", left.isNotEmpty() && right.isNotEmpty())
                }
            }
        } finally {
            WindowInfoTracker.reset()
        }
    }

    @Test
    fun `an app without a key opens no later bundle`() = phone.use {
        it.settle()
        it.press("Model")
        compose.onNodeWithText("This app has no key", substring = true).performScrollTo().assertIsDisplayed()
        compose.onNodeWithText("Open a bundle…").assertIsNotEnabled()
    }

    private fun openBundle(phone: Phone, zip: ByteArray, signature: ByteArray) {
        phone.settle()
        phone.model.show(Place.MODEL)
        compose.waitForIdle()
        compose.onNodeWithText("Open a bundle…").performScrollTo().performClick()
        phone.choose(phone.lend(zip))
        phone.choose(phone.lend(signature))
    }

    /** Returns a file of those that the build gave for later bundles. */
    private fun later(name: String): ByteArray {
        val folder = System.getProperty("edgetag.later")
        assumeTrue("run_screens.py has no --later", folder != null)
        return File(folder, name).readBytes()
    }

    @Test
    fun `a folder is filtered by tags, corrected, and exported as a table that edgetag trains on`() = phone.use {
        val tree = it.lendFolder(phone.pictures())
        it.openFolder(tree)
        val tagged = checkNotNull(it.model.folder.folder.value)
        val (label, count) = tagged.counts().first()
        it.press("${label.english} $count")
        val corrected = tagged.showing(setOf(label.tag)).first()
        it.touch("${corrected.name}: ")
        compose.onNodeWithContentDescription("${label.english}: No").performScrollTo().performClick()
        it.settle()
        assertEquals(count - 1, it.model.folder.folder.value?.showing(setOf(label.tag))?.size)
        it.activity.runOnUiThread { it.activity.onBackPressedDispatcher.onBackPressed() }
        compose.waitForIdle()
        compose.onNodeWithText("1 picture corrected").assertExists()
        it.openFolder(tree)
        assertEquals("kept", Answer.NO, it.model.folder.folder.value?.corrections?.of(corrected.identity, label.tag))
        File(System.getProperty("edgetag.screens")!!, "corrections.csv").outputStream().use(it.model.folder::write)
    }

    @Test
    fun `a folder's picture that cannot be read is listed with its reason`() = phone.use {
        val broken = folder.newFile("a.png").apply { writeText("no picture") }
        it.openFolder(it.lendFolder(listOf(broken)))
        compose.onNodeWithText("1 picture, 1 not readable.").assertIsDisplayed()
        it.touch("a.png: not read")
        compose.onNodeWithText("this file is not a picture", substring = true).assertIsDisplayed()
    }

    @Test
    fun `pictures of one name, as a folder of no file system may have them, are both shown`() = phone.use {
        it.openFolder(it.lendFolder(phone.pictures().take(2)) { "same.png" })
        assertEquals(2, it.model.folder.folder.value?.pictures?.size)
        assertEquals(2, compose.onAllNodes(hasContentDescription("same.png: ", substring = true)).fetchSemanticsNodes().size)
    }

    @Test
    fun `what is said of a picture is not said of another one of its name`() = phone.use {
        val tree = it.lendFolder(phone.pictures().take(2)) { "same.png" }
        it.openFolder(tree)
        val (first, second) = checkNotNull(it.model.folder.folder.value).pictures
        val tag = first.scores.first().label.tag
        runBlocking { it.model.folder.correct(first, tag, Answer.NO) }
        it.openFolder(tree)
        val corrections = checkNotNull(it.model.folder.folder.value).corrections
        assertEquals(listOf(Answer.NO, Answer.UNKNOWN), listOf(first, second).map { picture -> corrections.of(picture.identity, tag) })
    }

    @Test
    fun `answers of an app that knew pictures by name alone are kept, by their bytes where the name says which`() = phone.use {
        val files = phone.pictures().take(3)
        val name = { file: File -> if (file == files[0]) "one.png" else "same.png" }
        val tree = it.lendFolder(files, name)
        it.openFolder(tree)
        val tag = checkNotNull(it.model.folder.folder.value).pictures.first().scores.first().label.tag
        val kept = File(it.activity.filesDir, "corrections/${sha256(ByteBuffer.wrap(tree.toString().toByteArray()))}.csv")
        checkNotNull(kept.parentFile).mkdirs()
        kept.writeText("path,$tag\none.png,1\nsame.png,0\n")
        it.openFolder(it.lendFolder(files, name))
        val folder = checkNotNull(it.model.folder.folder.value)
        val answers = folder.pictures.associate { picture -> picture.address to folder.corrections.of(picture.identity, tag) }
        assertEquals(1, answers.values.count { answer -> answer == Answer.YES })
        assertEquals(2, answers.values.count { answer -> answer == Answer.UNKNOWN })
        val one = folder.pictures.single { picture -> picture.name == "one.png" }
        assertEquals(sha256(ByteBuffer.wrap(files[0].readBytes())), one.identity)
        assertEquals(folder.corrections.toCsv(), kept.readText())
        assertTrue(kept.readText(), "one.png,${one.identity}," in kept.readText() && "same.png,," in kept.readText())
    }

    @Test
    fun `a picture that is deleted while its folder is shown is drawn no more, and ends nothing`() = phone.use {
        it.openFolder(it.lendFolder(phone.pictures().take(1)))
        val address = checkNotNull(it.model.folder.folder.value).pictures.single().address
        it.delete(Uri.parse(address))
        assertNull(runBlocking { it.model.folder.read(address, 64) })
    }

    @Test
    fun `corrections that follow each other at once are kept in their order, also where the screen is left`() = phone.use {
        val tree = it.lendFolder(phone.pictures().take(1))
        it.openFolder(tree)
        val picture = checkNotNull(it.model.folder.folder.value).pictures.single()
        val tag = picture.scores.first().label.tag
        val problems = runBlocking {
            val answers = List(50) { i -> if (i % 2 == 0) Answer.NO else Answer.YES }
            val first = answers.map { answer -> async { it.model.folder.correct(picture, tag, answer) } }.awaitAll()
            val last = launch(start = CoroutineStart.UNDISPATCHED) { it.model.folder.correct(picture, tag, Answer.NO) }
            last.cancelAndJoin()
            first
        }
        assertEquals(setOf(null), problems.toSet())
        it.openFolder(tree)
        assertEquals(Answer.NO, it.model.folder.folder.value?.corrections?.of(picture.identity, tag))
    }

    @Test
    fun `what cannot be written for want of room is said, and ends nothing`() = phone.use {
        it.openFolder(it.lendFolder(phone.pictures().take(1)))
        val picture = checkNotNull(it.model.folder.folder.value).pictures.single()
        File(it.activity.filesDir, "corrections").writeText("a file in place of the folder")
        File(it.activity.cacheDir, "shared").apply { deleteRecursively() }.writeText("likewise")
        val problems = runBlocking {
            listOf(
                it.model.folder.correct(picture, picture.scores.first().label.tag, Answer.YES),
                Shared.send(it.activity, "table.csv", Shared.CSV, write = it.model.folder::write),
            )
        }
        for (problem in problems) assertTrue("This could not be saved: " in problem?.on(it.activity).orEmpty())
    }

    @Test
    fun `a document that was longer has nothing of its old end when it is saved anew`() {
        // Its mode is Android's own for files, and for the documents of its providers.
        val document = folder.newFile("corrections.csv").apply { writeText("path,cat\na.png,1\nb.png,0\n") }
        val context = RuntimeEnvironment.getApplication()
        val words = runBlocking { Shared.save(context, Uri.fromFile(document)) { it.write("path,cat\n".toByteArray()) } }
        assertEquals("Saved.", words.on(context))
        assertEquals("path,cat\n", document.readText())
    }

    @Test
    fun `the benchmark measures engines in turn and is shared as JSON`() = phone.use {
        it.settle()
        it.press("Benchmark")
        it.press("Start")
        val report = it.model.benchmark.report.value
        assertEquals(listOf(1, 2, 4), report.measured.map { entry -> entry.options.threads })
        assertEquals(1, report.notMeasured.size)
        compose.onNodeWithContentDescription("Share").performClick()
        assertEquals(Intent.ACTION_CHOOSER, it.nextIntent().action)
        val json = File(it.activity.cacheDir, "shared/benchmark.json").readText()
        for (part in listOf("edgetag.phone-benchmark/2.0", "\"p99\"", "\"model_sha256\"", "\"sdk\": 35")) assertTrue(json, part in json)
    }

    @Test
    fun `no pictures are tagged while the benchmark measures`() = phone.use {
        it.settle()
        it.model.folder.tag(it.lendFolder(phone.pictures()))
        it.model.benchmark.measure()
        it.settle()
        assertEquals("Cancelled.", it.status(it.model.folderWork))
        assertEquals(3, it.model.benchmark.report.value.measured.size)
        it.model.benchmark.measure()
        it.model.tag(it.lend(phone.picture()))
        it.settle()
        assertEquals("Cancelled.", it.status(it.model.benchmarkWork))
    }

    @Test
    fun `each result of the benchmark has what was asked for, what ran, and why they differ`() = phone.use(engines = TwoThreads) {
        it.settle()
        it.press("Benchmark")
        it.press("Start")
        val written = ByteArrayOutputStream().also(it.model.benchmark::write).toString()
        val report = JSONObject(written)
        assertEquals(listOf("cpu 1 cpu ", "cpu 2 cpu "), ran(report, "results", "fell_back"))
        val gpu = "this build of TensorFlow Lite has no GPU delegate"
        val expected = listOf("cpu 4 null ${TwoThreads.REFUSAL}", "gpu 1 cpu $gpu")
        assertEquals(expected, ran(report, "not_measured", "reason"))
    }

    private fun ran(report: JSONObject, list: String, why: String): List<String> {
        val entries = report.getJSONArray(list)
        return (0 until entries.length()).map(entries::getJSONObject).map {
            listOf("requested_delegate", "threads", "delegate", why).joinToString(" ") { key -> it.get(key).toString() }
        }
    }

    @Test
    fun `a job over a folder writes scores and names what it cannot read`() = phone.use {
        it.settle()
        val pictures = folder.newFolder("pictures")
        File(pictures, "a.png").writeBytes(phone.picture())
        File(pictures, "b.png").writeText("no picture")
        val job = folder.newFile("job.json")
        job.writeText(
            """{"schema": "edgetag.phone-job/1.1", "pictures": "$pictures", "scores": "/x", "threads": 1, "runs": 3}""",
        )
        ShadowEnvironment.addExternalDir("storage") // Robolectric has none by itself
        val written = doJob(it.activity, job.path)
        assertTrue("$written", written.path.endsWith("Android/media/dev.edgetag.demo/job.scores.json"))
        val answer = written.readText()
        for (part in listOf("edgetag.phone-scores/1.1", "\"a.png\"", "\"error\"", "\"p99\"", "\"passed\": true")) {
            assertTrue(answer.take(2000), part.replace(" ", "") in answer.replace(" ", ""))
        }
    }

    @Test
    fun `the screen that is for jobs stays on and asks to be left alone`() {
        Robolectric.buildActivity(FrontActivity::class.java).setup().use {
            assertTrue(it.get().window.attributes.flags and WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON != 0)
            val content = it.get().findViewById<ViewGroup>(android.R.id.content)
            assertEquals(it.get().getString(R.string.headless_running), (content.getChildAt(0) as TextView).text)
        }
    }

    @Test
    @Config(qualifiers = "ja-w360dp-h720dp-mdpi", fontScale = 2f)
    fun `with letters of twice the size, in Japanese, all that is touched is large enough and has a name`() = phone.use {
        it.tag(phone.picture())
        for (place in Place.entries) {
            it.model.show(place)
            compose.waitForIdle()
            val touched = compose.onAllNodes(hasClickAction()).fetchSemanticsNodes().filter { node -> !node.boundsInRoot.isEmpty }
            assertTrue("$place", touched.size > 4)
            for (node in touched) {
                assertTrue("$place: ${node.touchBoundsInRoot} of ${node.config}", node.touchBoundsInRoot.height >= 48)
                val names = node.config.getOrNull(SemanticsProperties.ContentDescription).orEmpty() +
                    node.config.getOrNull(SemanticsProperties.Text).orEmpty().map { text -> text.text }
                assertTrue("$place: ${node.config}", names.any(String::isNotBlank))
            }
        }
        it.photograph("large-letters")
    }
}

/** What `androidx.window`'s own library for tests does, which CI does not get: a window with a hinge. */
private class HingedWindow(private val hinge: Rect) : WindowInfoTrackerDecorator {
    override fun decorate(tracker: WindowInfoTracker) = object : WindowInfoTracker {
        override fun windowLayoutInfo(activity: Activity) = flowOf(WindowLayoutInfo(listOf(Hinge(hinge))))
    }

    private class Hinge(override val bounds: Rect) : FoldingFeature {
        override val isSeparating = true
        override val occlusionType = FoldingFeature.OcclusionType.FULL
        override val orientation = FoldingFeature.Orientation.VERTICAL
        override val state = FoldingFeature.State.HALF_OPENED
    }
}

/** The real engine of a model that makes no heat maps. */
private object NoMaps : EngineFactory {
    override fun open(model: ByteBuffer, options: EngineOptions): Engine =
        object : Engine by OneThread.open(model, options) {
            override val maps: TensorInfo? = null
        }
}

/** The real engine, which refuses more than two threads. */
private object TwoThreads : EngineFactory {
    const val REFUSAL = "no more than 2 threads"

    override fun open(model: ByteBuffer, options: EngineOptions): Engine =
        if (options.threads > 2) throw EngineException(REFUSAL) else OneThread.open(model, options)
}

/** The released bundle as one would be that says what it was held against. */
private class JudgedSource(context: Context) : BundleSource {
    private val assets = AssetSource(context.assets)

    override val description get() = assets.description

    override fun read(name: String): ByteBuffer {
        val content = assets.read(name)
        if (name != "manifest.json") return content
        val text = Charsets.UTF_8.decode(content).toString()
        val judged = text.replaceFirst(EXPLAIN, "$0, \"limits\": [${LIMITS.joinToString()}]").toByteArray()
        return ByteBuffer.allocateDirect(judged.size).put(judged).flip()
    }

    private companion object {
        val EXPLAIN = Regex("\"explain\": (null|\\{[^}]*\\})")
        val LIMITS = listOf(
            limit("max_map_drop", "litert", "points", "2.00", "\"−1.17\"", "pass", interval = "[\"−2.62\", \"0.46\"]"),
            limit("max_recall_drop", "tflite-runtime", "points", "5.00", "null", "undecided", tag = "\"face\""),
            limit("max_flip_rate", "litert", "percent", "1.00", "\"1.50\"", "fail"),
            limit("max_size_bytes", "any", "bytes", "4.00 MB", "\"3.97 MB\"", "pass"),
            limit("min_love", "litert", "fraction", "0.9", "\"0.5\"", "not judged"),
        )

        fun limit(
            budget: String, runtime: String, unit: String, limit: String, measured: String, verdict: String,
            tag: String = "null", interval: String = "null",
        ) = """{"budget": "$budget", "runtime": "$runtime", "tag": $tag, "unit": "$unit", "limit": "$limit",
            "measured": $measured, "interval": $interval, "verdict": "$verdict"}"""
    }
}
