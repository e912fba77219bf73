package dev.edgetag.tagger

import java.io.File
import java.io.IOException
import java.io.RandomAccessFile

/**
 * Images in a `.npy` file: `[count, size, size, 3]` uint8, C order. Read one at a time.
 *
 * Format: numpy.lib.format, versions 1.0 to 3.0.
 *
 * @property count how many.
 * @property size height and width of each, in pixels.
 */
internal class NpyImages private constructor(
    private val file: RandomAccessFile,
    private val start: Long,
    val count: Int,
    val size: Int,
) : AutoCloseable {
    /** Bytes of one image. */
    val imageBytes: Int get() = size * size * Picture.CHANNELS

    /**
     * Reads an image.
     *
     * @param index in `0 until count`.
     * @return `[size, size, 3]`.
     * @throws IOException it cannot be read.
     */
    fun read(index: Int): ByteArray {
        require(index in 0 until count) { "image $index of $count" }
        file.seek(start + index.toLong() * imageBytes)
        return ByteArray(imageBytes).also(file::readFully)
    }

    override fun close(): Unit = file.close()

    companion object {
        /**
         * Opens a file.
         *
         * @throws IOException it cannot be read, or holds something else.
         */
        fun open(path: File): NpyImages {
            val file = RandomAccessFile(path, "r")
            try {
                return read(file)
            } catch (error: IOException) {
                file.close()
                throw IOException("$path: ${error.message}", error)
            }
        }

        private fun read(file: RandomAccessFile): NpyImages {
            val head = ByteArray(minOf(file.length(), MAGIC.size + 2L).toInt()).also(file::readFully)
            if (head.size < MAGIC.size + 2 || !head.copyOf(MAGIC.size).contentEquals(MAGIC)) {
                throw IOException("it is no .npy file")
            }
            val major = head[MAGIC.size].toInt()
            val length = when (major) {
                1 -> little(file, 2)
                2, 3 -> little(file, 4)
                else -> throw IOException("it is of version $major, which this app does not read")
            }
            if (length !in 1..MOST_HEADER) throw IOException("its header claims $length bytes")
            if (file.filePointer + length > file.length()) throw IOException("it is cut off within its header")
            val header = String(ByteArray(length.toInt()).also(file::readFully), Charsets.ISO_8859_1)
            val shape = shape(header)
            val start = file.filePointer
            val images = NpyImages(file, start, shape[0], shape[1])
            val expected = images.count.toLong() * images.imageBytes
            if (file.length() - start != expected) {
                throw IOException("it has ${file.length() - start} bytes of images, and $shape needs $expected")
            }
            return images
        }

        private fun shape(header: String): List<Int> {
            val match = HEADER.matchEntire(header)
                ?: throw IOException("it must hold uint8 in C order, [n, size, size, 3]; its header is ${header.trim().take(120)}")
            val shape = match.groupValues[1].split(',').map { it.trim().toInt() }
            if (shape[0] < 1 || shape[1] !in Contract.INPUT_SIZES || shape[1] != shape[2] || shape[3] != Picture.CHANNELS) {
                throw IOException("it must be [n, size, size, 3], and is $shape")
            }
            return shape
        }

        private fun little(file: RandomAccessFile, bytes: Int): Long {
            val parts = ByteArray(bytes).also { if (file.read(it) < bytes) throw IOException("it is cut off") }
            return parts.foldRight(0L) { part, value -> (value shl 8) or part.unsigned().toLong() }
        }

        private val MAGIC = byteArrayOf(0x93.toByte()) + "NUMPY".toByteArray(Charsets.US_ASCII)
        private const val MOST_HEADER = 1L shl 16
        private val HEADER = Regex(
            """\{'descr': '\|u1', 'fortran_order': False, 'shape': \(((?:\d{1,9}, ){3}\d{1,9}),?\),? ?\}\s*""",
        )
    }
}
