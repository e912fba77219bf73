package dev.edgetag.demo

import android.content.ContentProvider
import android.content.ContentValues
import android.database.Cursor
import android.database.MatrixCursor
import android.net.Uri
import android.os.ParcelFileDescriptor
import android.provider.OpenableColumns
import java.io.File
import java.io.FileNotFoundException

/** Lends the camera app one file in the cache, for as long as the intent that names it lives. */
class CameraFileProvider : ContentProvider() {
    override fun onCreate(): Boolean = true

    override fun openFile(uri: Uri, mode: String): ParcelFileDescriptor {
        if (uri != PICTURE) throw FileNotFoundException("$uri: there is no such file")
        return ParcelFileDescriptor.open(file(), ParcelFileDescriptor.parseMode(mode))
    }

    override fun getType(uri: Uri): String? = if (uri == PICTURE) "image/jpeg" else null

    override fun query(
        uri: Uri,
        projection: Array<out String>?,
        selection: String?,
        selectionArgs: Array<out String>?,
        sortOrder: String?,
    ): Cursor? {
        if (uri != PICTURE) return null
        val cursor = MatrixCursor(arrayOf(OpenableColumns.DISPLAY_NAME, OpenableColumns.SIZE))
        cursor.addRow(arrayOf<Any>(NAME, file().length()))
        return cursor
    }

    override fun insert(uri: Uri, values: ContentValues?): Uri? = throw UnsupportedOperationException()

    override fun update(uri: Uri, values: ContentValues?, selection: String?, selectionArgs: Array<out String>?): Int =
        throw UnsupportedOperationException()

    override fun delete(uri: Uri, selection: String?, selectionArgs: Array<out String>?): Int =
        throw UnsupportedOperationException()

    private fun file() = File(checkNotNull(context).cacheDir, NAME)

    companion object {
        private const val NAME = "camera.jpg"

        /** The one file. */
        val PICTURE: Uri = Uri.parse("content://dev.edgetag.demo.camera/$NAME")
    }
}
