package dev.edgetag.demo

import android.provider.DocumentsContract
import android.provider.DocumentsContract.Document
import dev.edgetag.tagger.android.picturesIn
import java.io.IOException
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.fakes.RoboCursor

@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35])
class PictureFolderTest {
    private val folder = DocumentsContract.buildTreeDocumentUri("com.example.documents", "holiday")
    private val contents get() = RuntimeEnvironment.getApplication().contentResolver

    @Test
    fun `a folder's pictures are listed by name, and nothing else in it`() {
        val documents = RoboCursor()
        documents.setColumnNames(listOf(Document.COLUMN_DOCUMENT_ID, Document.COLUMN_DISPLAY_NAME, Document.COLUMN_MIME_TYPE))
        documents.setResults(
            arrayOf(
                arrayOf("1", "b.jpg", "image/jpeg"),
                arrayOf("2", "a.png", "image/png"),
                arrayOf("3", null, "image/webp"),
                arrayOf(null, "c.png", "image/png"),
                arrayOf("4", "d.txt", "text/plain"),
                arrayOf("5", "e", Document.MIME_TYPE_DIR),
            ),
        )
        shadowOf(contents).setCursor(DocumentsContract.buildChildDocumentsUriUsingTree(folder, "holiday"), documents)
        val pictures = contents.picturesIn(folder)
        assertEquals(listOf("3", "a.png", "b.jpg"), pictures.map { it.name })
        assertEquals(DocumentsContract.buildDocumentUriUsingTree(folder, "2"), pictures[1].uri)
    }

    @Test
    fun `a folder whose provider is gone is an error of reading`() {
        assertThrows(IOException::class.java) { contents.picturesIn(folder) }
    }
}
