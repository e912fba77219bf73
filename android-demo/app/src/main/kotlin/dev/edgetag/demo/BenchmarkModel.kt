package dev.edgetag.demo

import android.content.Context
import dev.edgetag.tagger.Benchmark
import dev.edgetag.tagger.ChosenEngine
import dev.edgetag.tagger.Latency

/** One measurement, with what it was made on. */
class BenchmarkLine(private val latency: Latency, private val chosen: ChosenEngine) : Words {
    override fun on(context: Context): String = context.getString(
        R.string.benchmark_line, latency.p50, latency.p90, latency.p99, latency.runs,
        "${chosen.engine.name} ${chosen.engine.version}", delegateName(chosen.options.delegate).on(context),
        chosen.options.threads, describe(thisDevice()),
    )
}

/** Measures how long the model takes on this phone. */
class BenchmarkModel(context: Context) : TaggerModel<List<BenchmarkLine>>(context) {
    /** Measures with these settings, and puts the line before those that are there. */
    fun measure(settings: EngineSettings) {
        start(Message(R.string.engine_checking)) { cancellation ->
            withTagger(settings, cancellation) { open ->
                val bundle = open.tagger.bundle
                val golden = bundle.golden()
                val pixels = ByteArray(golden.inputBytes)
                bundle.goldenInputs(golden).get(pixels)
                val engine = open.tagger.engine
                val latency = Benchmark().run(engine, bundle.contract, pixels, WARMUP_RUNS, RUNS) { done, _ ->
                    cancellation.check()
                    if (done % RUNS_A_STEP == 0) showRun(done, cancellation)
                }
                val line = BenchmarkLine(latency, open.chosen)
                update(cancellation) {
                    it.copy(status = null, isRunning = false, result = listOf(line) + it.result.orEmpty())
                }
            }
        }
    }

    private fun showRun(run: Int, cancellation: Cancellation) = update(cancellation) {
        it.copy(status = Message(R.string.benchmark_run, run, RUNS), done = run, total = RUNS)
    }

    private companion object {
        const val WARMUP_RUNS = 10
        const val RUNS = 100

        /** Drawing the progress takes time from the model. */
        const val RUNS_A_STEP = 25
    }
}
