package dev.edgetag.tagger

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.io.File
import java.nio.ByteBuffer
import java.util.zip.ZipFile

class BundleTest {
    @TempDir
    lateinit var folder: File

    @BeforeEach
    fun unpack() = ZipFile(demoBundle()).use { zip ->
        for (entry in zip.entries()) File(folder, entry.name).writeBytes(zip.getInputStream(entry).readBytes())
    }

    @Test
    fun `a zip and a folder hold the same bundle`() {
        val zipped = TaggerBundle.open(ZipSource(demoBundle()))
        val unpacked = TaggerBundle.open(FolderSource(folder), zipped.manifestSha256)
        assertEquals(zipped.manifest, unpacked.manifest)
        assertEquals(zipped.manifest.tags, File(folder, "labels.txt").readLines())
        assertEquals(zipped.model(zipped.manifest.variants[0].name), unpacked.model(unpacked.manifest.variants[0].name))
    }

    @Test
    fun `a changed byte in any file is found before the file is used`() {
        for (name in TaggerBundle.open(FolderSource(folder)).manifest.files.keys) {
            val file = File(folder, name)
            val whole = file.readBytes()
            file.writeBytes(whole.copyOf().also { it[it.size / 2] = (it[it.size / 2].toInt() xor 1).toByte() })
            val error = assertThrows(BundleException::class.java, { useAll(folder) }, name)
            assertTrue(name in error.message!! && "changed or damaged" in error.message!!, error.message)
            file.writeBytes(whole)
        }
        useAll(folder)
    }

    private fun useAll(folder: File) {
        val bundle = TaggerBundle.open(FolderSource(folder))
        bundle.manifest.files.keys.forEach { bundle.bytes(it) }
        bundle.manifest.variants.forEach { bundle.model(it.name) }
        bundle.goldenInputs(bundle.golden())
    }

    @Test
    fun `a changed manifest is found by the digest in the app`() {
        val digest = TaggerBundle.open(FolderSource(folder)).manifestSha256
        File(folder, "manifest.json").appendText(" ")
        assertFails(BundleException::class.java, "not the one that this app was built with") {
            TaggerBundle.open(FolderSource(folder), digest)
        }
    }

    @Test
    fun `a missing file is named`() {
        File(folder, "labels.json").delete()
        assertFails(BundleException::class.java, "has no labels.json") { TaggerBundle.open(FolderSource(folder)) }
    }

    @Test
    fun `a zip that is not there is told as that`() {
        val error = assertThrows(BundleException::class.java) { TaggerBundle.open(ZipSource(File(folder, "none.zip"))) }
        assertTrue(error.message!!.endsWith("none.zip cannot be read: there is no such file"), error.message)
    }

    @Test
    fun `a zip that is cut off is no bundle`() {
        val cut = File(folder, "cut.zip").apply { writeBytes(demoBundle().readBytes().copyOf(10_000)) }
        assertFails(BundleException::class.java, "cut.zip", "not a whole bundle") { TaggerBundle.open(ZipSource(cut)) }
    }

    @Test
    fun `a model of another vocabulary is refused with the tags that differ`() {
        val bundle = TaggerBundle.open(FolderSource(folder))
        bundle.requireTags(bundle.manifest.tags)
        assertFails(BundleException::class.java, "missing: unicorn", "not expected: ${bundle.manifest.tags[0]}") {
            bundle.requireTags(listOf("unicorn") + bundle.manifest.tags.drop(1))
        }
        assertFails(BundleException::class.java, "another order") { bundle.requireTags(bundle.manifest.tags.reversed()) }
    }

    @Test
    fun `labels that are not the manifest's are refused, though their digest is right`() {
        val labels = File(folder, "labels.json")
        labels.writeText(labels.readText().replaceFirst("\"tag\": \"", "\"tag\": \"other_"))
        describeAgain(labels)
        assertFails(BundleException::class.java, "other tags than manifest.json") { TaggerBundle.open(FolderSource(folder)) }
    }

    /** Puts a file's new digest into the manifest, as somebody who edits a bundle by hand would. */
    private fun describeAgain(file: File) {
        val manifest = File(folder, "manifest.json")
        val old = TaggerBundle.open(ZipSource(demoBundle())).manifest.files.getValue(file.name)
        val new = sha256(ByteBuffer.wrap(file.readBytes()))
        manifest.writeText(
            manifest.readText().replace(old.sha256, new).replace("\"size_bytes\": ${old.sizeBytes}", "\"size_bytes\": ${file.length()}"),
        )
    }

    @Test
    fun `a variant that the bundle lacks is named with those that it has`() {
        val bundle = TaggerBundle.open(FolderSource(folder))
        assertFails(BundleException::class.java, "no variant \"int4\"", bundle.manifest.variants[0].name) { bundle.model("int4") }
    }
}
