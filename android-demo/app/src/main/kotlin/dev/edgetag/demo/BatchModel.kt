package dev.edgetag.demo

import android.content.Context
import android.net.Uri
import dev.edgetag.tagger.EngineException
import dev.edgetag.tagger.PictureException
import dev.edgetag.tagger.TagScore
import dev.edgetag.tagger.android.PictureDocument
import dev.edgetag.tagger.android.PictureReader
import dev.edgetag.tagger.android.bytesOf
import dev.edgetag.tagger.android.picturesIn
import java.io.IOException

/** One picture of a folder: its tags, or why there are none. */
class BatchLine(private val name: String, private val tags: List<TagScore>, private val problem: String?) : Words {
    override fun on(context: Context): String = when {
        problem != null -> context.getString(R.string.batch_line_error, name, problem)
        tags.isEmpty() -> context.getString(R.string.batch_line_none, name)
        else -> context.getString(R.string.batch_line, name, TagNames(tags).on(context))
    }

    /** Whether the picture was read. */
    val isRead: Boolean get() = problem == null
}

/** Tags the pictures of a folder one after another; one that cannot be read stops nothing. */
class BatchModel(context: Context) : TaggerModel<List<BatchLine>>(context) {
    /** Tags a folder that the user has chosen. */
    fun tag(folder: Uri, settings: EngineSettings) {
        set(state.copy(result = emptyList()))
        start(Message(R.string.work_reading)) { cancellation ->
            val documents = context.contentResolver.picturesIn(folder)
            withTagger(settings, cancellation) { open -> tagAll(documents, open, cancellation) }
        }
    }

    private fun tagAll(documents: List<PictureDocument>, open: OpenTagger, cancellation: Cancellation) {
        val reader = PictureReader(open.tagger.bundle.contract)
        val lines = mutableListOf<BatchLine>()
        for (document in documents) {
            cancellation.check()
            lines += line(document, reader, open)
            val (done, soFar) = lines.size to lines.toList()
            update(cancellation) {
                val progress = Message(R.string.batch_progress, done, documents.size)
                it.copy(status = progress, done = done, total = documents.size, result = soFar)
            }
        }
        val unread = lines.count { !it.isRead }
        val end = if (lines.isEmpty()) Message(R.string.batch_empty) else Count(R.plurals.batch_done, lines.size, unread)
        update(cancellation) { it.copy(status = end, isRunning = false) }
    }

    private fun line(document: PictureDocument, reader: PictureReader, open: OpenTagger): BatchLine = try {
        val read = reader.read(context.contentResolver.bytesOf(document.uri))
        BatchLine(document.name, open.tagger.tag(read.picture).tags, null)
    } catch (error: PictureException) {
        BatchLine(document.name, emptyList(), error.message.orEmpty())
    } catch (error: IOException) {
        BatchLine(document.name, emptyList(), error.message.orEmpty())
    } catch (error: SecurityException) {
        BatchLine(document.name, emptyList(), error.message.orEmpty())
    } catch (error: EngineException) {
        BatchLine(document.name, emptyList(), error.message.orEmpty())
    }
}
