package dev.edgetag.tagger.android

import android.content.res.AssetManager
import dev.edgetag.tagger.BundleSource
import java.io.FileInputStream
import java.io.FileNotFoundException
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.channels.FileChannel

/**
 * The bundle in the app's assets. What the APK stores uncompressed, as models are, is mapped, not copied.
 *
 * @param assets the app's: `Context.getAssets`.
 * @param folder where `edgetag bundle android` has placed it.
 */
public class AssetSource(private val assets: AssetManager, private val folder: String = "edgetag") : BundleSource {
    override val description: String get() = "the app's assets, folder $folder"

    override fun read(name: String): ByteBuffer {
        val path = "$folder/$name"
        return map(path) ?: copy(path)
    }

    /** Returns null where the file is compressed or absent: Android does not say which of the two. */
    private fun map(path: String): ByteBuffer? = try {
        assets.openFd(path).use { file ->
            FileInputStream(file.fileDescriptor).use { input ->
                input.channel.map(FileChannel.MapMode.READ_ONLY, file.startOffset, file.declaredLength)
                    .order(ByteOrder.nativeOrder())
            }
        }
    } catch (_: FileNotFoundException) {
        null
    }

    private fun copy(path: String): ByteBuffer {
        val content = assets.open(path).use { it.readBytes() }
        val buffer = ByteBuffer.allocateDirect(content.size).order(ByteOrder.nativeOrder())
        buffer.put(content)
        buffer.rewind()
        return buffer
    }
}
