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
import java.io.FileNotFoundException
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock

/** The one tagger of all screens, opened when it is needed, and again when the settings or the bundle change. */
class Taggers(private val context: Context, private val bundles: Bundles) : AutoCloseable {
    private val turn = Mutex()

    @Volatile
    private var open: Pair<EngineSettings, SuspendingTagger>? = null

    /** Why the bundle that was installed last is not the one in use; empty where it is. */
    @Volatile
    var fellBack: String = ""
        private set

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
        val tagger = SuspendingTagger.open(Engines.linked(context), listOf(settings.options), memory) {
            bundles.open().also { fellBack = it.fellBack }.bundle
        }
        open = settings to tagger
        tagger
    }

    /** Gives the tagger back, so that the next one has the bundle that is in use then. */
    suspend fun forget() = turn.withLock { close() }

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

    /** The public key that later bundles must be signed with, null where the app has none. */
    @Volatile
    var key: (Context) -> String? = {
        try {
            it.assets.open("edgetag/bundle-key.pub").use { key -> key.readBytes().decodeToString() }
        } catch (_: FileNotFoundException) {
            null
        }
    }

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
