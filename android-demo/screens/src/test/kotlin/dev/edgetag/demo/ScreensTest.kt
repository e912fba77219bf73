package dev.edgetag.demo

import android.app.Activity
import android.content.Intent
import android.graphics.Bitmap
import android.graphics.Canvas
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
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode

/** The app's own screens, with the framework's own code and drawing, and a real model. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], qualifiers = "w400dp-h1400dp-xhdpi")
@GraphicsMode(GraphicsMode.Mode.NATIVE)
class ScreensTest {
    private val picture = File(System.getProperty("edgetag.picture")!!)

    @Before
    fun runOnThisMachine() {
        Engines.linked = { DesktopEngineFactory }
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
        val folder = File(System.getProperty("edgetag.screens")!!)
        folder.mkdirs()
        File(folder, "$name.png").outputStream().use { bitmap.compress(Bitmap.CompressFormat.PNG, 100, it) }
    }

    @Test
    fun theSelfTestPassesWhenTheScreenOpens() {
        val activity = open().get()
        settle(activity)
        val status = text(activity, R.id.engine_status)
        assertTrue(status, "Self-test passed" in status)
    }

    @Test
    fun aPictureGetsTags() {
        val activity = tagged().get()
        assertFalse(text(activity, R.id.work_status), activity.findViewById<View>(R.id.tags_heading).visibility == View.GONE)
        assertEquals(20, tagTexts(activity).size)
        photograph(activity, "picture")
    }
}
