package dev.edgetag.tagger

import java.nio.ByteBuffer

/**
 * An engine that was opened and tested.
 *
 * @property variant the model that it runs.
 * @property options what it runs with; the delegate is not the requested one after a fall-back.
 * @property requested the delegate that was asked for.
 * @property fellBack why the requested delegate is not used; empty where it is.
 * @property selfTest the result on the engine that runs; it may have failed on the CPU.
 * @property loadMs from the model in memory to an engine ready to run, in milliseconds.
 * @property p50Ms the median of a few inferences, in milliseconds, where several engines were measured; else null.
 * @property lost the others then, each with the reason.
 */
public class ChosenEngine(
    public val variant: Variant,
    public val engine: Engine,
    public val options: EngineOptions,
    public val requested: Delegate,
    public val fellBack: String,
    public val selfTest: SelfTestResult,
    public val loadMs: Double,
    public val p50Ms: Double? = null,
    public val lost: List<LostEngine> = emptyList(),
) {
    internal fun fastest(p50Ms: Double?, lost: List<LostEngine>) =
        ChosenEngine(variant, engine, options, requested, fellBack, selfTest, loadMs, p50Ms, lost)
}

/**
 * Opens engines, and trusts none before it has passed the self-test.
 *
 * @param memory what has passed it before, and need not again; null to run it each time.
 */
public class EngineChoice(
    private val factory: EngineFactory,
    private val clock: Clock = SystemClock,
    private val memory: SelfTestMemory? = null,
) {
    /**
     * Opens an engine as [open] does, for its self-test alone, such as before a bundle is installed.
     *
     * @throws BundleException a file of the bundle is damaged.
     * @throws EngineException the CPU does not run the model either.
     */
    public fun selfTest(bundle: TaggerBundle, options: EngineOptions): SelfTestResult {
        val chosen = open(bundle, options)
        return chosen.engine.use { chosen.selfTest }
    }

    /**
     * Opens the fastest of several engines that passes the self-test, such as [EngineOptions.USUAL].
     *
     * The first time all are opened, tested and timed, for a few inferences each. With a memory the
     * outcome is kept, for the same bundle, candidates, runtime and build. Of those that are about as
     * fast the first is taken. A single candidate is opened as by the other [open], and not timed.
     *
     * @throws BundleException a file of the bundle is damaged.
     * @throws EngineException no candidate passes, and the CPU does not run the model either.
     */
    public fun open(bundle: TaggerBundle, candidates: List<EngineOptions>): ChosenEngine {
        require(candidates.isNotEmpty()) { "no candidates" }
        if (candidates.size == 1) return open(bundle, candidates.single())
        return FastestEngine(bundle, Benchmark(clock), memory) { openOnly(bundle, it) }.among(candidates)
    }

    /**
     * Opens the bundle's default variant; for the GPU the first that takes floats, for an NPU the first that
     * takes integers of 8 bits, where there is one.
     *
     * GPUs compute in float, so that a model of integers gives other scores there than validation saw. For NPUs
     * LiteRT's own quantizer recommends models whose weights and activations are integers (`static_wi8_ai8`, in
     * the table of recipes of litert-quantizer 0.11's README). After a fall-back to the CPU the default variant runs.
     *
     * @throws BundleException a file of the bundle is damaged.
     * @throws EngineException the CPU does not run the model either.
     */
    public fun open(bundle: TaggerBundle, options: EngineOptions): ChosenEngine {
        val default = bundle.manifest.variants.first()
        if (variant(bundle, options.delegate) == default) return open(bundle, default, options)
        val reason = try {
            val chosen = openOnly(bundle, options)
            if (chosen.selfTest.passed) return chosen
            chosen.engine.close()
            chosen.selfTest.summary
        } catch (error: EngineException) {
            error.message ?: "it does not start"
        }
        val onCpu = open(bundle, default, options.copy(delegate = Delegate.CPU))
        return ChosenEngine(default, onCpu.engine, onCpu.options, options.delegate, reason, onCpu.selfTest, onCpu.loadMs)
    }

    /**
     * Opens the requested delegate and tests it; falls back to the CPU where it does not start or does
     * not give the golden scores.
     *
     * @throws BundleException a file of the bundle is damaged.
     * @throws EngineException the CPU does not run the model either.
     */
    public fun open(bundle: TaggerBundle, variant: Variant, options: EngineOptions): ChosenEngine {
        val opened = open(bundle.model(variant.name), options) { engine, used -> tested(bundle, variant, engine, used) }
        return ChosenEngine(
            variant, opened.engine, opened.options, options.delegate, opened.fellBack, checkNotNull(opened.selfTest),
            opened.loadMs,
        )
    }

    /** The variant for a delegate. */
    private fun variant(bundle: TaggerBundle, delegate: Delegate): Variant {
        val variants = bundle.manifest.variants
        val suited = when (delegate) {
            Delegate.CPU -> null
            Delegate.GPU -> variants.firstOrNull { it.inputType == "float32" }
            Delegate.NPU -> variants.firstOrNull { it.inputType == "uint8" || it.inputType == "int8" }
        }
        return suited ?: variants.first()
    }

    /** Opens and tests what is asked for, and does not fall back. */
    private fun openOnly(bundle: TaggerBundle, options: EngineOptions): ChosenEngine {
        val variant = variant(bundle, options.delegate)
        val model = bundle.model(variant.name)
        val opened = attempt(model, options, "") { engine, used -> tested(bundle, variant, engine, used) }
        val selfTest = checkNotNull(opened.selfTest)
        return ChosenEngine(variant, opened.engine, options, options.delegate, "", selfTest, opened.loadMs)
    }

    private fun tested(bundle: TaggerBundle, variant: Variant, engine: Engine, options: EngineOptions): SelfTestResult {
        val subject = SelfTestMemory.Subject(bundle, variant, engine, options)
        return memory?.recall(subject) ?: SelfTest.run(bundle, variant, engine).also { memory?.remember(subject, it) }
    }

    /** What [open] found; without a self-test where there are no golden scores. */
    internal class Opened(
        val engine: Engine,
        val options: EngineOptions,
        val fellBack: String,
        val selfTest: SelfTestResult?,
        val loadMs: Double,
    )

    /** @param test of an engine with the options that it really has. */
    internal fun open(
        model: ByteBuffer, options: EngineOptions, test: (Engine, EngineOptions) -> SelfTestResult?,
    ): Opened {
        if (options.delegate == Delegate.CPU) return attempt(model, options, "", test)
        val reason = try {
            val opened = attempt(model, options, "", test)
            if (opened.selfTest?.passed != false) return opened
            opened.engine.close()
            opened.selfTest.summary
        } catch (error: EngineException) {
            error.message ?: "it does not start"
        }
        return attempt(model, options.copy(delegate = Delegate.CPU), reason, test)
    }

    private fun attempt(
        model: ByteBuffer, options: EngineOptions, fellBack: String, test: (Engine, EngineOptions) -> SelfTestResult?,
    ): Opened {
        val started = clock.nanos()
        val engine = factory.open(model, options)
        val loadMs = (clock.nanos() - started) / NANOS_A_MS
        try {
            return Opened(engine, options, fellBack, test(engine, options), loadMs)
        } catch (error: Throwable) { // whatever it was, the engine's memory is not Java's
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
