package dev.edgetag.demo

import android.content.Context
import android.graphics.Bitmap
import android.net.Uri
import dev.edgetag.tagger.HeatMap
import dev.edgetag.tagger.SuspendingTagger
import dev.edgetag.tagger.Tagging
import dev.edgetag.tagger.android.PictureReader
import dev.edgetag.tagger.android.ReadPicture
import dev.edgetag.tagger.android.bytesOf
import java.io.IOException
import java.io.OutputStream
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.withContext

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
    val note: Words?,
) {
    /** The heat map of [tag]; null where the model makes none. */
    val map: HeatMap? get() = tagging.maps[tag]
}

/** Reads and tags one picture, and draws what the user wants to see of it. */
class PictureModel(private val context: Context, private val work: Work, private val tagger: suspend () -> SuspendingTagger) {
    private val changing = MutableStateFlow<TaggedPicture?>(null)

    /** The last picture that was tagged; null before. */
    val picture: StateFlow<TaggedPicture?> = changing.asStateFlow()

    /** Reads and tags a picture. */
    fun tag(uri: Uri) = work.start(Message(R.string.work_reading)) {
        val tagger = tagger()
        val read = withContext(Dispatchers.IO) {
            PictureReader(tagger.bundle.contract).read(context.contentResolver.bytesOf(uri))
        }
        work.report(Message(R.string.work_tagging))
        val started = Engines.clock.nanos()
        val tagging = tagger.explain(read.picture)
        val tookMs = (Engines.clock.nanos() - started) / NANOS_A_MS
        val first = (tagging.tags.firstOrNull() ?: tagging.scores.maxBy { it.score }).label.tag
        changing.value = withContext(Dispatchers.Default) {
            val preview = Preview.of(read.picture)
            TaggedPicture(uri, tagging, preview, Show.PLAIN, first, preview.plain(), note(read, tagger))
        }
        Message(R.string.two_sentences, summary(tagging), Message(R.string.work_took, tookMs))
    }

    /** Draws the last picture in another way. */
    fun show(show: Show, tag: String) {
        val shown = picture.value ?: return
        // A picture that is being tagged goes before.
        if (work.state.value.isRunning || shown.show == show && shown.tag == tag) return
        val status = work.state.value.status
        work.start(status) {
            val wanted = shown.copy(show = show, tag = tag)
            changing.value = withContext(Dispatchers.Default) { wanted.copy(drawing = draw(wanted)) }
            status
        }
    }

    /** Writes what is shown as PNG; nothing where nothing is. */
    fun write(out: OutputStream) {
        val shown = picture.value ?: return
        if (!shown.drawing.flat().compress(Bitmap.CompressFormat.PNG, BEST, out)) throw IOException("no PNG was written")
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

    private fun note(read: ReadPicture, tagger: SuspendingTagger): Words? {
        val notes = mutableListOf<Message>()
        if (read.sampleSize > 1) {
            notes += Message(R.string.note_sampled, read.fullWidth, read.fullHeight, read.sampleSize)
        }
        if (!tagger.explains) notes += Message(R.string.note_no_maps)
        return notes.reduceOrNull { first, second -> Message(R.string.two_sentences, first, second) }
    }

    private companion object {
        const val NANOS_A_MS = 1e6

        /** PNG loses nothing; Android wants a quality all the same. */
        const val BEST = 100
    }
}
