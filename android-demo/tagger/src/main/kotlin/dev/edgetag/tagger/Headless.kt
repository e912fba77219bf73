package dev.edgetag.tagger

import java.io.File

/** Decodes picture files. */
public interface PictureDecoder {
    /**
     * Returns a picture: first frame, upright, RGB over the contract's background.
     *
     * @throws PictureException it cannot be decoded, or is too large.
     */
    public fun decode(file: File, contract: Contract): Picture
}

/** The device that a job runs on; [sdk] is Android's API level, 0 elsewhere. */
public data class Device(val manufacturer: String, val model: String, val sdk: Int, val soc: String)

/**
 * Does jobs that come from `adb`: scores a file of images or a folder of pictures.
 *
 * @param ownBundle opens the app's bundle.
 */
public class Headless(
    private val engines: EngineFactory,
    private val decoder: PictureDecoder,
    private val device: Device,
    private val ownBundle: () -> Bundle,
    private val clock: Clock = SystemClock,
) {
    /**
     * Does a job and returns its scores: JSON of schema `edgetag.phone-scores/1.0`.
     *
     * A picture that cannot be used has an `error` there, and the next is taken.
     *
     * @param progress is told how many images are done, of how many.
     * @throws JobException the job cannot be done; the message is one line.
     */
    public fun run(job: HeadlessJob, progress: (done: Int, all: Int) -> Unit = { _, _ -> }): String = TODO()
}
