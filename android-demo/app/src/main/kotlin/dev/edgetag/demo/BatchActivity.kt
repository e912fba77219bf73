package dev.edgetag.demo

import android.app.Activity
import android.content.ActivityNotFoundException
import android.content.Intent
import android.os.Bundle
import android.widget.Button
import android.widget.TextView
import android.widget.Toast

/** Tags all pictures of a folder. */
class BatchActivity : TaggerActivity<List<BatchLine>, BatchModel>() {
    override val layout: Int = R.layout.batch

    override fun newModel(): BatchModel = BatchModel(this)

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        findViewById<Button>(R.id.start).setOnClickListener {
            try {
                startActivityForResult(Intent(Intent.ACTION_OPEN_DOCUMENT_TREE), FOLDER)
            } catch (_: ActivityNotFoundException) {
                Toast.makeText(this, R.string.no_picker, Toast.LENGTH_LONG).show()
            }
        }
    }

    override fun onActivityResult(requestCode: Int, resultCode: Int, data: Intent?) {
        super.onActivityResult(requestCode, resultCode, data)
        if (resultCode == Activity.RESULT_OK) data?.data?.let { model.tag(it, settings) }
    }

    override fun show(result: List<BatchLine>) {
        val lines = result.take(MOST_LINES).map { it.on(this) }
        val more = result.size - lines.size
        val rest = if (more > 0) listOf(resources.getQuantityString(R.plurals.batch_more, more, more)) else emptyList()
        findViewById<TextView>(R.id.lines).setIfChanged((lines + rest).joinToString("\n"))
    }

    private companion object {
        const val FOLDER = 1

        /** More would make the text slow. */
        const val MOST_LINES = 300
    }
}
