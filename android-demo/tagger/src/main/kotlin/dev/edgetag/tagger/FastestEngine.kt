package dev.edgetag.tagger

import java.util.Locale

/**
 * An engine that was tried and is not the one that runs.
 *
 * @property reason for people: why it does not start, how its scores differ, or how slow it is.
 * @property p50Ms the median of a few inferences, in milliseconds; null where it was not timed.
 */
public data class LostEngine(val options: EngineOptions, val reason: String, val p50Ms: Double?)

/** Finds the fastest of several engines that passes the self-test; see [EngineChoice.open]. */
internal class FastestEngine(
    private val bundle: TaggerBundle,
    private val benchmark: Benchmark,
    private val memory: SelfTestMemory?,
    private val open: (EngineOptions) -> ChosenEngine,
) {
    /** @throws EngineException the CPU does not run the model either. */
    fun among(candidates: List<EngineOptions>): ChosenEngine =
        memory?.recall(bundle, candidates)?.let(::reopened)
            ?: measured(candidates).also { memory?.remember(bundle, candidates, it) }

    /** Returns null where it does not start any more, is of another version, or no longer passes. */
    private fun reopened(known: SelfTestMemory.Fastest): ChosenEngine? {
        val chosen = try {
            open(known.options)
        } catch (_: EngineException) {
            return null // what is wrong with it is found out, and said, where all are measured again
        }
        val same = chosen.engine.name == known.engine && chosen.engine.version == known.version
        if (same && chosen.selfTest.passed) return chosen.fastest(known.p50Ms, known.lost)
        chosen.engine.close()
        return null
    }

    private fun measured(candidates: List<EngineOptions>): ChosenEngine {
        val attempts = mutableListOf<Attempt>()
        var best: Attempt? = null
        try {
            for (options in candidates) {
                val attempt = attempt(options).also { attempts += it }
                if (attempt.isClearlyFasterThan(best)) {
                    best?.chosen?.engine?.close()
                    best = attempt
                } else {
                    attempt.chosen?.engine?.close()
                }
            }
        } catch (error: Throwable) { // whatever it was, the engine's memory is not Java's
            best?.chosen?.engine?.close()
            throw error
        }
        val lost = attempts.filter { it !== best }.map { LostEngine(it.options, it.reasonBeside(best), it.p50Ms) }
        // Where none passes, the CPU runs, and says so, as where it alone was asked for.
        val chosen = best?.chosen ?: open(candidates.first().copy(delegate = Delegate.CPU))
        return chosen.fastest(best?.p50Ms, lost)
    }

    private fun attempt(options: EngineOptions): Attempt = try {
        val chosen = open(options)
        try {
            if (chosen.selfTest.passed) {
                Attempt(options, chosen, p50(chosen.engine), "")
            } else {
                chosen.engine.close()
                Attempt(options, null, null, chosen.selfTest.summary)
            }
        } catch (error: Throwable) { // whatever it was, the engine's memory is not Java's
            chosen.engine.close()
            throw error
        }
    } catch (error: EngineException) {
        Attempt(options, null, null, error.message ?: "it does not start")
    }

    private fun p50(engine: Engine): Double {
        val golden = bundle.golden()
        val pixels = ByteArray(golden.inputBytes).also { bundle.goldenInputs(golden).get(it) }
        return benchmark.run(engine, bundle.contract, pixels, WARMUP_RUNS, RUNS).p50
    }

    /** @property chosen null, and closed, where it did not pass. */
    private class Attempt(
        val options: EngineOptions, val chosen: ChosenEngine?, val p50Ms: Double?, private val reason: String,
    ) {
        fun isClearlyFasterThan(other: Attempt?): Boolean =
            p50Ms != null && (other?.p50Ms == null || p50Ms < other.p50Ms * CLEARLY)

        fun reasonBeside(best: Attempt?): String =
            if (p50Ms == null || best == null) reason else "${shown(p50Ms)}, and ${best.options.label} takes ${shown(best.p50Ms)}"

        private fun shown(ms: Double?) = String.format(Locale.ROOT, "%.2f ms", ms)
    }

    private companion object {
        const val WARMUP_RUNS = 3
        const val RUNS = 11

        /** Medians of so few runs differ by chance; of two that are alike the first is taken. */
        const val CLEARLY = 0.95
    }
}
