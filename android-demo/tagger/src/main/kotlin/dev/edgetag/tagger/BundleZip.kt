package dev.edgetag.tagger

import java.io.FileNotFoundException
import java.io.IOException
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.util.zip.CRC32

/**
 * The zip of a bundle, which has each byte as edgetag packs it, or is refused.
 *
 * A zip may hold bytes that no reader shows: before, between and after its files, in comments and
 * headers. Since nothing in a bundle is compressed or optional, a file's name, size and checksum
 * decide every byte around it.
 *
 * @property description how errors name it.
 */
internal class BundleZip private constructor(
    private val content: ByteBuffer,
    private val description: String,
    private val entries: Map<String, Entry>,
) {
    /** @property start where the file's bytes begin. */
    private class Entry(val start: Int, val sizeBytes: Int, val crc: Int)

    /** The files, the manifest first. */
    val names: Set<String> get() = entries.keys

    /**
     * Returns a copy of a file's bytes: direct, native order. Runtimes want models to lie at even places.
     *
     * @throws FileNotFoundException there is none of this name.
     * @throws IOException its bytes are not those of its checksum.
     */
    fun read(name: String): ByteBuffer {
        val entry = entries[name] ?: throw FileNotFoundException("$description has no $name")
        val bytes = content.duplicate()
        bytes.position(entry.start).limit(entry.start + entry.sizeBytes)
        val copy = directBuffer(entry.sizeBytes)
        copy.put(bytes).rewind()
        val crc = CRC32().apply { update(copy.duplicate()) }.value.toInt()
        if (crc != entry.crc) throw IOException("its checksum is another: it was changed or damaged")
        return copy
    }

    companion object {
        const val MOST_BYTES = 2_000_000_000L
        const val MOST_FILES = 64

        /**
         * Reads the directory of a bundle and compares every byte that belongs to no file.
         *
         * @param content all of it, from position 0 to its limit.
         * @throws BundleException it is no bundle, damaged, or packed otherwise.
         */
        fun open(content: ByteBuffer, description: String): BundleZip {
            val bytes = content.duplicate().order(ByteOrder.LITTLE_ENDIAN)
            return BundleZip(content, description, Directory(bytes, description).read())
        }
    }

    /** Reads headers as PKWARE's APPNOTE 4.3 lays them out. */
    private class Directory(private val bytes: ByteBuffer, private val description: String) {
        private val end = bytes.limit() - END_BYTES
        private val entries = LinkedHashMap<String, Entry>()

        /** Where the next local header must begin: files follow each other without a gap. */
        private var place = 0

        fun read(): Map<String, Entry> {
            if (end < 0 || bytes.getInt(end) != END) throw damaged("it does not end as one does")
            if (bytes.limit() > MOST_BYTES) throw refused("it has over $MOST_BYTES bytes")
            val count = bytes.getShort(end + 8).toInt() and 0xFFFF
            if (count > MOST_FILES) throw refused("$count files, a bundle has at most $MOST_FILES")
            val directory = bytes.getInt(end + 16)
            var header = directory
            repeat(count) { header = entry(header) }
            same(end, endOf(count, directory))
            if (place != directory) throw otherwise(place)
            if (header != end) throw otherwise(header)
            return entries
        }

        /** Takes the file that a header of the directory describes; returns where the next header begins. */
        private fun entry(header: Int): Int {
            if (header < 0 || header > end - CENTRAL_BYTES || bytes.getInt(header) != CENTRAL) {
                throw damaged("its directory is cut off")
            }
            val nameBytes = ByteArray(bytes.getShort(header + 28).toInt() and 0xFFFF)
            if (header + CENTRAL_BYTES + nameBytes.size > end) throw damaged("its directory is cut off")
            val at = bytes.duplicate()
            at.position(header + CENTRAL_BYTES)
            at.get(nameBytes)
            val name = String(nameBytes, Charsets.ISO_8859_1)
            if (!FileDigest.isFileName(name)) {
                throw refused("\"${name.take(80)}\" is not a name of a file in a bundle")
            }
            if (name in entries) throw refused("\"$name\" is there twice")
            val size = bytes.getInt(header + 24)
            if (bytes.getShort(header + 10) != STORED || bytes.getInt(header + 20) != size) {
                throw refused("\"$name\" is compressed, which no bundle is")
            }
            val start = place.toLong() + LOCAL_BYTES + nameBytes.size
            if (size < 0 || start + size > end) throw refused("\"$name\" reaches beyond the files' place")
            if (entries.isNotEmpty() && (name == MANIFEST || entries.keys.last().let { it != MANIFEST && it > name })) {
                throw refused("\"$name\" is not in its place: the manifest comes first, then each by its name")
            }
            val crc = bytes.getInt(header + 16)
            same(header, centralOf(nameBytes, crc, size, place))
            same(place, localOf(nameBytes, crc, size))
            entries[name] = Entry(start.toInt(), size, crc)
            place = start.toInt() + size
            return header + CENTRAL_BYTES + nameBytes.size
        }

        private fun same(at: Int, expected: ByteBuffer) {
            for (i in 0 until expected.limit()) if (bytes.get(at + i) != expected.get(i)) throw otherwise(at + i)
        }

        private fun localOf(name: ByteArray, crc: Int, size: Int) = header(LOCAL_BYTES + name.size) {
            putInt(LOCAL).putShort(VERSION).common(crc, size, name)
            put(name)
        }

        private fun centralOf(name: ByteArray, crc: Int, size: Int, at: Int) = header(CENTRAL_BYTES + name.size) {
            putInt(CENTRAL).putShort(MADE_BY_UNIX).putShort(VERSION).common(crc, size, name)
            putShort(0).putShort(0).putShort(0) // no comment, on the first disk, no attributes of its own
            putInt(REGULAR_FILE).putInt(at)
            put(name)
        }

        private fun endOf(count: Int, directory: Int) = header(END_BYTES) {
            putInt(END).putShort(0).putShort(0).putShort(count.toShort()).putShort(count.toShort())
            putInt(end - directory).putInt(directory).putShort(0)
        }

        private fun ByteBuffer.common(crc: Int, size: Int, name: ByteArray) {
            putShort(0).putShort(STORED).putShort(0).putShort(FIRST_OF_1980)
            putInt(crc).putInt(size).putInt(size).putShort(name.size.toShort()).putShort(0)
        }

        private fun header(bytes: Int, write: ByteBuffer.() -> Unit): ByteBuffer {
            val buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN)
            buffer.write()
            return buffer
        }

        private fun damaged(what: String) = BundleException("$description: not a whole bundle: $what. Get it again.")

        private fun refused(what: String) = BundleException("$description: $what; this is refused.")

        private fun otherwise(at: Int) = BundleException(
            "$description: from byte $at on it is not packed as edgetag packs: it holds bytes, comments or " +
                "headers that belong to no file; this is refused. Get the bundle from its maker again.",
        )
    }
}

private const val LOCAL = 0x04034B50
private const val CENTRAL = 0x02014B50
private const val END = 0x06054B50
private const val LOCAL_BYTES = 30
private const val CENTRAL_BYTES = 46
private const val END_BYTES = 22
private const val STORED: Short = 0
private const val VERSION: Short = 20
private const val MADE_BY_UNIX: Short = 0x314
private const val FIRST_OF_1980: Short = 0x21
private const val REGULAR_FILE = 0x81A4 shl 16 // -rw-r--r--
