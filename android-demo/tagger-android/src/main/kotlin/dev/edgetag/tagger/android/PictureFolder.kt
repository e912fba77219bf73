package dev.edgetag.tagger.android

import android.content.ContentResolver
import android.net.Uri
import android.provider.DocumentsContract
import java.io.IOException

/**
 * A picture in a folder.
 *
 * @property name as people see it.
 * @property uri its content address, for [bytesOf].
 */
public class PictureDocument(public val name: String, public val uri: Uri)

/**
 * Returns the pictures of a folder, by name; those in folders within it are not among them.
 *
 * @param folder the address that a user has given by `Intent.ACTION_OPEN_DOCUMENT_TREE`.
 * @throws IOException the folder cannot be read, or no longer may.
 */
public fun ContentResolver.picturesIn(folder: Uri): List<PictureDocument> {
    val children = DocumentsContract.buildChildDocumentsUriUsingTree(folder, DocumentsContract.getTreeDocumentId(folder))
    val columns = arrayOf(
        DocumentsContract.Document.COLUMN_DOCUMENT_ID,
        DocumentsContract.Document.COLUMN_DISPLAY_NAME,
        DocumentsContract.Document.COLUMN_MIME_TYPE,
    )
    val rows = ofProvider { query(children, columns, null, null, null) }
        ?: throw IOException("the folder's provider gives nothing")
    val pictures = mutableListOf<PictureDocument>()
    rows.use {
        while (it.moveToNext()) {
            val id = it.getString(0) ?: continue
            if (it.getString(2)?.startsWith("image/") != true) continue
            pictures += PictureDocument(it.getString(1) ?: id, DocumentsContract.buildDocumentUriUsingTree(folder, id))
        }
    }
    return pictures.sortedBy { it.name }
}
