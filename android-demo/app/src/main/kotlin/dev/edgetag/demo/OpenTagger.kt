package dev.edgetag.demo

import android.content.Context
import dev.edgetag.tagger.BundleSource
import dev.edgetag.tagger.ChosenEngine
import dev.edgetag.tagger.EngineChoice
import dev.edgetag.tagger.EngineFactory
import dev.edgetag.tagger.EngineOptions
import dev.edgetag.tagger.Tagger
import dev.edgetag.tagger.TaggerBundle
import dev.edgetag.tagger.android.InterpreterEngineFactory
import dev.edgetag.tagger.android.selfTestMemory

/**
 * A tagger whose engine has run the golden inputs.
 *
 * @property chosen says what runs and how it did.
 */
class OpenTagger private constructor(val tagger: Tagger, val chosen: ChosenEngine) : AutoCloseable {
    override fun close() = tagger.close()

    companion object {
        /**
         * Opens the bundle's default variant, or on the GPU the one that computes in float.
         *
         * @throws dev.edgetag.tagger.BundleException the bundle is damaged or missing.
         * @throws dev.edgetag.tagger.EngineException not even the CPU runs the model.
         */
        fun open(source: BundleSource, choice: EngineChoice, options: EngineOptions): OpenTagger {
            val bundle = TaggerBundle.open(source)
            val chosen = choice.open(bundle, options)
            return OpenTagger(Tagger(bundle, chosen.variant, chosen.engine), chosen)
        }
    }
}

/** The one place that says which runtime the app has, and what it remembers of its self-tests. */
object Engines {
    /** Returns what opens engines; one that has passed the self-test once is not tested again. */
    fun choice(context: Context) = EngineChoice(linked(context), memory = selfTestMemory(context))

    /** Makes the factory of engines; the tests of the screens, on a JVM, put a desktop's here. */
    @Volatile
    var linked: (Context) -> EngineFactory = { InterpreterEngineFactory(it.codeCacheDir) }
}
