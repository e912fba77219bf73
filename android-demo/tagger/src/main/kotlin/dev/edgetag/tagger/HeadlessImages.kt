package dev.edgetag.tagger

import java.io.File
import java.io.IOException

/** The images of a job: letterboxed ones in a `.npy`, or picture files. */
internal interface HeadlessImages : AutoCloseable {
    val count: Int

    /** The file's name, or the index in a `.npy`. */
    fun name(index: Int): String

    /** Returns `[size, size, 3]` uint8, letterboxed; throws [PictureException] and [IOException]. */
    fun pixels(index: Int): ByteArray

    override fun close() {}

    companion object {
        fun open(job: HeadlessJob, contract: Contract, decoder: PictureDecoder): HeadlessImages = when {
            job.images != null -> OfArray(NpyImages.open(job.images), contract)
            job.pictures != null -> OfFolder(job.pictures, contract, decoder)
            else -> throw JobException("the job has neither images nor pictures")
        }
    }

    private class OfArray(private val images: NpyImages, contract: Contract) : HeadlessImages {
        init {
            if (images.size != contract.inputSize) {
                images.close()
                throw JobException("the images have ${images.size} px, and the contract says ${contract.inputSize}")
            }
        }

        override val count get() = images.count

        override fun name(index: Int) = index.toString()

        override fun pixels(index: Int) = images.read(index)

        override fun close() = images.close()
    }

    private class OfFolder(
        folder: File,
        private val contract: Contract,
        private val decoder: PictureDecoder,
    ) : HeadlessImages {
        private val letterbox = Letterbox(contract)
        private val files = (folder.listFiles() ?: throw IOException("$folder is no folder that can be read"))
            .filter { it.isFile }.sortedBy { it.name }

        init {
            if (files.isEmpty()) throw JobException("$folder holds no pictures")
        }

        override val count get() = files.size

        override fun name(index: Int): String = files[index].name

        override fun pixels(index: Int) = letterbox.fit(decoder.decode(files[index], contract)).rgb
    }
}
