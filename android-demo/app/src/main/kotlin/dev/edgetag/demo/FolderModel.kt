package dev.edgetag.demo

import android.content.Context
import android.graphics.Bitmap
import android.net.Uri
import android.util.LruCache
import dev.edgetag.tagger.Contract
import dev.edgetag.tagger.PictureException
import dev.edgetag.tagger.PictureLimits
import dev.edgetag.tagger.PictureResult
import dev.edgetag.tagger.SuspendingTagger
import dev.edgetag.tagger.android.PictureBytes
import dev.edgetag.tagger.android.PictureReader
import dev.edgetag.tagger.android.bytesOf
import dev.edgetag.tagger.android.picturesIn
import dev.edgetag.tagger.onePicture
import dev.edgetag.tagger.sha256
import java.io.File
import java.io.FileOutputStream
import java.io.IOException
import java.io.OutputStream
import java.nio.ByteBuffer
import java.security.MessageDigest
import java.util.concurrent.ConcurrentHashMap
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext

/** Tags a folder's pictures one after another, and keeps what a person says of them. */
class FolderModel(private val context: Context, private val work: Work, private val tagger: suspend () -> SuspendingTagger) {
    private val changing = MutableStateFlow<TaggedFolder?>(null)
    private val thumbnails = LruCache<String, Bitmap>(MOST_THUMBNAILS)
    private val turn = Mutex()
    private var table: File? = null
    private var contract: Contract? = null

    /** The folder; null before one is chosen. */
    val folder: StateFlow<TaggedFolder?> = changing.asStateFlow()

    /** Tags a folder that the user has chosen. */
    fun tag(tree: Uri) = work.start(Message(R.string.work_reading_folder)) {
        changing.value = null
        thumbnails.evictAll()
        val tagger = tagger()
        val bundle = tagger.bundle
        contract = bundle.contract
        val kept = File(context.filesDir, "corrections/${sha256(ByteBuffer.wrap(tree.toString().toByteArray()))}.csv")
        table = kept
        val documents = withContext(Dispatchers.IO) { context.contentResolver.picturesIn(tree) }
        val corrections = withContext(Dispatchers.IO) {
            if (kept.exists()) Corrections.parse(kept.readText(), bundle.manifest.tags)
            else Corrections.none(bundle.manifest.tags)
        }
        changing.value = TaggedFolder(emptyList(), corrections)
        val reader = PictureReader(bundle.contract)
        val identities = ConcurrentHashMap<Uri, String>()
        val names = documents.groupingBy { it.name }.eachCount()
        tagger.tagAll(documents) {
            val bytes = context.contentResolver.bytesOf(it.uri)
            identities[it.uri] = identityOf(bytes)
            reader.read(bytes).picture
        }.collect { result ->
            val source = result.source
            val (address, identity) = source.uri.toString() to identities[source.uri].orEmpty()
            val picture = when (result) {
                is PictureResult.Tagged -> FolderPicture(source.name, address, identity, result.tagging.scores)
                is PictureResult.Failed ->
                    FolderPicture(source.name, address, identity, emptyList(), result.error.message.orEmpty())
            }
            val before = checkNotNull(changing.value)
            // Of several pictures of a name nobody knows any more which was meant.
            val isMeant = picture.problem == null && names[source.name] == 1
            val placed = if (isMeant) before.corrections.placed(source.name, identity) else before.corrections
            val after = TaggedFolder(before.pictures + picture, placed)
            changing.value = after
            work.report(Message(R.string.folder_progress, after.pictures.size, documents.size), after.pictures.size, documents.size)
        }
        if (changing.value?.corrections !== corrections) keep(kept)
        val pictures = checkNotNull(changing.value).pictures
        if (pictures.isEmpty()) Message(R.string.folder_empty)
        else Count(R.plurals.folder_done, pictures.size, pictures.count { it.problem != null })
    }

    /** Keeps what a person says of a tag in a picture; returns why it is not kept, null where it is. */
    suspend fun correct(picture: FolderPicture, tag: String, answer: Answer): Words? {
        val before = changing.value ?: return null
        val kept = table ?: return null
        changing.value = before.copy(corrections = before.corrections.with(picture.identity, picture.name, tag, answer))
        return keep(kept)
    }

    /** Writes what was said so far; returns why it is not kept, null where it is. */
    private suspend fun keep(kept: File): Words? {
        val corrections = changing.value?.corrections ?: return null
        // In the order of the answers, so that the last table stays, and also where the screen is left meanwhile.
        return withContext(NonCancellable) {
            turn.withLock {
                try {
                    withContext(Dispatchers.IO) { write(kept, corrections) }
                    null
                } catch (error: IOException) {
                    Message(R.string.not_saved, error.message.orEmpty())
                }
            }
        }
    }

    /** Writes what a person has said as a table that `edgetag` trains on. */
    fun write(out: OutputStream) {
        changing.value?.let { out.write(it.corrections.toCsv().toByteArray()) }
    }

    /** Returns a picture small enough for a grid where it was read lately. */
    fun kept(address: String): Bitmap? = thumbnails[address]

    /** Returns a picture small enough for a grid, or null where it cannot be read. */
    suspend fun thumbnail(address: String): Bitmap? =
        kept(address) ?: read(address, SMALL)?.also { thumbnails.put(address, it) }

    /** Returns a picture of at most [side] pixels in width and height, or null where it cannot be read. */
    suspend fun read(address: String, side: Int): Bitmap? = withContext(Dispatchers.IO) {
        contract?.let { read(it, Uri.parse(address), side) }
    }

    private fun read(contract: Contract, uri: Uri, side: Int): Bitmap? = try {
        // Read at a part of its size: nobody scores it.
        val reader = PictureReader(contract, PictureLimits(mostPixels = OVERSIZE * side * side))
        onePicture { Preview.of(reader.read(context.contentResolver.bytesOf(uri)).picture, side).plain().bitmap }
    } catch (_: IOException) {
        null // the picture's own line says why
    } catch (_: PictureException) {
        null
    }

    private fun identityOf(bytes: PictureBytes): String {
        val digest = MessageDigest.getInstance("SHA-256")
        bytes.open().use { input ->
            val buffer = ByteArray(1 shl 16)
            while (true) {
                val count = input.read(buffer)
                if (count < 0) break
                digest.update(buffer, 0, count)
            }
        }
        return digest.digest().joinToString("") { "%02x".format(it) }
    }

    /** A table that is half written never has the table's name. */
    private fun write(table: File, corrections: Corrections) {
        table.parentFile?.mkdirs()
        val half = File("${table.path}.part")
        FileOutputStream(half).use {
            it.write(corrections.toCsv().toByteArray())
            it.fd.sync() // else the name may be on disk before the answers are
        }
        if (!half.renameTo(table)) throw IOException("$table cannot be written")
    }

    private companion object {
        const val SMALL = 256
        const val MOST_THUMBNAILS = 300
        const val OVERSIZE = 8L
    }
}
