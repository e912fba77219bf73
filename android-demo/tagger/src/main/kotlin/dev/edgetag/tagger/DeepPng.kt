package dev.edgetag.tagger

import java.io.DataInputStream
import java.io.EOFException
import java.io.IOException
import java.io.InputStream
import kotlin.math.abs

/**
 * PNG with samples of 16 bits, which keep their high byte by the contract. Android's own decoder may round them.
 *
 * Beside the picture it needs memory for two rows of the file.
 */
public object DeepPng {
    /**
     * Decodes a picture as it is stored; null where it is no PNG, or has no samples of 16 bits.
     *
     * @param input the picture's file from its start; it is not closed.
     * @param background what lies under transparent pixels.
     * @param limits which pictures are read smaller: one pixel of each square of them is taken.
     * @throws PictureException it is damaged or too large.
     * @throws IOException its bytes cannot be read.
     */
    public fun read(input: InputStream, background: Background, limits: PictureLimits): Picture? = onePicture {
        try {
            val chunks = PngChunks(input)
            val header = chunks.header()
            if (header != null && header.isDeep) decode(chunks, header, background, limits) else null
        } catch (error: EOFException) {
            throw damagedPng("it ends too early", error)
        }
    }

    private fun decode(chunks: PngChunks, header: PngHeader, background: Background, limits: PictureLimits): Picture {
        val sample = limits.sampleSize(header.width, header.height)
        var transparent: Int? = null
        while (chunks.next() != PngChunks.IDAT) {
            if (chunks.type == PngChunks.IEND) throw damagedPng("it has no pixels")
            if (chunks.type == PngChunks.TRNS && !header.hasAlpha) transparent = transparent(chunks, header)
        }
        val rows = DeepRows(header, sample, background, transparent)
        chunks.unpack(rows::read)
        return rows.picture
    }

    /** The transparent colour: a sample of grey, or `0xRRGGBB` as Python compares it. */
    private fun transparent(chunks: PngChunks, header: PngHeader): Int {
        val samples = chunks.take(2 * header.channels)
        if (!header.hasColor) return samples.getShort().toInt() and 0xFFFF
        // Pillow takes the low bytes here, and the high bytes of pixels.
        return samples.get(1).unsigned() shl 16 or (samples.get(3).unsigned() shl 8) or samples.get(5).unsigned()
    }
}

/** The rows of a PNG with samples of 16 bits, each from what the file says of it and of the row above. */
private class DeepRows(
    private val header: PngHeader,
    sample: Int,
    private val background: Background,
    private val transparent: Int?,
) {
    private val across = minOf(sample, header.width)
    private val down = minOf(sample, header.height)
    val picture = Picture.blank(header.width / across, header.height / down)
    private val pixelBytes = 2 * header.channels

    // Before the first pixel lies a black one, which filters take for its neighbour.
    private var row = blankRow()
    private var above = blankRow()
    private val argb = IntArray(1)

    private fun blankRow(): ByteArray {
        val bytes = (header.width + 1L) * pixelBytes
        if (bytes > Int.MAX_VALUE - 8) throw Picture.tooLarge(header.width, header.height, null)
        return ByteArray(bytes.toInt())
    }

    fun read(data: DataInputStream) {
        for (pass in header.passes) {
            val columns = pass.columns(header.width)
            above.fill(0)
            for (y in pass.top until header.height step pass.down) {
                val filter = data.readUnsignedByte()
                data.readFully(row, pixelBytes, columns * pixelBytes)
                undo(filter, (columns + 1) * pixelBytes)
                if (y % down == down / 2 && y / down < picture.height) keep(y / down, pass, columns)
                row = above.also { above = row }
            }
        }
    }

    /** Filters of the PNG specification, part 9. */
    private fun undo(filter: Int, end: Int) {
        val first = pixelBytes
        when (filter) {
            0 -> Unit
            1 -> for (i in first until end) add(i, row[i - first].unsigned())
            2 -> for (i in first until end) add(i, above[i].unsigned())
            3 -> for (i in first until end) add(i, (row[i - first].unsigned() + above[i].unsigned()) / 2)
            4 -> for (i in first until end) {
                add(i, paeth(row[i - first].unsigned(), above[i].unsigned(), above[i - first].unsigned()))
            }
            else -> throw damagedPng("it has a filter that PNG does not know")
        }
    }

    private fun add(i: Int, guess: Int) {
        row[i] = (row[i] + guess).toByte()
    }

    private fun paeth(left: Int, above: Int, corner: Int): Int {
        val toLeft = abs(above - corner)
        val toAbove = abs(left - corner)
        val toCorner = abs(left + above - 2 * corner)
        return if (toLeft <= toAbove && toLeft <= toCorner) left else if (toAbove <= toCorner) above else corner
    }

    private fun keep(y: Int, pass: PngPass, columns: Int) {
        for (column in 0 until columns) {
            val x = pass.left + column * pass.right
            if (x % across != across / 2 || x / across >= picture.width) continue
            argb[0] = argbAt((column + 1) * pixelBytes)
            background.flatten(argb, 1, picture.rgb, (y * picture.width + x / across) * Picture.CHANNELS)
        }
    }

    private fun argbAt(at: Int): Int {
        val red = row[at].unsigned()
        val green = if (header.hasColor) row[at + 2].unsigned() else red
        val blue = if (header.hasColor) row[at + 4].unsigned() else red
        val rgb = red shl 16 or (green shl 8) or blue
        val alpha = when {
            header.hasAlpha -> row[at + pixelBytes - 2].unsigned()
            transparent == (if (header.hasColor) rgb else red shl 8 or row[at + 1].unsigned()) -> 0
            else -> 255
        }
        return alpha shl 24 or rgb
    }
}
