package dev.edgetag.tagger

import java.io.File
import java.io.FileNotFoundException
import java.io.IOException
import java.io.RandomAccessFile
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.channels.FileChannel
import java.util.zip.ZipFile

/** Where the files of a bundle lie: assets, a folder, a zip. Names have no folders in them. */
public interface BundleSource {
    /** How errors name it, such as a path. */
    public val description: String

    /**
     * Returns a file's whole content, direct (mapped where that can be), from position 0 to its limit.
     *
     * @throws FileNotFoundException there is none of this name.
     * @throws IOException it cannot be read.
     */
    public fun read(name: String): ByteBuffer
}

/** A bundle unpacked into a folder; files are mapped. */
public class FolderSource(private val folder: File) : BundleSource {
    override val description: String get() = folder.path

    override fun read(name: String): ByteBuffer = mapFile(File(folder, name))
}

/** A bundle as its zip. */
public class ZipSource(private val zip: File) : BundleSource {
    override val description: String get() = zip.path

    override fun read(name: String): ByteBuffer = ZipFile(zip).use { file ->
        val entry = file.getEntry(name) ?: throw FileNotFoundException("$zip has no $name")
        if (entry.size !in 0..MOST_BYTES) throw IOException("$name in $zip claims ${entry.size} bytes")
        val buffer = ByteBuffer.allocateDirect(entry.size.toInt()).order(ByteOrder.nativeOrder())
        file.getInputStream(entry).use { input ->
            val chunk = ByteArray(1 shl 16)
            while (true) {
                val count = input.read(chunk)
                if (count < 0) break
                if (count > buffer.remaining()) throw IOException("$name in $zip is longer than it claims")
                buffer.put(chunk, 0, count)
            }
        }
        if (buffer.hasRemaining()) throw IOException("$name in $zip is cut off")
        buffer.rewind()
        buffer
    }

    private companion object {
        const val MOST_BYTES = 1L shl 30
    }
}

/** Maps a file into memory, read-only. */
internal fun mapFile(file: File): ByteBuffer {
    if (!file.isFile) throw FileNotFoundException("$file: there is no such file")
    return RandomAccessFile(file, "r").use {
        if (it.length() > Int.MAX_VALUE) throw IOException("$file has ${it.length()} bytes")
        it.channel.map(FileChannel.MapMode.READ_ONLY, 0, it.length()).order(ByteOrder.nativeOrder())
    }
}
