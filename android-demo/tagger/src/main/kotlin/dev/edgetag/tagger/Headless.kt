package dev.edgetag.tagger

import java.io.File
import java.io.IOException
import java.nio.ByteBuffer

/** Decodes picture files. */
public interface PictureDecoder {
    /**
     * Returns a picture: first frame, upright, RGB over the contract's background.
     *
     * @throws PictureException it cannot be decoded, or is too large.
     */
    public fun decode(file: File, contract: Contract): Picture
}

/** The device that a job runs on; [sdk] is Android's API level. */
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
    private val ownBundle: () -> TaggerBundle,
    private val clock: Clock = SystemClock,
) {
    /** Does a job as the other [run] does, and returns what it writes. For few images: all of it is in memory. */
    public fun run(job: HeadlessJob, progress: (done: Int, all: Int) -> Unit = { _, _ -> }): String =
        StringBuilder().also { run(job, it, progress) }.toString()

    /**
     * Does a job and writes its scores: JSON of schema `edgetag.phone-scores/1.1`.
     *
     * A picture that cannot be used has an `error` there, and the next is taken.
     *
     * @param out is written to bit by bit; half a text is there when the job fails.
     * @param progress is told how many images are done, of how many; what it throws ends the job.
     * @throws JobException the job cannot be done; the message is one line.
     */
    public fun run(job: HeadlessJob, out: Appendable, progress: (done: Int, all: Int) -> Unit = { _, _ -> }) {
        try {
            val bundle = ownBundle()
            val model = model(job, bundle)
            val contract = job.contract ?: bundle.contract
            HeadlessImages.open(job, contract, decoder).use { images ->
                open(job, bundle, model).use { session -> write(job, session, contract, images, out, progress) }
            }
        } catch (error: BundleException) {
            throw JobException(oneLine(error), error)
        } catch (error: EngineException) {
            throw JobException(oneLine(error), error)
        } catch (error: IOException) {
            throw JobException(oneLine(error), error)
        } catch (error: OutOfMemoryError) {
            throw JobException("this app's memory does not suffice for the job", error)
        }
    }

    private class Model(val content: ByteBuffer, val sha256: String, val variant: Variant?, val tags: List<String>?)

    /** A model of the user's may be one of the bundle's own: then its golden scores are known. */
    private fun model(job: HeadlessJob, bundle: TaggerBundle): Model {
        if (job.model == null) {
            val variant = job.variant?.let(bundle.manifest::variant) ?: bundle.manifest.variants.first()
            return Model(bundle.model(variant.name), variant.sha256, variant, bundle.manifest.tags)
        }
        val content = mapFile(job.model)
        val digest = sha256(content)
        val variant = bundle.manifest.variants.firstOrNull { it.sha256 == digest }
        return Model(content, digest, variant, if (variant != null) bundle.manifest.tags else ModelLabels.read(job.model))
    }

    private class Session(
        val model: Model,
        val engine: Engine,
        val options: EngineOptions,
        val fellBack: String,
        val selfTest: SelfTestResult?,
        val loadMs: Double,
    ) : AutoCloseable {
        override fun close() = engine.close()
    }

    private fun open(job: HeadlessJob, bundle: TaggerBundle, model: Model): Session {
        val options = EngineOptions(job.threads, job.delegate)
        val choice = EngineChoice(engines, clock)
        val chosen = choice.open(model.content, options) { engine, _ ->
            model.variant?.let { SelfTest.run(bundle, it, engine) }
        }
        return Session(model, chosen.engine, chosen.options, oneLine(chosen.fellBack), chosen.selfTest, chosen.loadMs)
    }

    private fun write(
        job: HeadlessJob,
        session: Session,
        contract: Contract,
        images: HeadlessImages,
        out: Appendable,
        progress: (Int, Int) -> Unit,
    ) {
        val engine = session.engine
        val count = engine.output.shape.lastOrNull() ?: 0
        val tags = session.model.tags
            ?: throw JobException("the model has no labels.txt behind it, so that its scores have no names")
        if (tags.size != count) throw JobException("the model gives $count scores, and has ${tags.size} tags")
        val runner = Runner(engine, contract, count)
        val latency = if (job.runs > 0) latency(job, engine, contract, images) else null
        val cpuset = cpuset() // as it was right after the timed runs
        val head = ScoresJson.head(session.model.sha256, tags, device, job, engine, session.options, session.fellBack)
        ScoresJson.write(out, head, session.selfTest, session.loadMs, latency, cpuset) { entry ->
            for (index in 0 until images.count) {
                entry(image(images, index, runner, engine.output))
                progress(index + 1, images.count)
            }
        }
    }

    private fun image(images: HeadlessImages, index: Int, runner: Runner, output: TensorInfo) = try {
        val scores = runner.run(onePicture { images.pixels(index) })
        ScoresJson.scores(images.name(index), checkedScores(scores, output))
    } catch (error: PictureException) {
        ScoresJson.error(images.name(index), oneLine(error))
    }

    /** The processors that Android gives this app, such as `/top-app`; empty where nobody tells. */
    private fun cpuset(): String = try {
        File("/proc/self/cpuset").readText().trim()
    } catch (_: IOException) {
        ""
    }

    /** Times the first picture that can be used; a grey one where none can. */
    private fun latency(job: HeadlessJob, engine: Engine, contract: Contract, images: HeadlessImages): Latency {
        val usable = (0 until images.count).asSequence().mapNotNull { index ->
            try {
                onePicture { images.pixels(index) }
            } catch (_: PictureException) {
                null // its error is told beside its name
            }
        }.firstOrNull()
        val pixels = usable ?: ByteArray(contract.inputSize * contract.inputSize * Picture.CHANNELS) { 127 }
        return Benchmark(clock).run(engine, contract, pixels, job.warmupRuns, job.runs)
    }

    private fun oneLine(error: Throwable) = oneLine(error.message.orEmpty()).ifEmpty { error.javaClass.simpleName }

    private fun oneLine(text: String) = text.replace(SPACES, " ").take(MOST_CHARACTERS)

    private companion object {
        val SPACES = Regex("\\s+")
        const val MOST_CHARACTERS = 500
    }
}
