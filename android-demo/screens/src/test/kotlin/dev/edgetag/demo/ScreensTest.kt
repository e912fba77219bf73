package dev.edgetag.demo

import android.app.Activity
import android.content.Intent
import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.graphics.Canvas
import android.graphics.Color
import android.graphics.Rect
import android.net.Uri
import android.os.Looper
import android.view.View
import android.view.ViewGroup
import android.widget.Button
import android.widget.Spinner
import android.widget.TextView
import dev.edgetag.tagger.DesktopEngineFactory
import java.io.ByteArrayInputStream
import java.io.File
import java.io.FileInputStream
import java.io.InputStream
import java.nio.ByteBuffer
import java.util.zip.CRC32
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode
import org.robolectric.shadows.ShadowEnvironment

/** The app's own screens, with the framework's own code and drawing, and a real model. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], qualifiers = "w360dp-h1000dp-hdpi")
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class ScreensTest {
    @get:Rule
    val folder = TemporaryFolder()

    private lateinit var picture: File

    /** A wide picture, so that a square crop is another one. */
    @Before
    fun runOnThisMachine() {
        Engines.linked = { DesktopEngineFactory }
        val given = BitmapFactory.decodeFile(System.getProperty("edgetag.picture")!!)
        val wide = Bitmap.createBitmap(WIDTH, HEIGHT, Bitmap.Config.ARGB_8888)
        val canvas = Canvas(wide)
        canvas.drawColor(Color.WHITE)
        canvas.drawBitmap(given, null, Rect(WIDTH - HEIGHT, 0, WIDTH, HEIGHT), null)
        picture = folder.newFile("picture.png")
        picture.outputStream().use { wide.compress(Bitmap.CompressFormat.PNG, 100, it) }
    }

    private fun open(): ActivityController<PictureActivity> = Robolectric.buildActivity(PictureActivity::class.java).setup()

    private fun settle(activity: Activity) {
        val end = System.nanoTime() + 60_000_000_000
        do {
            Thread.sleep(20)
            shadowOf(Looper.getMainLooper()).idle()
            check(System.nanoTime() < end) { "the work does not end" }
        } while (activity.findViewById<View>(R.id.work_cancel).visibility == View.VISIBLE)
    }

    private fun pick(activity: PictureActivity, bytes: () -> InputStream) {
        val uri = Uri.parse("content://pictures/one")
        shadowOf(activity.contentResolver).registerInputStreamSupplier(uri) { bytes() }
        activity.findViewById<Button>(R.id.pick).performClick()
        val asked = shadowOf(activity).nextStartedActivityForResult
        shadowOf(activity).receiveResult(asked.intent, Activity.RESULT_OK, Intent().setData(uri))
        settle(activity)
    }

    private fun tagged(): ActivityController<PictureActivity> {
        val controller = open()
        settle(controller.get())
        pick(controller.get()) { FileInputStream(picture) }
        return controller
    }

    private fun text(activity: Activity, id: Int) = activity.findViewById<TextView>(id).text.toString()

    private fun tagTexts(activity: Activity): List<String> {
        val list = activity.findViewById<ViewGroup>(R.id.tags)
        return (0 until list.childCount).map { list.getChildAt(it).contentDescription.toString() }
    }

    private fun photograph(activity: Activity, name: String) {
        val view = activity.window.decorView
        val bitmap = Bitmap.createBitmap(view.width, view.height, Bitmap.Config.ARGB_8888)
        view.draw(Canvas(bitmap))
        val screens = File(System.getProperty("edgetag.screens")!!)
        screens.mkdirs()
        File(screens, "$name.png").outputStream().use { bitmap.compress(Bitmap.CompressFormat.PNG, 100, it) }
    }

    private fun show(activity: PictureActivity, what: Show) {
        activity.findViewById<Spinner>(R.id.show).setSelection(what.ordinal)
        shadowOf(Looper.getMainLooper()).idle()
        settle(activity)
    }

    private fun drawn(activity: PictureActivity) = checkNotNull(activity.findViewById<PictureView>(R.id.picture).drawing)

    @Test
    fun theSelfTestPassesWhenTheScreenOpens() {
        val activity = open().get()
        settle(activity)
        val status = text(activity, R.id.engine_status)
        assertTrue(status, "Self-test passed" in status)
        assertTrue("what passed is remembered", File(activity.filesDir, "edgetag-self-tests").isFile)
    }

    @Test
    fun aPictureGetsTagsWithScoresAndThresholds() {
        val activity = tagged().get()
        assertEquals(View.VISIBLE, activity.findViewById<View>(R.id.picture).visibility)
        assertEquals(20, tagTexts(activity).size)
        assertTrue(tagTexts(activity).all { "score" in it && "threshold" in it })
        val hasMaps = activity.findViewById<View>(R.id.note).visibility == View.GONE
        assertTrue(tagTexts(activity).all { ("Shows its heat map" in it) == hasMaps })
        photograph(activity, "picture")
    }

    @Test
    fun aChosenTagShowsItsHeatMapWhereTheModelHasMaps() {
        val activity = tagged().get()
        activity.findViewById<ViewGroup>(R.id.tags).getChildAt(1).performClick()
        settle(activity)
        val hasMaps = activity.findViewById<View>(R.id.note).visibility == View.GONE
        assertEquals(hasMaps, drawn(activity).heat != null)
        photograph(activity, "heat")
    }

    @Test
    fun aCropIsSquareWhereTheModelHasMaps() {
        val activity = tagged().get()
        show(activity, Show.CROP)
        val bitmap = drawn(activity).bitmap
        val hasMaps = activity.findViewById<View>(R.id.note).visibility == View.GONE
        assertEquals(if (hasMaps) HEIGHT else WIDTH, bitmap.width)
        assertEquals(HEIGHT, bitmap.height)
        photograph(activity, "crop")
    }

    @Test
    fun aMosaicCoversNothingWhereNothingIsSensitive() {
        val activity = tagged().get()
        val before = drawn(activity).bitmap
        show(activity, Show.MOSAIC)
        assertTrue("no other pixel", before.sameAs(drawn(activity).bitmap))
        val told = activity.findViewById<View>(R.id.picture).contentDescription.toString()
        assertEquals(activity.getString(R.string.picture_mosaic_none), told)
    }

    @Test
    fun aJobOverAFolderWritesScoresAndNamesWhatItCannotRead() {
        val activity = open().get()
        settle(activity)
        val pictures = folder.newFolder("pictures")
        picture.copyTo(File(pictures, "a.png"))
        File(pictures, "b.png").writeText("no picture")
        val job = folder.newFile("job.json")
        job.writeText(
            """{"schema": "edgetag.phone-job/1.1", "pictures": "$pictures", "scores": "/x", "threads": 1, "runs": 3}""",
        )
        ShadowEnvironment.addExternalDir("storage") // Robolectric has none by itself
        val written = doJob(activity, job.path)
        assertTrue("$written", written.path.endsWith("Android/media/dev.edgetag.demo/job.scores.json"))
        val answer = written.readText()
        for (part in listOf("edgetag.phone-scores/1.0", "\"a.png\"", "\"error\"", "\"p99\"", "\"passed\": true")) {
            assertTrue(answer.take(2000), part.replace(" ", "") in answer.replace(" ", ""))
        }
    }

    @Test
    fun turningTheDeviceKeepsTagsAndModel() {
        val controller = tagged()
        val before = tagTexts(controller.get())
        val drawing = drawn(controller.get())
        RuntimeEnvironment.setQualifiers("+land")
        controller.recreate()
        settle(controller.get())
        assertEquals(before, tagTexts(controller.get()))
        assertTrue("the picture is not read again", drawing === drawn(controller.get()))
    }

    @Test
    @Config(qualifiers = "ja-w360dp-h1000dp-night-hdpi", fontScale = 1.5f)
    fun japaneseInTheDarkWithLargeLetters() {
        val activity = tagged().get()
        assertEquals("写真を選ぶ", text(activity, R.id.pick))
        assertTrue(tagTexts(activity).first(), "スコア" in tagTexts(activity).first())
        assertTrue("letters grow", activity.findViewById<TextView>(R.id.work_status).textSize > 16 * 1.5 * 1.4)
        photograph(activity, "japanese-dark")
    }

    @Test
    fun aFileThatIsNoPictureGetsAMessageAndTheNextIsTagged() {
        val activity = open().get()
        settle(activity)
        pick(activity) { ByteArrayInputStream("no picture".toByteArray()) }
        val status = text(activity, R.id.work_status)
        assertTrue(status, "cannot be read" in status)
        pick(activity) { FileInputStream(picture) }
        assertEquals(20, tagTexts(activity).size)
    }

    @Test
    fun aPictureOfMoreThanABillionPixelsIsRefusedByItsHeader() {
        val activity = open().get()
        settle(activity)
        pick(activity) { ByteArrayInputStream(hugePng()) }
        val status = text(activity, R.id.work_status)
        assertTrue(status, status.isNotEmpty() && activity.findViewById<View>(R.id.tags_heading).visibility == View.GONE)
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
    fun theGpuIsReportedAsNotUsedWhereThereIsNone() {
        val activity = open().get()
        settle(activity)
        activity.findViewById<Spinner>(R.id.engine_delegate).setSelection(1)
        shadowOf(Looper.getMainLooper()).idle()
        settle(activity)
        val status = text(activity, R.id.engine_status)
        assertTrue(status, "The GPU was not used" in status && "Self-test passed" in status)
    }

    @Test
    fun theBenchmarkTellsPercentilesRunsAndDevice() {
        val activity = Robolectric.buildActivity(BenchmarkActivity::class.java).setup().get()
        settle(activity)
        activity.findViewById<Button>(R.id.start).performClick()
        shadowOf(Looper.getMainLooper()).idle()
        settle(activity)
        val lines = text(activity, R.id.lines)
        for (part in listOf("p50", "p90", "p99", "100 runs", "API 35")) assertTrue(lines, part in lines)
        photograph(activity, "benchmark")
    }

    @Test
    fun everyTouchTargetIsLargeEnough() {
        val activity = tagged().get()
        val least = 48 * activity.resources.displayMetrics.density
        val touched = mutableListOf<View>()
        fun visit(view: View) {
            if (view.isClickable && view.isShown && view !is ViewGroup || view.hasOnClickListeners() && view.isShown) touched += view
            if (view is ViewGroup) for (i in 0 until view.childCount) visit(view.getChildAt(i))
        }
        visit(activity.findViewById(android.R.id.content))
        assertTrue(touched.size > 20)
        for (view in touched) assertTrue("$view", view.height >= least)
    }

    private companion object {
        const val WIDTH = 480
        const val HEIGHT = 320
    }
}
