package dev.edgetag.demo

import android.app.Activity
import android.content.Context
import android.content.Intent
import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.graphics.Canvas
import android.graphics.Color
import android.graphics.Rect
import android.net.Uri
import android.os.Looper
import android.provider.DocumentsContract
import android.provider.DocumentsContract.Document
import androidx.compose.ui.test.hasContentDescription
import androidx.compose.ui.test.hasScrollToNodeAction
import androidx.compose.ui.test.junit4.ComposeTestRule
import androidx.compose.ui.test.onNodeWithText
import androidx.compose.ui.test.performClick
import androidx.compose.ui.test.performScrollToNode
import androidx.core.content.FileProvider
import androidx.lifecycle.ViewModelProvider
import androidx.test.core.app.ActivityScenario
import dev.edgetag.tagger.BundleSource
import dev.edgetag.tagger.Clock
import dev.edgetag.tagger.DesktopEngineFactory
import dev.edgetag.tagger.Engine
import dev.edgetag.tagger.EngineFactory
import dev.edgetag.tagger.EngineOptions
import dev.edgetag.tagger.android.AssetSource
import java.io.ByteArrayInputStream
import java.io.ByteArrayOutputStream
import java.io.File
import java.io.InputStream
import java.nio.ByteBuffer
import kotlinx.coroutines.runBlocking
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.fakes.RoboCursor

/** The app on a phone or a tablet that is a JVM: what a person does with it, and what is seen then. */
class Phone(private val compose: ComposeTestRule) {
    private lateinit var scenario: ActivityScenario<MainActivity>
    private val context: Context get() = RuntimeEnvironment.getApplication()
    private var lent = 0

    /** The activity that is shown. */
    lateinit var activity: MainActivity
        private set

    /** What it shows. */
    val model: DemoModel get() = ViewModelProvider(activity)[DemoModel::class.java]

    /** Opens the app with a bundle and a key for later ones, as its icon does or as an intent says, and closes it after [body]. */
    fun use(
        intent: Intent = Intent(Intent.ACTION_MAIN),
        bundle: (Context) -> BundleSource = { AssetSource(it.assets) },
        key: String? = null,
        engines: EngineFactory = OneThread,
        body: (Phone) -> Unit,
    ) {
        Engines.bundle = bundle
        Engines.key = { key }
        Engines.linked = { engines }
        Engines.clock = SteadyClock()
        Engines.cores = 4
        forgetFolders()
        ActivityScenario.launch<MainActivity>(intent.setClass(context, MainActivity::class.java)).use {
            scenario = it
            scenario.onActivity { shown -> activity = shown }
            body(this)
        }
    }

    /** It keeps where files lie for as long as the process lives, and each test has a phone of its own. */
    private fun forgetFolders() {
        val kept = FileProvider::class.java.getDeclaredField("sCache").apply { isAccessible = true }
        (kept.get(null) as MutableMap<*, *>).clear()
    }

    /** Makes the activity anew, as turning the device does. */
    fun recreate() {
        scenario.recreate()
        scenario.onActivity { activity = it }
    }

    /** Waits until no work is under way. */
    fun settle() {
        val works = listOf(model.engineWork, model.pictureWork, model.folderWork, model.benchmarkWork, model.bundleWork)
        wait({ "the work does not end: ${works.map(::status)}" }) { works.none { it.state.value.isRunning } }
        compose.waitForIdle()
    }

    private fun wait(problem: () -> String, isOver: () -> Boolean) {
        var steps = 0
        do {
            shadowOf(Looper.getMainLooper()).idle()
            check(steps++ < MOST_STEPS) { problem() }
            Thread.sleep(STEP_MS) // Robolectric's own clock stands still
        } while (!isOver())
    }

    /** Returns what the work says, in the language of the device. */
    fun status(work: Work): String = work.state.value.status?.on(activity).orEmpty()

    /** Presses what has this text. */
    fun press(text: String) {
        compose.onNodeWithText(text).performClick()
        settle()
    }

    /** Scrolls to what screen readers call so, and presses it. */
    fun touch(name: String) {
        val wanted = hasContentDescription(name, substring = true)
        compose.onNode(hasScrollToNodeAction()).performScrollToNode(wanted)
        compose.onNode(wanted).performClick()
        settle()
    }

    /** Answers the app that waits for another one to choose a file. */
    fun choose(uri: Uri) {
        shadowOf(activity).receiveResult(nextIntent(), Activity.RESULT_OK, Intent().setData(uri))
        settle()
    }

    /** Tags a picture. */
    fun tag(bytes: ByteArray) = tag(lend(bytes))

    /** Tags what another app lends. */
    fun tag(uri: Uri) {
        settle()
        model.tag(uri)
        settle()
    }

