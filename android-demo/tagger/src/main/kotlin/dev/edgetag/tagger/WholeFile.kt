package dev.edgetag.tagger

import java.io.EOFException
import java.io.InputStream
import kotlin.math.abs

/**
 * Whether a picture's file has all of its pixels, such as one whose download was broken off has not.
 *
 * Android's `BitmapFactory` makes up the pixels that are missing and says nothing of it. By the contract such a picture is
 * none.
 */
public object WholeFile {
    /**
     * Checks the file of a JPEG, PNG, WebP, GIF or BMP; of anything else it says nothing.
     *
     * @param input the picture's file from its start; it is read up to the end of its first picture, and not closed.
     * @throws PictureException it ends too early, or is a damaged PNG.
     * @throws java.io.IOException its bytes cannot be read.
     */
    public fun require(input: InputStream) {
        val source = input.buffered()
        source.mark(2)
        val isPng = source.read() == 0x89 && source.read() == 0x50
        source.reset()
        try {
            if (isPng) return passPng(PngChunks(source))
            val bytes = Bytes(source)
            when (bytes.big(2)) {
                0xFFD8L -> passJpeg(bytes)
                0x5249L -> passWebp(bytes)
                0x4749L -> passGif(bytes)
                0x424DL -> passBmp(bytes)
            }
        } catch (error: EOFException) {
            throw PictureException("this picture is damaged: it ends too early", error)
        }
    }

    /** A marker is 0xFF and a code; within pixels, 0xFF 0x00 stands for the value 0xFF. */
    private fun passJpeg(bytes: Bytes) {
        while (true) {
            var code = bytes.next()
            if (code != 0xFF) continue
            while (code == 0xFF) code = bytes.next()
            when (code) {
                0xD9 -> return
                0x00, 0x01, in 0xD0..0xD8 -> Unit // these have no length
                else -> bytes.pass(bytes.big(2) - 2)
            }
        }
    }

    private fun passPng(chunks: PngChunks) {
        val header = chunks.header() ?: return
        while (chunks.next() != PngChunks.IDAT) if (chunks.type == PngChunks.IEND) throw damagedPng("it has no pixels")
        chunks.unpack { it.pass(header.unpackedBytes) }
    }

    private fun passWebp(bytes: Bytes) {
        bytes.pass(2)
        bytes.pass(bytes.little(4))
    }

    private fun passGif(bytes: Bytes) {
        bytes.pass(8)
        val screen = bytes.next()
        bytes.pass(2L + colors(screen))
        while (true) {
            when (bytes.next()) {
                0x21 -> bytes.pass(1) // an extension
                0x2C -> {
                    bytes.pass(4)
                    if (bytes.little(2) * bytes.little(2) == 0L) throw PictureException("this picture is damaged: it has no pixels")
                    bytes.pass(colors(bytes.next()) + 1L)
                    passBlocks(bytes)
                    return
                }
                else -> return // it is damaged otherwise, or has no picture
            }
            passBlocks(bytes)
        }
    }

    private fun colors(flags: Int): Int = if (flags and 0x80 == 0) 0 else 3 shl (flags and 7) + 1

    private fun passBlocks(bytes: Bytes) {
        while (true) {
            val size = bytes.next()
            if (size == 0) return
            bytes.pass(size.toLong())
        }
    }

    private fun passBmp(bytes: Bytes) {
        bytes.pass(8)
        val start = bytes.little(4)
        val header = bytes.little(4)
        val isOld = header == 12L
        val width = bytes.little(if (isOld) 2 else 4)
        val height = if (isOld) bytes.little(2) else abs(bytes.little(4).toInt().toLong())
        bytes.pass(2)
        val bits = bytes.little(2)
        val compression = if (isOld) 0L else bytes.little(4)
        if (width > Int.MAX_VALUE || bits > 32) return
        val row = (width * bits + 31) / 32 * 4
        val size = if (compression in PLAIN) row * height else bytes.little(4)
        bytes.pass(start + size - bytes.read)
    }

    /** BI_RGB, BI_BITFIELDS and BI_ALPHABITFIELDS: rows of one length. */
    private val PLAIN = setOf(0L, 3L, 6L)

    /** Reads a stream, which may give less than it is asked for; its end is an [EOFException]. */
    private class Bytes(private val input: InputStream) {
        private val buffer = ByteArray(1 shl 16)
        private var at = 0
        private var end = 0
        private var before = 0L

        /** How many bytes were read. */
        val read: Long get() = before + at

        fun next(): Int {
            if (at == end) fill()
            return buffer[at++].unsigned()
        }

        fun big(bytes: Int): Long = (0 until bytes).fold(0L) { value, _ -> value shl 8 or next().toLong() }

        fun little(bytes: Int): Long = (0 until bytes).fold(0L) { value, i -> value or (next().toLong() shl 8 * i) }

        fun pass(bytes: Long) {
            var left = bytes
            while (left > 0) {
                if (at == end) fill()
                val passed = minOf(left, (end - at).toLong())
                at += passed.toInt()
                left -= passed
            }
        }

        private fun fill() {
            before += end
            at = 0
            end = 0
            end = input.read(buffer).coerceAtLeast(0)
            if (end == 0) throw EOFException()
        }
    }
}
