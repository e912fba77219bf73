package dev.edgetag.tagger

import java.io.File
import java.io.FileNotFoundException
import java.io.IOException
import java.io.RandomAccessFile
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.channels.FileChannel

/** Where the files of a bundle lie: assets, a folder, a zip. Names have no folders in them. */
public interface BundleSource {
    /** How errors name it, such as a path. */
    public val description: String

    /**
     * Returns a file's whole content, direct (mapped where that can be), from position 0 to its limit.
     *
     * @throws FileNotFoundException there is none of this name.
     * @throws IOException it cannot be read.
     * @throws BundleException what holds it is no bundle.
     */
    public fun read(name: String): ByteBuffer
}

/**
 * Every file in it, the manifest too, where it holds a bundle whole and as edgetag packs it; null where it may
 * hold what `edgetag bundle android` has placed: what a phone reads, and no more.
 */
internal val BundleSource.packed: Set<String>? get() = (this as? ZipSource)?.names

/** A bundle unpacked into a folder; files are mapped. */
public class FolderSource(private val folder: File) : BundleSource {
    override val description: String get() = folder.path

    override fun read(name: String): ByteBuffer = mapFile(File(folder, name))
}

/**
 * A bundle as its zip, mapped when it is first read and kept so: what becomes of the file later changes nothing.
 *
 * It may come from anywhere: a zip is refused whose bytes are not all as edgetag packs them.
 */
public class ZipSource internal constructor(zip: File, override val description: String) : BundleSource {
    /** Names it by its path. */
    public constructor(zip: File) : this(zip, zip.path)

    private val opened by lazy {
        if (!zip.isFile) throw IOException("there is no such file") // it is not that the zip lacks one
        BundleZip.open(mapFile(zip), description)
    }

    /** Every file in it, the manifest too. */
    internal val names: Set<String> get() = opened.names

    override fun read(name: String): ByteBuffer = opened.read(name)
}

/** Maps a file into memory, read-only. */
internal fun mapFile(file: File): ByteBuffer {
    if (!file.isFile) throw FileNotFoundException("$file: there is no such file")
    return RandomAccessFile(file, "r").use {
        if (it.length() > Int.MAX_VALUE) throw IOException("$file has ${it.length()} bytes")
        it.channel.map(FileChannel.MapMode.READ_ONLY, 0, it.length()).order(ByteOrder.nativeOrder())
    }
}
