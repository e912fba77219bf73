package dev.edgetag.tagger

import java.io.DataInputStream
import java.io.EOFException
import java.io.InputStream
import java.nio.ByteBuffer
import java.nio.ByteOrder

/**
 * EXIF of JPEG, PNG and WebP, as far as it says how a picture was held.
 *
 * Android's `ExifInterface` reads that of PNG and WebP from Android 11 on only.
 */
public object Exif {
    private const val ORIENTATION = 0x0112
    private const val MOST_BYTES = 1 shl 20

    /** Bytes of a value, by its type: of the whole numbers among TIFF's types. */
    private val BYTES = mapOf(3 to 2, 4 to 4, 6 to 1, 8 to 2, 9 to 4, 13 to 4)
    private val MARK = "Exif\u0000\u0000".toByteArray()

    /**
     * Returns what a picture's EXIF says; upright where it has none, or a damaged one.
     *
     * @param input the picture's file from its start; it is read no further than needed, and not closed.
     * @throws java.io.IOException its bytes cannot be read.
     */
    public fun orientation(input: InputStream): Orientation = try {
        val data = DataInputStream(input)
        val exif = when (data.readUnsignedShort()) {
            0xFFD8 -> inJpeg(data)
            0x8950 -> inPng(data)
            0x5249 -> inWebp(data)
            else -> null
        }
        Orientation.of(exif?.let(::orientationIn) ?: Orientation.UPRIGHT.exif)
    } catch (_: EOFException) {
        Orientation.UPRIGHT
    } catch (_: IndexOutOfBoundsException) {
        // An offset in damaged EXIF.
        Orientation.UPRIGHT
    }

    private fun inJpeg(data: DataInputStream): ByteArray? {
        while (true) {
            var marker = data.readUnsignedShort()
            while (marker == 0xFFFF) marker = 0xFF00 or data.readUnsignedByte() // bytes between segments
            if (marker == 0xFFDA || marker < 0xFF01) return null // pixels follow, or it is damaged
            val size = data.readUnsignedShort() - 2
            if (marker != 0xFFE1) {
                data.pass(size.toLong())
            } else {
                val segment = data.take(size) ?: return null
                if (segment.startsWith(MARK)) return segment
            }
        }
    }

    private fun inPng(data: DataInputStream): ByteArray? {
        data.pass(6)
        while (true) {
            val size = data.readInt()
            val type = data.readInt()
            if (type == 0x65584966) return data.take(size) // eXIf
            data.pass((size.toLong() and 0xFFFFFFFFL) + 4)
        }
    }

    private fun inWebp(data: DataInputStream): ByteArray? {
        data.pass(10)
        // Only a file whose first chunk says so has EXIF.
        if (data.readInt() != 0x56503858) return null // VP8X
        val header = Integer.reverseBytes(data.readInt())
        if (header < 1 || data.readUnsignedByte() and 8 == 0) return null
        data.pass(header - 1L + header % 2)
        while (true) {
            val type = data.readInt()
            val size = Integer.reverseBytes(data.readInt())
            if (type == 0x45584946) return data.take(size) // EXIF
            val bytes = size.toLong() and 0xFFFFFFFFL
            data.pass(bytes + bytes % 2)
        }
    }

    /**
     * The tag's value in the first directory of a TIFF, of several the first; null where it is not there, or is no whole
     * number.
     *
     * @param exif the TIFF; writers of any format may have put a mark before it.
     */
    private fun orientationIn(exif: ByteArray): Int? {
        val start = if (exif.startsWith(MARK)) MARK.size else 0
        val values = ByteBuffer.wrap(exif, start, exif.size - start).slice()
        when (values.getShort(0).toInt()) {
            0x4949 -> values.order(ByteOrder.LITTLE_ENDIAN)
            0x4D4D -> Unit
            else -> return null
        }
        if (values.getShort(2).toInt() !in setOf(42, 42 shl 8)) return null
        val directory = values.getInt(4)
        for (entry in 0 until (values.getShort(directory).toInt() and 0xFFFF)) {
            val place = directory + 2 + 12 * entry
            if ((values.getShort(place).toInt() and 0xFFFF) != ORIENTATION) continue
            val bytes = BYTES[values.getShort(place + 2).toInt()] ?: return null
            val count = values.getInt(place + 4).toLong() and 0xFFFFFFFFL
            if (count == 0L) return null
            // Over 4 bytes lie elsewhere.
            val at = if (bytes * count > 4) values.getInt(place + 8) else place + 8
            return when (bytes) {
                1 -> values.get(at).toInt()
                2 -> values.getShort(at).toInt()
                else -> values.getInt(at)
            }
        }
        return null
    }

    private fun DataInputStream.take(size: Int): ByteArray? =
        if (size in 0..MOST_BYTES) ByteArray(size).also { readFully(it) } else null

    private fun ByteArray.startsWith(start: ByteArray) =
        size >= start.size && start.indices.all { this[it] == start[it] }
}

/** Passes bytes; their end is an [EOFException]. */
internal fun DataInputStream.pass(bytes: Long) {
    var left = bytes
    while (left > 0) {
        val passed = skip(left)
        if (passed == 0L) readByte() // which tells an end from a pause
        left -= maxOf(passed, 1)
    }
}