    /** Lets the app read bytes under an address. */
    fun lend(bytes: ByteArray): Uri = Uri.parse("content://pictures/${lent++}").also { lend(it, bytes) }

    /** Lets the app read bytes without end. */
    fun lendEndless(): Uri = Uri.parse("content://endless").also {
        val zeros = object : InputStream() {
            override fun read() = 0

            override fun read(bytes: ByteArray, from: Int, count: Int) = count
        }
        shadowOf(context.contentResolver).registerInputStreamSupplier(it) { zeros }
    }

    /** Makes what is lent throw as Android's storage does for a file of a folder that is there no more. */
    fun delete(uri: Uri) = shadowOf(context.contentResolver).registerInputStreamSupplier(uri) {
        throw IllegalArgumentException("Failed to determine if it is child of the folder: Missing file")
    }

    private fun lend(uri: Uri, bytes: ByteArray) =
        shadowOf(context.contentResolver).registerInputStreamSupplier(uri) { ByteArrayInputStream(bytes) }

    /** Lets the app read a folder, whose files have names. */
    fun lendFolder(files: List<File>, name: (File) -> String = File::getName): Uri {
        val tree = DocumentsContract.buildTreeDocumentUri("com.example.documents", "holiday")
        val documents = RoboCursor()
        documents.setColumnNames(listOf(Document.COLUMN_DOCUMENT_ID, Document.COLUMN_DISPLAY_NAME, Document.COLUMN_MIME_TYPE))
        documents.setResults(files.map { arrayOf<Any>(it.name, name(it), "image/png") }.toTypedArray())
        shadowOf(context.contentResolver).setCursor(DocumentsContract.buildChildDocumentsUriUsingTree(tree, "holiday"), documents)
        for (file in files) lend(DocumentsContract.buildDocumentUriUsingTree(tree, file.name), file.readBytes())
        return tree
    }

    /** Shows a folder, tags its pictures, and waits until the grid has them all. */
    fun openFolder(tree: Uri) {
        settle()
        model.show(Place.FOLDER)
        model.folder.tag(tree)
        settle()
        val pictures = model.folder.folder.value?.pictures.orEmpty().filter { it.problem == null }
        runBlocking { for (picture in pictures) model.folder.thumbnail(picture.address) }
        // Cells may still wait for a reading of their own; those that are made anew take what is kept.
        for (place in listOf(Place.MODEL, Place.FOLDER)) {
            model.show(place)
            compose.waitForIdle()
        }
    }

    /** Returns what the app asked Android to start. */
    fun nextIntent(): Intent {
        wait({ "nothing is started" }) {
            compose.waitForIdle()
            shadowOf(activity).peekNextStartedActivity() != null
        }
        return shadowOf(activity).nextStartedActivity
    }

    /** Returns the pictures that the build gave. */
    fun pictures(): List<File> = File(System.getProperty("edgetag.pictures")!!).listFiles()!!.sorted()

    /** Returns a wide picture, so that a square crop is another one. */
    fun picture(): ByteArray {
        val given = BitmapFactory.decodeFile(pictures().first { it.name == SHOWN }.path)
        val wide = Bitmap.createBitmap(WIDTH, HEIGHT, Bitmap.Config.ARGB_8888)
        val canvas = Canvas(wide)
        canvas.drawColor(Color.WHITE)
        canvas.drawBitmap(given, null, Rect(WIDTH - HEIGHT, 0, WIDTH, HEIGHT), null)
        val out = ByteArrayOutputStream()
        wide.compress(Bitmap.CompressFormat.PNG, 100, out)
        return out.toByteArray()
    }

    /** Draws what is seen into `NAME.png`. */
    fun photograph(name: String) {
        compose.waitForIdle()
        val view = activity.window.decorView
        val bitmap = Bitmap.createBitmap(view.width, view.height, Bitmap.Config.ARGB_8888)
        view.draw(Canvas(bitmap))
        val screens = File(System.getProperty("edgetag.screens")!!)
        screens.mkdirs()
        File(screens, "$name.png").outputStream().use { bitmap.compress(Bitmap.CompressFormat.PNG, 100, it) }
    }

    private companion object {
        const val STEP_MS = 2L
        const val MOST_STEPS = 100_000
        const val SHOWN = "golden-13.png"
        const val WIDTH = 480
        const val HEIGHT = 320
    }
}

/** Threads that wait for each other would take most of the tests' time. */
internal object OneThread : EngineFactory {
    override fun open(model: ByteBuffer, options: EngineOptions): Engine =
        DesktopEngineFactory.open(model, options.copy(threads = 1))
}

/** The same latencies each time, so that pictures of them are comparable: from 2 to 4 ms. */
private class SteadyClock : Clock {
    private var calls = 0L
    private var now = 0L

    override fun nanos(): Long {
        calls++
        now += 2_000_000 + calls * 7919 % 2_000_000
        return now
    }
}
