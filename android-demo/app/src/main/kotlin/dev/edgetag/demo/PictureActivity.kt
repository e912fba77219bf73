package dev.edgetag.demo

import android.app.Activity
import android.content.ActivityNotFoundException
import android.content.ClipData
import android.content.Intent
import android.graphics.Typeface
import android.net.Uri
import android.os.Build
import android.os.Bundle
import android.provider.MediaStore
import android.view.Menu
import android.view.MenuItem
import android.view.View
import android.view.ViewGroup
import android.widget.Button
import android.widget.ProgressBar
import android.widget.Spinner
import android.widget.TextView
import android.widget.Toast
import dev.edgetag.tagger.TagScore

/** Pick or take a picture; see its tags, where they are seen, a mosaic and a crop. */
class PictureActivity : TaggerActivity<TaggedPicture, PictureModel>() {
    override val layout: Int = R.layout.picture

    private var shown: TaggedPicture? = null

    override fun newModel(): PictureModel = PictureModel(this)

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        findViewById<Button>(R.id.pick).setOnClickListener { pick() }
        findViewById<Button>(R.id.take).setOnClickListener { take() }
        bindSpinner(R.id.show, Show.PLAIN.ordinal) { position ->
            model.state.result?.let { model.show(Show.values()[position], it.tag) }
        }
        // After the process was killed only the address is left.
        val kept = savedInstanceState?.getString(PICTURE)
        if (kept != null && model.state.result == null) model.tag(Uri.parse(kept), settings)
    }

    override fun onSaveInstanceState(outState: Bundle) {
        super.onSaveInstanceState(outState)
        model.state.result?.let { outState.putString(PICTURE, it.uri.toString()) }
    }

    override fun onCreateOptionsMenu(menu: Menu): Boolean {
        menuInflater.inflate(R.menu.main, menu)
        return true
    }

    override fun onOptionsItemSelected(item: MenuItem): Boolean {
        val screen = when (item.itemId) {
            R.id.menu_batch -> BatchActivity::class.java
            R.id.menu_benchmark -> BenchmarkActivity::class.java
            else -> return super.onOptionsItemSelected(item)
        }
        startActivity(Intent(this, screen))
        return true
    }

    private fun pick() {
        val document = Intent(Intent.ACTION_OPEN_DOCUMENT).addCategory(Intent.CATEGORY_OPENABLE).setType("image/*")
        val picker = Intent(MediaStore.ACTION_PICK_IMAGES).setType("image/*")
        val wanted = if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU) listOf(picker, document) else listOf(document)
        if (wanted.none { tryStart(it, PICK) }) toast(R.string.no_picker)
    }

    private fun take() {
        val flags = Intent.FLAG_GRANT_WRITE_URI_PERMISSION or Intent.FLAG_GRANT_READ_URI_PERMISSION
        val camera = Intent(MediaStore.ACTION_IMAGE_CAPTURE)
            .putExtra(MediaStore.EXTRA_OUTPUT, CameraFileProvider.PICTURE)
            .addFlags(flags)
        camera.clipData = ClipData.newRawUri(null, CameraFileProvider.PICTURE)
        if (!tryStart(camera, TAKE)) toast(R.string.no_camera)
    }

    private fun tryStart(intent: Intent, request: Int): Boolean = try {
        startActivityForResult(intent, request)
        true
    } catch (_: ActivityNotFoundException) {
        false
    }

    override fun onActivityResult(requestCode: Int, resultCode: Int, data: Intent?) {
        super.onActivityResult(requestCode, resultCode, data)
        if (resultCode != Activity.RESULT_OK) return
        val uri = if (requestCode == TAKE) CameraFileProvider.PICTURE else data?.data
        uri?.let { model.tag(it, settings) }
    }

    private fun toast(text: Int) = Toast.makeText(this, text, Toast.LENGTH_LONG).show()

    override fun show(result: TaggedPicture) {
        if (result === shown) return
        val view = findViewById<PictureView>(R.id.picture)
        view.drawing = result.drawing
        view.contentDescription = describe(result)
        val showing = findViewById<Spinner>(R.id.show)
        if (showing.selectedItemPosition != result.show.ordinal) showing.setSelection(result.show.ordinal)
        for (id in intArrayOf(R.id.picture, R.id.show, R.id.show_label, R.id.tags_heading)) {
            findViewById<View>(id).isShown(true)
        }
        val note = findViewById<TextView>(R.id.note)
        note.setIfChanged(result.note?.on(this).orEmpty())
        note.isShown(result.note != null)
        showTags(result)
        shown = result
    }

    private fun describe(result: TaggedPicture): String {
        val tag = result.tagging.scores.first { it.label.tag == result.tag }
        val sensitive = result.tagging.tags.filter { it.label.sensitive }
        return when (result.show) {
            Show.PLAIN -> getString(R.string.picture_plain)
            Show.HEAT -> getString(R.string.picture_heat, displayName(tag.label, this))
            Show.CROP -> getString(R.string.picture_crop)
            Show.MOSAIC ->
                if (sensitive.isEmpty()) getString(R.string.picture_mosaic_none)
                else getString(R.string.picture_mosaic, TagNames(sensitive).on(this))
        }
    }

    private fun showTags(result: TaggedPicture) {
        val list = findViewById<ViewGroup>(R.id.tags)
        val ordered = result.tagging.scores.sortedWith(compareBy({ !it.isSet }, { -it.score }))
        while (list.childCount < ordered.size) layoutInflater.inflate(R.layout.tag, list)
        while (list.childCount > ordered.size) list.removeViewAt(list.childCount - 1)
        ordered.forEachIndexed { i, score -> bindTag(list.getChildAt(i), score, result) }
    }

    private fun bindTag(row: View, score: TagScore, result: TaggedPicture) {
        val name = displayName(score.label, this)
        val label = row.findViewById<TextView>(R.id.tag_name)
        label.text = name
        label.setTypeface(null, if (score.isSet) Typeface.BOLD else Typeface.NORMAL)
        row.findViewById<ProgressBar>(R.id.tag_bar).progress = (score.score * BAR_STEPS).toInt()
        row.findViewById<TextView>(R.id.tag_scores).text = getString(R.string.tag_scores, score.score, score.threshold)
        val sentence = if (score.isSet) R.string.tag_above else R.string.tag_below
        val spoken = getString(sentence, name, score.score, score.threshold)
        row.contentDescription = if (result.map == null) spoken else getString(R.string.tag_shows_map, spoken)
        row.isSelected = score.label.tag == result.tag
        row.setOnClickListener {
            val show = if (result.show == Show.CROP) Show.CROP else Show.HEAT
            model.show(if (result.map == null) Show.PLAIN else show, score.label.tag)
        }
    }

    private companion object {
        const val PICK = 1
        const val TAKE = 2
        const val PICTURE = "picture"
        const val BAR_STEPS = 1000
    }
}
