package dev.edgetag.demo

import android.content.Context
import android.net.Uri
import dev.edgetag.tagger.BundleException
import dev.edgetag.tagger.BundleKey
import dev.edgetag.tagger.BundleStore
import dev.edgetag.tagger.EngineChoice
import dev.edgetag.tagger.EngineException
import dev.edgetag.tagger.EngineOptions
import dev.edgetag.tagger.StoredBundle
import dev.edgetag.tagger.TaggerBundle
import dev.edgetag.tagger.android.selfTestMemory
import java.io.ByteArrayOutputStream
import java.io.File
import java.io.FileNotFoundException
import java.io.IOException
import java.io.OutputStream

/** A bundle that was opened is not installed; the message says why. */
class NotInstalledException(cause: Exception) : Exception(cause.message.orEmpty(), cause)

/** The bundle in the app's assets, and the later ones that were opened, where the app has a key for them. */
class Bundles(private val context: Context) {
    /** Whether bundles can come later at all: the app then has the key that they must be signed with. */
    val canInstall: Boolean = Engines.key(context) != null

    /**
     * Returns the bundle that is in use.
     *
     * @throws BundleException the one in the assets is damaged or missing, or the key is none.
     * @throws IOException files cannot be read.
     */
    fun open(): StoredBundle {
        val shipped = TaggerBundle.open(Engines.bundle(context))
        return store(shipped)?.open() ?: StoredBundle(shipped, "")
    }

    /**
     * Puts a bundle into use that another app hands over. Whatever happens, one whole bundle stays in use.
     *
     * @param check throws where nobody wants it any more; called until the self-test begins.
     * @throws NotInstalledException it is refused or cannot be read.
     */
    fun install(zip: Uri, signature: Uri, options: EngineOptions, check: () -> Unit): TaggerBundle {
        val copy = File(context.cacheDir, "bundle.zip")
        try {
            val store = store(TaggerBundle.open(Engines.bundle(context))) ?: throw BundleException("this app has no key")
            copy.outputStream().use { read(zip, it, MOST_ZIP_BYTES, check) }
            val signed = ByteArrayOutputStream().also { read(signature, it, MOST_SIGNATURE_BYTES, check) }.toByteArray()
            val choice = EngineChoice(Engines.linked(context), Engines.clock, selfTestMemory(context))
            return store.install(copy, signed) { check(); choice.selfTest(it, options) }
        } catch (error: BundleException) {
            throw NotInstalledException(error)
        } catch (error: EngineException) {
            throw NotInstalledException(error)
        } catch (error: IOException) {
            throw NotInstalledException(error)
        } catch (error: SecurityException) { // the other app takes its word back
            throw NotInstalledException(error)
        } finally {
            copy.delete()
        }
    }

    private fun store(shipped: TaggerBundle): BundleStore? =
        Engines.key(context)?.let { BundleStore(File(context.filesDir, "edgetag-bundles"), BundleKey.pem(it), shipped) }

    /** Copies what another app gives, which may be without end. */
    private fun read(uri: Uri, to: OutputStream, most: Long, check: () -> Unit) {
        val input = context.contentResolver.openInputStream(uri) ?: throw FileNotFoundException("its provider gives nothing")
        input.use {
            val buffer = ByteArray(1 shl 16)
            var left = most
            while (true) {
                check()
                val count = it.read(buffer)
                if (count < 0) return
                left -= count
                if (left < 0) throw IOException("it has over $most bytes")
                to.write(buffer, 0, count)
            }
        }
    }

    private companion object {
        const val MOST_ZIP_BYTES = 2_000_000_000L
        const val MOST_SIGNATURE_BYTES = 1_000_000L
    }
}
