package dev.edgetag.demo

import android.content.Context
import dev.edgetag.tagger.Delegate
import dev.edgetag.tagger.android.AssetSource

/**
 * What a screen with a tagger shows.
 *
 * @property engine what runs, once that is known.
 * @property done of [total] steps; [total] is 0 where nobody knows how many there are.
 * @property result what the work gave, null before.
 */
data class Screen<R>(
    val engine: Words? = null,
    val status: Words? = null,
    val isProblem: Boolean = false,
    val isRunning: Boolean = false,
    val done: Int = 0,
    val total: Int = 0,
    val result: R? = null,
)

/** A screen's model that holds a tagger, opened again when the settings change. */
abstract class TaggerModel<R>(context: Context) : ScreenModel<Screen<R>>(Screen()) {
    protected val context: Context = context.applicationContext
    private var open: OpenTagger? = null
    private var openFor: EngineSettings? = null

    /** Opens the tagger with these settings and runs the self-test. */
    fun check(settings: EngineSettings) {
        start(null) { cancellation ->
            withTagger(settings, cancellation) { }
            update(cancellation) { it.copy(isRunning = false) }
        }
    }

    override fun ended(state: Screen<R>, problem: Throwable?): Screen<R> = state.copy(
        isRunning = false,
        isProblem = problem != null,
        status = problem?.let(::problem) ?: Message(R.string.work_cancelled),
    )

    override fun release() {
        open?.close()
        open = null
    }

    /** Runs [body] as work, with [status] shown. */
    protected fun start(status: Words?, body: (Cancellation) -> Unit) {
        set(state.copy(status = status, isProblem = false, isRunning = true, done = 0, total = 0))
        work(body)
    }

    /** Runs [body] with a tagger of these settings; on the work's thread. */
    protected fun withTagger(settings: EngineSettings, cancellation: Cancellation, body: (OpenTagger) -> Unit) {
        val kept = open.takeIf { openFor == settings }
        if (kept != null) return body(kept)
        release()
        update(cancellation) { it.copy(engine = Message(R.string.engine_checking)) }
        try {
            val opened = OpenTagger.open(AssetSource(context.assets), Engines.choice(context), settings.options)
            open = opened
            openFor = settings
            update(cancellation) { it.copy(engine = describe(opened)) }
            cancellation.check()
            body(opened)
        } finally {
            if (open == null) update(cancellation) { it.copy(engine = null) }
        }
    }

    private fun describe(opened: OpenTagger): Message {
        val chosen = opened.chosen
        val test = chosen.selfTest
        val name = "${chosen.variant.name}: ${chosen.engine.name} ${chosen.engine.version}"
        val delegate = delegateName(chosen.options.delegate)
        val threads = chosen.options.threads
        val result = if (test.passed) {
            Message(R.string.engine_passed, name, delegate, threads, test.family.orEmpty(), test.maxDifference)
        } else {
            Message(R.string.engine_failed, name, delegate, threads, test.maxDifference)
        }
        if (chosen.fellBack.isEmpty()) return result
        return Message(R.string.two_sentences, Message(R.string.engine_fell_back, chosen.fellBack), result)
    }
}

/** Returns what people call a delegate. */
fun delegateName(delegate: Delegate): Message = Message(
    when (delegate) {
        Delegate.CPU -> R.string.delegate_cpu
        Delegate.GPU -> R.string.delegate_gpu
    },
)
