package dev.edgetag.tagger.android

import android.annotation.TargetApi
import android.content.ContentResolver
import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.graphics.ColorSpace
import android.net.Uri
import android.os.Build
import dev.edgetag.tagger.Background
import dev.edgetag.tagger.Contract
import dev.edgetag.tagger.DeepPng
import dev.edgetag.tagger.Exif
import dev.edgetag.tagger.Picture
import dev.edgetag.tagger.PictureException
import dev.edgetag.tagger.PictureLimits
import dev.edgetag.tagger.WholeFile
import dev.edgetag.tagger.onePicture
import java.io.FileNotFoundException
import java.io.IOException
import java.io.InputStream

/** Opens a picture's bytes, each time from the start. */
public fun interface PictureBytes {
    /**
     * Returns the bytes from their start; the caller closes them.
     *
     * @throws IOException they cannot be read.
     */
    public fun open(): InputStream
}

/**
 * Returns the bytes behind a content address; whatever its provider throws when they are opened, such as for a picture
 * that was deleted or may no longer be read, becomes an [IOException].
 */
public fun ContentResolver.bytesOf(uri: Uri): PictureBytes = PictureBytes {
    ofProvider { openInputStream(uri) } ?: throw FileNotFoundException("its provider gives nothing")
}

/** Asks the app that gives a document; an exception of its own comes from there as it is. */
internal inline fun <T> ofProvider(ask: () -> T): T = try {
    ask()
} catch (error: RuntimeException) {
    throw IOException(error.message ?: error.toString(), error)
}

/**
 * A picture that was read.
 *
 * @property picture upright, over the contract's background.
 * @property fullWidth of the file, as it is stored, in pixels.
 * @property fullHeight of the file, as it is stored, in pixels.
 * @property sampleSize by how much it was shrunk while decoding; above 1, scores can differ from those
 *   of the full picture.
 */
public class ReadPicture(
    public val picture: Picture,
    public val fullWidth: Int,
    public val fullHeight: Int,
    public val sampleSize: Int,
)

/**
 * Decodes pictures as the preprocessing contract wants them: as stored, upright, over its background.
 *
 * @param limits which pictures are read smaller; the default leaves half of the app's memory free.
 */
public class PictureReader(
    contract: Contract,
    private val limits: PictureLimits = PictureLimits.ofHeap(Runtime.getRuntime().maxMemory()),
) {
    private val background = Background(contract.background)

    /**
     * Reads a picture.
     *
     * @throws PictureException it cannot be decoded, or there is not enough memory.
     * @throws IOException its bytes cannot be read.
     */
    public fun read(bytes: PictureBytes): ReadPicture = onePicture {
        val header = BitmapFactory.Options().apply { inJustDecodeBounds = true }
        bytes.open().use { BitmapFactory.decodeStream(it, null, header) }
        if (header.outWidth < 1) throw PictureException("this file is not a picture that this device can decode")
        if (header.outMimeType !in FORMATS) {
            throw PictureException("${header.outMimeType} is not read; JPEG, PNG, WebP, GIF and BMP are")
        }
        val sample = limits.sampleSize(header.outWidth, header.outHeight)
        val deep = if (header.outMimeType == PNG) bytes.open().use { DeepPng.read(it, background, limits) } else null
        val stored = deep ?: decode(bytes, sample)
        ReadPicture(bytes.open().use(Exif::orientation).upright(stored), header.outWidth, header.outHeight, sample)
    }

    private fun decode(bytes: PictureBytes, sample: Int): Picture {
        bytes.open().use(WholeFile::require)
        val options = BitmapFactory.Options().apply {
            inSampleSize = sample
            inPreferredConfig = Bitmap.Config.ARGB_8888
            inPremultiplied = false // Premultiplied colours are rounded; the contract's are not.
            inScaled = false
        }
        val bitmap = bytes.open().use { BitmapFactory.decodeStream(it, null, options) }
            ?: throw PictureException("this picture is damaged: it cannot be decoded")
        try {
            keepStoredValues(bitmap)
            return flatten(bitmap)
        } finally {
            bitmap.recycle()
        }
    }

    /**
     * Makes `getPixels` give the stored values: it converts to sRGB, and the contract does not.
     *
     * Before Android 10 there is no way to say so; there, pictures with another colour space, such as
     * Display P3, are converted.
     */
    private fun keepStoredValues(bitmap: Bitmap) {
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.Q && bitmap.config == Bitmap.Config.ARGB_8888) callStandard(bitmap)
    }

    @TargetApi(Build.VERSION_CODES.Q)
    private fun callStandard(bitmap: Bitmap) = bitmap.setColorSpace(ColorSpace.get(ColorSpace.Named.SRGB))

    /** Some rows at a time, so that no second copy of all pixels is made. */
    private fun flatten(bitmap: Bitmap): Picture {
        val (width, height) = bitmap.width to bitmap.height
        val picture = Picture.blank(width, height)
        val rows = (STRIPE_PIXELS / width).coerceIn(1, height)
        val stripe = IntArray(rows * width)
        for (top in 0 until height step rows) {
            val count = minOf(rows, height - top)
            bitmap.getPixels(stripe, 0, width, 0, top, width, count)
            background.flatten(stripe, count * width, picture.rgb, top * width * Picture.CHANNELS)
        }
        return picture
    }

    private companion object {
        const val PNG = "image/png"

        /** Those of the contract: validation saw no others, such as HEIC, which phones decode too. */
        val FORMATS = setOf("image/jpeg", PNG, "image/webp", "image/gif", "image/bmp", "image/x-ms-bmp")

        const val STRIPE_PIXELS = 1 shl 18
    }
}
