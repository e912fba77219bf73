package dev.edgetag.tagger

import java.io.File
import java.io.IOException
import java.util.zip.ZipException
import java.util.zip.ZipFile

/** The labels in the zip behind a model file, as TensorFlow Lite's metadata keeps them. */
internal object ModelLabels {
    /** Returns the labels, or null where there is no such zip; throws [IOException] where they cannot be read. */
    fun read(model: File): List<String>? {
        val zip = try {
            ZipFile(model)
        } catch (_: ZipException) {
            return null // nothing behind the model
        }
        return zip.use {
            val entry = it.getEntry("labels.txt") ?: return null
            if (entry.size !in 1..MOST_BYTES) throw IOException("$model: its labels.txt claims ${entry.size} bytes")
            val content = it.getInputStream(entry).use { input -> input.readBytes(MOST_BYTES) }
            String(content, Charsets.UTF_8).lineSequence().map(String::trimEnd).filter(String::isNotEmpty).toList()
        }
    }

    private fun java.io.InputStream.readBytes(most: Int): ByteArray {
        val content = ByteArray(most)
        var size = 0
        while (size < most) {
            val count = read(content, size, most - size)
            if (count < 0) break
            size += count
        }
        return content.copyOf(size)
    }

    private const val MOST_BYTES = 1 shl 20
}
