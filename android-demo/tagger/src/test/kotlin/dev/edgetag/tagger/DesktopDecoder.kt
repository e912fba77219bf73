package dev.edgetag.tagger

import java.awt.image.BufferedImage
import java.awt.image.IndexColorModel
import java.io.File
import java.io.IOException
import javax.imageio.ImageIO
import javax.imageio.ImageReader

/** Java's own decoders, with the limits that the app's have. EXIF is left alone: no test here needs it. */
internal class DesktopDecoder(private val limits: PictureLimits) : PictureDecoder {
    override fun decode(file: File, contract: Contract): Picture = try {
        ImageIO.createImageInputStream(file).use { input ->
            val reader = ImageIO.getImageReaders(input).asSequence().firstOrNull()
                ?: throw PictureException("${file.name} is no picture of a known format")
            try {
                reader.input = input
                flatten(read(reader), contract.background)
            } finally {
                reader.dispose()
            }
        }
    } catch (error: IOException) {
        throw PictureException("${file.name} cannot be decoded: ${error.message}", error)
    }

    private fun read(reader: ImageReader): BufferedImage {
        val sample = limits.sampleSize(reader.getWidth(0), reader.getHeight(0))
        val parameters = reader.defaultReadParam.apply { setSourceSubsampling(sample, sample, 0, 0) }
        return reader.read(0, parameters)
    }

    private fun flatten(image: BufferedImage, background: Rgb): Picture {
        val picture = Picture.blank(image.width, image.height)
        val row = IntArray(image.width)
        for (y in 0 until image.height) {
            if (image.raster.numBands == 1 && image.colorModel !is IndexColorModel) {
                // Java would convert grey from a linear space.
                for (x in row.indices) row[x] = image.raster.getSample(x, y, 0) * 0x010101 or (0xFF shl 24)
            } else {
                image.getRGB(0, y, image.width, 1, row, 0, image.width)
            }
            Background(background).flatten(row, image.width, picture.rgb, y * image.width * Picture.CHANNELS)
        }
        return picture
    }
}
