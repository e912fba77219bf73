package dev.edgetag.demo

import android.content.Context
import android.net.Uri
import dev.edgetag.tagger.HeatMap
import dev.edgetag.tagger.Tagging
import dev.edgetag.tagger.android.PictureReader
import dev.edgetag.tagger.android.ReadPicture
import dev.edgetag.tagger.android.bytesOf

/**
 * A picture with its tags.
 *
 * @property tag whose heat map is shown, and around which a crop is made.
 * @property note what the reader must know about the scores; null where there is nothing.
 */
data class TaggedPicture(
    val uri: Uri,
    val tagging: Tagging,
    val preview: Preview,
    val show: Show,
    val tag: String,
    val drawing: Drawing,
    val note: Message?,
) {
    /** The heat map of [tag]; null where the model makes none. */
    val map: HeatMap? get() = tagging.maps[tag]
}

/** Reads and tags one picture, and draws what the user wants to see of it. */
class PictureModel(context: Context) : TaggerModel<TaggedPicture>(context) {
    /** Reads and tags a picture. */
    fun tag(uri: Uri, settings: EngineSettings) {
        start(Message(R.string.work_reading)) { cancellation ->
            withTagger(settings, cancellation) { open ->
                val read = PictureReader(open.tagger.bundle.contract).read(context.contentResolver.bytesOf(uri))
                cancellation.check()
                update(cancellation) { it.copy(status = Message(R.string.work_tagging)) }
                val started = System.nanoTime()
                val tagging = open.tagger.explain(read.picture)
                val tookMs = (System.nanoTime() - started) / 1e6
                cancellation.check()
                val preview = Preview.of(read.picture)
                val first = (tagging.tags.firstOrNull() ?: tagging.scores.maxByOrNull { it.score }!!).label.tag
                val result = TaggedPicture(uri, tagging, preview, Show.PLAIN, first, preview.plain(), note(read, open))
                update(cancellation) { it.copy(status = summary(tagging, tookMs), isRunning = false, result = result) }
            }
        }
    }

    /** Draws the picture of the last result in another way. */
    fun show(show: Show, tag: String) {
        val shown = state.result ?: return
        // A picture that is being tagged goes before; the screen then shows what is chosen for it.
        if (state.isRunning) return
        if (shown.show == show && shown.tag == tag) return
        val wanted = shown.copy(show = show, tag = tag)
        start(state.status) { cancellation ->
            val drawn = wanted.copy(drawing = draw(wanted))
            update(cancellation) { it.copy(isRunning = false, result = drawn) }
        }
    }

    private fun draw(wanted: TaggedPicture): Drawing {
        val map = wanted.map
        return when (wanted.show) {
            Show.PLAIN -> wanted.preview.plain()
            Show.MOSAIC -> wanted.preview.mosaic(wanted.tagging)
            Show.HEAT -> if (map == null) wanted.preview.plain() else wanted.preview.heat(map)
            Show.CROP -> if (map == null) wanted.preview.plain() else wanted.preview.crop(map)
        }
    }

    private fun note(read: ReadPicture, open: OpenTagger): Message? {
        val notes = mutableListOf<Message>()
        if (read.sampleSize > 1) {
            notes += Message(R.string.note_sampled, read.fullWidth, read.fullHeight, read.sampleSize)
        }
        if (!open.tagger.explains) notes += Message(R.string.note_no_maps)
        return notes.reduceOrNull { first, second -> Message(R.string.two_sentences, first, second) }
    }

    private fun summary(tagging: Tagging, tookMs: Double): Message {
        if (tagging.tags.isEmpty()) return Message(R.string.work_done_none, tookMs)
        return Message(R.string.work_done, TagNames(tagging.tags), tookMs)
    }
}
