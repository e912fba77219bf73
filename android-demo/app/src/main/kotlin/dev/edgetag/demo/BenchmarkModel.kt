package dev.edgetag.demo

import android.content.Context
import dev.edgetag.tagger.Benchmark
import dev.edgetag.tagger.ChosenEngine
import dev.edgetag.tagger.EngineChoice
import dev.edgetag.tagger.EngineException
import dev.edgetag.tagger.EngineOptions
import dev.edgetag.tagger.Manifest
import dev.edgetag.tagger.TaggerBundle
import dev.edgetag.tagger.android.selfTestMemory
import java.io.OutputStream
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.withContext

/** Measures how long the model takes on this phone, on one engine after another. */
class BenchmarkModel(private val context: Context, private val work: Work, private val bundles: Bundles) {
    private val changing = MutableStateFlow(BenchmarkReport(thisDevice()))

    /** What was measured last. */
    val report: StateFlow<BenchmarkReport> = changing.asStateFlow()

    private var manifest: Manifest? = null

    /** Measures all engines in turn. */
    fun measure() = work.start(Message(R.string.engine_checking)) {
        changing.value = BenchmarkReport(thisDevice())
        val bundle = withContext(Dispatchers.IO) { bundles.open().bundle }
        manifest = bundle.manifest
        for (options in measuredInTurn(Engines.cores)) measure(bundle, options)
        null
    }

    /** Writes what was measured as JSON; nothing where nothing was. */
    fun write(out: OutputStream) {
        manifest?.let { out.write(report.value.toJson(it).toByteArray()) }
    }

    private suspend fun measure(bundle: TaggerBundle, options: EngineOptions) {
        work.report(Message(R.string.benchmark_now, delegateName(options.delegate), options.threads))
        // A thread of its own is not needed: only one piece of work runs here, from opening to closing.
        withContext(Dispatchers.IO) {
            val chosen = try {
                EngineChoice(Engines.linked(context), Engines.clock, selfTestMemory(context)).open(bundle, options)
            } catch (error: EngineException) {
                leaveOut(NotMeasured(options, null, error.message.orEmpty()))
                return@withContext
            }
            chosen.engine.use {
                if (chosen.fellBack.isEmpty()) {
                    val measured = measure(bundle, chosen) { coroutineContext.ensureActive() }
                    changing.update { it.copy(measured = it.measured + measured) }
                } else {
                    leaveOut(NotMeasured(options, chosen.options.delegate, chosen.fellBack))
                }
            }
        }
    }

    private fun measure(bundle: TaggerBundle, chosen: ChosenEngine, check: () -> Unit): Measured {
        val golden = bundle.golden()
        val pixels = ByteArray(golden.inputBytes)
        bundle.goldenInputs(golden).get(pixels)
        val latency = Benchmark(Engines.clock).run(chosen.engine, bundle.contract, pixels, WARMUP_RUNS, RUNS) { done, all ->
            check()
            if (done % RUNS_A_STEP == 0) work.report(work.state.value.status, done, all)
        }
        val engine = "${chosen.engine.name} ${chosen.engine.version}"
        return Measured(
            chosen.variant.name, engine, chosen.options, chosen.requested, chosen.fellBack, chosen.loadMs, latency,
        )
    }

    private fun leaveOut(entry: NotMeasured) = changing.update { it.copy(notMeasured = it.notMeasured + entry) }

    private companion object {
        const val WARMUP_RUNS = 10
        const val RUNS = 100

        /** Drawing the progress takes time from the model. */
        const val RUNS_A_STEP = 25
    }
}
