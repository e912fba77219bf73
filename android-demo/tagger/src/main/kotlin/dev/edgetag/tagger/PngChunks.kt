package dev.edgetag.tagger

import java.io.DataInputStream
import java.io.EOFException
import java.io.InputStream
import java.nio.ByteBuffer
import java.util.zip.CRC32

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

    /** Returns what the current chunk has, and those of its name that follow it at once. */
    fun data(): InputStream = object : InputStream() {
        private val name = type

        override fun read(into: ByteArray, at: Int, most: Int): Int {
            while (type == name && left == 0) next()
            return if (type == name) this@PngChunks.read(into, at, most) else -1
        }

        override fun read(): Int = ByteArray(1).let { if (read(it, 0, 1) < 0) -1 else it[0].unsigned() }
    }

    /** Reads what is left of the current chunk, and its checksum. */
    fun end() {
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
    val isInterlaced: Boolean get() = interlacing == 1

    /** Samples of a pixel. */
    val channels: Int get() = (if (hasColor) 3 else 1) + (if (hasAlpha) 1 else 0)

    /** Whether PNG has pictures of 16 bits with such values. */
    val isDeep: Boolean get() = depth == 16 && colorType in COLOR_TYPES && methods == 0 && interlacing in 0..1

    private companion object {
        val COLOR_TYPES = setOf(0, 2, 4, 6)
    }
}

internal fun damagedPng(what: String, cause: Throwable? = null) = PictureException("this picture is damaged: $what", cause)
