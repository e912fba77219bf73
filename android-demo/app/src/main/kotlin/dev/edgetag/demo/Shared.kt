package dev.edgetag.demo

import android.content.ClipData
import android.content.Context
import android.content.Intent
import android.net.Uri
import androidx.core.content.FileProvider
import java.io.File
import java.io.IOException
import java.io.OutputStream
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext

/** What the app lends others: files in its cache, for as long as the intent that names them lives. */
object Shared {
    const val PNG = "image/png"
    const val JSON = "application/json"
    const val CSV = "text/csv"
    private const val AUTHORITY = "dev.edgetag.demo.files"

    private fun file(context: Context, name: String): File =
        File(context.cacheDir, "shared").apply { mkdirs() }.resolve(name)

    /** Returns the address of the file that the camera app writes into. */
    fun camera(context: Context): Uri = address(context, file(context, "camera.jpg"))

    /** Lets the user send a file to another app, with what is written into it; returns why that cannot be, else null. */
    suspend fun send(
        context: Context, name: String, type: String, text: String? = null, write: (OutputStream) -> Unit,
    ): Words? {
        val file = file(context, name)
        try {
            withContext(Dispatchers.IO) { file.outputStream().use(write) }
        } catch (error: IOException) {
            return Message(R.string.not_saved, error.message.orEmpty())
        }
        val uri = address(context, file)
        val intent = Intent(Intent.ACTION_SEND).setType(type).putExtra(Intent.EXTRA_STREAM, uri)
            .addFlags(Intent.FLAG_GRANT_READ_URI_PERMISSION)
        if (text != null) intent.putExtra(Intent.EXTRA_TEXT, text)
        intent.clipData = ClipData.newRawUri(null, uri)
        context.startActivity(Intent.createChooser(intent, null))
        return null
    }

    /** Writes into a document that the user has chosen, and returns how that went. */
    suspend fun save(context: Context, document: Uri, write: (OutputStream) -> Unit): Words = withContext(Dispatchers.IO) {
        try {
            // Truncated: a document that the user has chosen anew may be longer than what is written now.
            val out = context.contentResolver.openOutputStream(document, "wt") ?: throw IOException("its provider gives nothing")
            out.use(write)
            Message(R.string.saved)
        } catch (error: IOException) {
            Message(R.string.not_saved, error.message.orEmpty())
        } catch (error: RuntimeException) { // of the provider, such as for a document that was deleted meanwhile
            Message(R.string.not_saved, error.message.orEmpty())
        }
    }

    private fun address(context: Context, file: File): Uri = FileProvider.getUriForFile(context, AUTHORITY, file)
}
