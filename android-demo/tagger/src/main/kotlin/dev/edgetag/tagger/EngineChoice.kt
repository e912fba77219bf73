package dev.edgetag.tagger

/**
 * An engine that was opened and tested.
 *
 * @property options what it runs with; the delegate is not the requested one after a fall-back.
 * @property requested the delegate that was asked for.
 * @property fellBack why the requested delegate is not used; empty where it is.
 * @property selfTest the result on the engine that runs; it may have failed on the CPU.
 * @property loadMs from reading the model to an engine ready to run, in milliseconds.
 */
public class ChosenEngine(
    public val engine: Engine,
    public val options: EngineOptions,
    public val requested: Delegate,
    public val fellBack: String,
    public val selfTest: SelfTestResult,
    public val loadMs: Double,
)

/** Opens engines, and trusts none before it has passed the self-test. */
public class EngineChoice(private val factory: EngineFactory, private val clock: Clock = SystemClock) {
    /**
     * Opens the requested delegate and tests it; falls back to the CPU where it does not start or does
     * not give the golden scores.
     *
     * @throws BundleException a file of the bundle is damaged.
     * @throws EngineException the CPU does not run the model either.
     */
    public fun open(bundle: Bundle, variant: Variant, options: EngineOptions): ChosenEngine {
        if (options.delegate == Delegate.CPU) return attempt(bundle, variant, options, options.delegate, "")
        val reason = try {
            val chosen = attempt(bundle, variant, options, options.delegate, "")
            if (chosen.selfTest.passed) return chosen
            chosen.engine.close()
            chosen.selfTest.summary
        } catch (error: EngineException) {
            error.message.orEmpty()
        }
        return attempt(bundle, variant, options.copy(delegate = Delegate.CPU), options.delegate, reason)
    }

    private fun attempt(
        bundle: Bundle, variant: Variant, options: EngineOptions, requested: Delegate, fellBack: String,
    ): ChosenEngine {
        val started = clock.nanos()
        val engine = factory.open(bundle.model(variant.name), options)
        val loadMs = (clock.nanos() - started) / NANOS_A_MS
        try {
            val result = SelfTest.run(bundle, variant, engine)
            return ChosenEngine(engine, options, requested, fellBack, result, loadMs)
        } catch (error: Exception) {
            engine.close()
            throw error
        }
    }
}

/** Measures time. */
public interface Clock {
    /** Nanoseconds since any fixed moment. */
    public fun nanos(): Long
}

/** The clock of this machine. */
public object SystemClock : Clock {
    override fun nanos(): Long = System.nanoTime()
}

internal const val NANOS_A_MS = 1e6
