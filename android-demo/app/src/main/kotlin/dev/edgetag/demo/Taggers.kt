package dev.edgetag.demo

import android.content.Context
import dev.edgetag.tagger.BundleSource
import dev.edgetag.tagger.Clock
import dev.edgetag.tagger.EngineFactory
import dev.edgetag.tagger.SuspendingTagger
import dev.edgetag.tagger.SystemClock
import dev.edgetag.tagger.android.AssetSource
import dev.edgetag.tagger.android.InterpreterEngineFactory
import dev.edgetag.tagger.android.selfTestMemory
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock

/** The one tagger of all screens, opened when it is needed, and again when the settings change. */
class Taggers(private val context: Context) : AutoCloseable {
    private val turn = Mutex()

    @Volatile
    private var open: Pair<EngineSettings, SuspendingTagger>? = null

    /**
     * Returns a tagger that runs as [settings] say, and has passed its self-test.
     *
     * @throws dev.edgetag.tagger.BundleException the bundle is damaged or missing.
     * @throws dev.edgetag.tagger.EngineException not even the CPU runs the model as validation saw it.
     */
    suspend fun of(settings: EngineSettings): SuspendingTagger = turn.withLock {
        open?.takeIf { it.first == settings }?.let { return it.second }
        close()
        val memory = selfTestMemory(context)
        val tagger = SuspendingTagger.open(Engines.bundle(context), Engines.linked(context), settings.options, memory = memory)
        open = settings to tagger
        tagger
    }

    /** Gives the tagger back; pictures under way are finished first. */
    override fun close() {
        open?.second?.close()
        open = null
    }
}

/** The one place that says which bundle and runtime the app has, and what it is timed by. */
object Engines {
    /** Where the bundle lies; the tests of the screens put one here that says more than the released one. */
    @Volatile
    var bundle: (Context) -> BundleSource = { AssetSource(it.assets) }

    /** What latencies are measured by; the tests of the screens put one here whose figures do not change. */
    @Volatile
    var clock: Clock = SystemClock

    /** How many threads at most are worth measuring. */
    @Volatile
    var cores: Int = Runtime.getRuntime().availableProcessors()

    /** Makes the factory of engines; the tests of the screens, on a JVM, put a desktop's here. */
    @Volatile
    var linked: (Context) -> EngineFactory = { InterpreterEngineFactory(it.codeCacheDir) }
}
