package dev.edgetag.demo

import android.content.Context
import dev.edgetag.tagger.Delegate
import dev.edgetag.tagger.EngineOptions

/** What the user wants the model to run on; kept between starts. */
data class EngineSettings(val delegate: Delegate = Delegate.CPU, val threads: Int = DEFAULT_THREADS) {
    /** As the engine takes it. */
    val options: EngineOptions get() = EngineOptions(threads, delegate)

    /** Keeps these settings. */
    fun save(context: Context) {
        preferences(context).edit().putString(DELEGATE, delegate.name).putInt(THREADS, threads).apply()
    }

    companion object {
        /** What can be chosen, in the order of the array `threads`. */
        val THREAD_CHOICES: List<Int> = listOf(1, 2, 4, 8)

        /** What can be chosen, in this order: the app's runtime is LiteRT 1.x, which reaches no NPU. */
        val DELEGATE_CHOICES: List<Delegate> = listOf(Delegate.CPU, Delegate.GPU)

        private const val DEFAULT_THREADS = 2
        private const val DELEGATE = "delegate"
        private const val THREADS = "threads"

        /** Returns what was kept, or the defaults. */
        fun load(context: Context): EngineSettings {
            val kept = preferences(context)
            val delegate = DELEGATE_CHOICES.firstOrNull { it.name == kept.getString(DELEGATE, null) }
            val threads = kept.getInt(THREADS, DEFAULT_THREADS)
            return EngineSettings(delegate ?: Delegate.CPU, threads.takeIf { it in THREAD_CHOICES } ?: DEFAULT_THREADS)
        }

        private fun preferences(context: Context) = context.getSharedPreferences("engine", Context.MODE_PRIVATE)
    }
}
