package dev.edgetag.tagger

import java.util.concurrent.CancellationException
import java.util.concurrent.ExecutorService
import java.util.concurrent.Executors
import java.util.concurrent.atomic.AtomicBoolean
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.withContext

/**
 * A [Tagger] for coroutines, which any number of them may use at once.
 *
 * It runs one picture at a time, and all of them on one thread, its own: a GPU delegate that uses OpenGL
 * runs only on the thread that has made it. Whoever is cancelled waits for the picture under way, since a
 * runtime cannot be interrupted; no further one is begun.
 *
 * @property chosen what runs, whether it is what was asked for, and how it did in the self-test.
 */
public class SuspendingTagger private constructor(
    private val tagger: Tagger,
    public val chosen: ChosenEngine,
    private val executor: ExecutorService,
) : AutoCloseable {
    private val thread = executor.asCoroutineDispatcher()
    private val isClosed = AtomicBoolean()
    private var isReleased = false // read and written on the thread alone

    /** What the model and its tags are. */
    public val bundle: TaggerBundle get() = tagger.bundle

    /** Whether the model makes heat maps. */
    public val explains: Boolean get() = tagger.explains

    /**
     * Returns a picture's scores.
     *
     * @throws PictureException the memory does not suffice.
     * @throws EngineException the runtime failed.
     * @throws IllegalStateException the tagger is closed.
     */
    public suspend fun tag(picture: Picture): Tagging = onThread { tagger.tag(picture) }

    /**
     * Returns a picture's scores with a heat map of every tag; without maps where the model makes none.
     *
     * @throws PictureException the memory does not suffice.
     * @throws EngineException the runtime failed.
     * @throws IllegalStateException the tagger is closed.
     */
    public suspend fun explain(picture: Picture): Tagging = onThread { tagger.explain(picture) }

    /**
     * Tags pictures one after another, such as those of a folder, as fast as they are collected.
     *
     * A picture that cannot be read or tagged is a result too, [PictureResult.Failed], and ends nothing.
     * The flow fails with an [IllegalStateException] if the tagger is closed.
     *
     * @param pictures what stands for them, such as their addresses.
     * @param explain whether results have heat maps.
     * @param read decodes one of them, on [Dispatchers.IO]; any exception of it is that picture's failure.
     */
    public fun <P> tagAll(
        pictures: Iterable<P>,
        explain: Boolean = false,
        read: suspend (P) -> Picture,
    ): Flow<PictureResult<P>> = flow {
        for (source in pictures) emit(result(source, explain, read))
    }

    private suspend fun <P> result(source: P, explain: Boolean, read: suspend (P) -> Picture): PictureResult<P> {
        val picture = try {
            onePicture { withContext(Dispatchers.IO) { read(source) } }
        } catch (error: Exception) {
            // A cancellation, too, where it is not this coroutine's: a time limit of the reader's own.
            currentCoroutineContext().ensureActive()
            return PictureResult.Failed(source, error)
        }
        return try {
            PictureResult.Tagged(source, if (explain) explain(picture) else tag(picture))
        } catch (error: PictureException) {
            PictureResult.Failed(source, error)
        } catch (error: EngineException) {
            PictureResult.Failed(source, error)
        }
    }

    private suspend fun <T> onThread(work: () -> T): T = try {
        withContext(thread) {
            check(!isReleased) { CLOSED }
            work()
        }
    } catch (error: CancellationException) {
        // Either this coroutine is cancelled, or the thread takes no more work.
        currentCoroutineContext().ensureActive()
        throw IllegalStateException(CLOSED, error)
    }

    /** Returns at once; the runtime's memory is given back after the pictures under way; later ones fail. */
    override fun close() {
        if (!isClosed.compareAndSet(false, true)) return
        executor.execute {
            isReleased = true
            tagger.close()
        }
        executor.shutdown()
    }

    public companion object {
        private const val CLOSED = "this tagger is closed"

        /**
         * Opens a bundle, an engine and a tagger, on the tagger's own thread; see [EngineChoice.open].
         *
         * @param manifestSha256 see [TaggerBundle.open].
         * @param memory what has passed the self-test before, and need not again; null to run it each time.
         * @throws BundleException the bundle is damaged or missing.
         * @throws EngineException not even the CPU runs the model, or its scores are not those that
         *   validation saw.
         */
        public suspend fun open(
            source: BundleSource,
            engines: EngineFactory,
            options: EngineOptions = EngineOptions(),
            manifestSha256: String? = null,
            memory: SelfTestMemory? = null,
        ): SuspendingTagger = open(source, engines, listOf(options), manifestSha256, memory)

        /** Opens the fastest of several engines, such as [EngineOptions.USUAL]; otherwise as the other [open]. */
        public suspend fun open(
            source: BundleSource,
            engines: EngineFactory,
            candidates: List<EngineOptions>,
            manifestSha256: String? = null,
            memory: SelfTestMemory? = null,
        ): SuspendingTagger = open(engines, candidates, memory) { TaggerBundle.open(source, manifestSha256) }

        /**
         * Opens an engine and a tagger for what [bundle] gives, such as the bundle that a [BundleStore] has in use;
         * otherwise as the other [open].
         *
         * @param bundle runs on the tagger's own thread, so it may read files.
         */
        public suspend fun open(
            engines: EngineFactory,
            candidates: List<EngineOptions>,
            memory: SelfTestMemory? = null,
            bundle: () -> TaggerBundle,
        ): SuspendingTagger {
            val executor = Executors.newSingleThreadExecutor { Thread(it, "edgetag-tagger") }
            var opened: SuspendingTagger? = null
            try {
                return withContext(executor.asCoroutineDispatcher()) {
                    open(bundle(), EngineChoice(engines, memory = memory), candidates, executor).also { opened = it }
                }
            } catch (error: Throwable) { // also where nobody waits any more for what was opened
                opened?.close() ?: executor.shutdown()
                throw error
            }
        }

        private fun open(
            bundle: TaggerBundle,
            choice: EngineChoice,
            candidates: List<EngineOptions>,
            executor: ExecutorService,
        ): SuspendingTagger {
            val chosen = choice.open(bundle, candidates)
            try {
                if (!chosen.selfTest.passed) throw EngineException(chosen.selfTest.summary)
                return SuspendingTagger(Tagger(bundle, chosen.variant, chosen.engine), chosen, executor)
            } catch (error: Throwable) { // whatever it was, the engine's memory is not Java's
                chosen.engine.close()
                throw error
            }
        }
    }
}

/**
 * What became of one of many pictures.
 *
 * @property source what stands for the picture.
 */
public sealed class PictureResult<out P>(public val source: P) {
    /** It was tagged. */
    public class Tagged<out P>(source: P, public val tagging: Tagging) : PictureResult<P>(source)

    /**
     * It was not.
     *
     * @property error why; its message is for people where it is one of this library's.
     */
    public class Failed<out P>(source: P, public val error: Exception) : PictureResult<P>(source)
}
