package dev.edgetag.tagger

import java.io.DataInputStream
import java.io.EOFException
import java.io.InputStream
import java.nio.ByteBuffer
import java.util.zip.CRC32
import java.util.zip.Inflater
import java.util.zip.InflaterInputStream
import java.util.zip.ZipException

/** The chunks of a PNG, one after another, each held to its checksum. */
internal class PngChunks(input: InputStream) {
    private val input = DataInputStream(input.buffered())

    /** Name of the current chunk; 0 before the first. */
    var type = 0
        private set
    private var left = 0
    private val crc = CRC32()

    /** Returns the header, which is the first chunk; null where the file is no PNG. */
    fun header(): PngHeader? =
        if (input.readLong() == SIGNATURE && next() == IHDR) PngHeader(take(HEADER_BYTES)) else null

    /** Ends the current chunk and returns the name of the next. */
    fun next(): Int {
        if (type != 0) end()
        left = input.readInt()
        if (left < 0) throw damagedPng("a part of it claims more bytes than PNG allows")
        type = input.readInt()
        crc.reset()
        for (shift in 24 downTo 0 step 8) crc.update(type ushr shift)
        return type
    }

    /** Reads the next [count] bytes of the current chunk. */
    fun take(count: Int): ByteBuffer {
        if (left < count) throw damagedPng("a part of it is too short")
        val bytes = ByteArray(count)
        var at = 0
        while (at < count) at += read(bytes, at, count - at)
        return ByteBuffer.wrap(bytes)
    }

    /**
     * Unpacks what the current chunk has, and those of its name that follow it at once, then passes the rest of the file.
     *
     * @param read takes as much of it as it needs.
     */
    fun unpack(read: (DataInputStream) -> Unit) {
        val inflater = Inflater()
        try {
            read(DataInputStream(InflaterInputStream(data(), inflater, INFLATED_AT_ONCE)))
        } catch (error: ZipException) {
            throw damagedPng("its pixels cannot be unpacked", error)
        } finally {
            inflater.end()
        }
        while (type != IEND) next()
        end()
    }

    private fun data(): InputStream = object : InputStream() {
        private val name = type

        override fun read(into: ByteArray, at: Int, most: Int): Int {
            while (type == name && left == 0) next()
            return if (type == name) this@PngChunks.read(into, at, most) else -1
        }

        override fun read(): Int = ByteArray(1).let { if (read(it, 0, 1) < 0) -1 else it[0].unsigned() }
    }

    /** Reads what is left of the current chunk, and its checksum. */
    private fun end() {
        val unread = ByteArray(minOf(left, SKIPPED_AT_ONCE))
        while (left > 0) read(unread, 0, unread.size)
        if (input.readInt() != crc.value.toInt()) throw damagedPng("a checksum in it is wrong")
    }

    private fun read(into: ByteArray, at: Int, most: Int): Int {
        val count = input.read(into, at, minOf(most, left))
        if (count < 0) throw EOFException()
        crc.update(into, at, count)
        left -= count
        return count
    }

    internal companion object {
        const val IDAT = 0x49444154
        const val IEND = 0x49454E44
        const val TRNS = 0x74524E53
        private const val IHDR = 0x49484452
        private const val SIGNATURE = (0x89504E47L shl 32) or 0x0D0A1A0AL
        private const val HEADER_BYTES = 13
        private const val SKIPPED_AT_ONCE = 1 shl 13
        private const val INFLATED_AT_ONCE = 1 shl 15
    }
}

/** What the first chunk of a PNG says. */
internal class PngHeader(values: ByteBuffer) {
    val width: Int = values.getInt()
    val height: Int = values.getInt()

    /** Bits of a sample. */
    val depth: Int = values.get().unsigned()
    private val colorType = values.get().unsigned()
    private val methods = values.getShort().toInt()
    private val interlacing = values.get().unsigned()

    val hasColor: Boolean get() = colorType and 2 != 0
    val hasAlpha: Boolean get() = colorType and 4 != 0

    /** Samples of a pixel; one, its place in a palette, where it has that. */
    val channels: Int get() = if (hasPalette) 1 else (if (hasColor) 3 else 1) + (if (hasAlpha) 1 else 0)
    private val hasPalette get() = colorType and 1 != 0

    /** The parts in which pixels come: all of them, or where they are interlaced, seven times some. */
    val passes: List<PngPass>
        get() = (if (interlacing == 1) ADAM7 else WHOLE).filter { it.left < width && it.top < height }

    /** Bytes of all rows, each with its filter, when they are unpacked. */
    val unpackedBytes: Long
        get() = passes.sumOf { pass ->
            val row = (pass.columns(width).toLong() * channels * depth + 7) / 8 + 1
            row * pass.rows(height)
        }

    /** Whether PNG has pictures of 16 bits with such values. */
    val isDeep: Boolean get() = depth == 16 && colorType in COLOR_TYPES && methods == 0 && interlacing in 0..1

    private companion object {
        val COLOR_TYPES = setOf(0, 2, 4, 6)
        val WHOLE = listOf(PngPass(0, 0, 1, 1))
        val ADAM7 = listOf(
            PngPass(0, 0, 8, 8),
            PngPass(4, 0, 8, 8),
            PngPass(0, 4, 4, 8),
            PngPass(2, 0, 4, 4),
            PngPass(0, 2, 2, 4),
            PngPass(1, 0, 2, 2),
            PngPass(0, 1, 1, 2),
        )
    }
}

/** Which pixels a pass has: from [left] and [top] on, each [right] and [down] of the last. */
internal class PngPass(val left: Int, val top: Int, val right: Int, val down: Int) {
    fun columns(width: Int): Int = (width - left - 1) / right + 1

    fun rows(height: Int): Int = (height - top - 1) / down + 1
}

internal fun damagedPng(what: String, cause: Throwable? = null) = PictureException("this picture is damaged: $what", cause)
