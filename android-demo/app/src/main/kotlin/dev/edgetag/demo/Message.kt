package dev.edgetag.demo

import android.content.Context
import dev.edgetag.tagger.BundleException
import dev.edgetag.tagger.ChosenEngine
import dev.edgetag.tagger.Delegate
import dev.edgetag.tagger.EngineException
import dev.edgetag.tagger.Label
import dev.edgetag.tagger.PictureException
import dev.edgetag.tagger.TagScore
import dev.edgetag.tagger.Tagging
import java.io.IOException

/** Something that is put into words when it is shown, in the language of that moment. */
interface Words {
    /** Returns the words. */
    fun on(context: Context): String
}

/** A text of the resources with values, which may be [Words] too. */
class Message(private val text: Int, private vararg val values: Any) : Words {
    override fun on(context: Context): String {
        val shown = values.map { if (it is Words) it.on(context) else it }.toTypedArray()
        return context.getString(text, *shown)
    }
}

/** A text that depends on a number, which is the first value too. */
class Count(private val text: Int, private val count: Int, private vararg val values: Any) : Words {
    override fun on(context: Context): String = context.resources.getQuantityString(text, count, count, *values)
}

/** The display names of tags, in the language of the device. */
class TagNames(private val tags: List<TagScore>) : Words {
    override fun on(context: Context): String =
        tags.joinToString(context.getString(R.string.list_separator)) { displayName(it.label, context) }
}

/** Returns a tag's name in Japanese where the device's language is Japanese, else in English. */
fun displayName(label: Label, context: Context): String =
    if (context.resources.configuration.locales[0].language == "ja") label.japanese else label.english

/** Returns the tags that are set. */
fun summary(tagging: Tagging): Words =
    if (tagging.tags.isEmpty()) Message(R.string.tags_none) else Message(R.string.tags_set, TagNames(tagging.tags))

/** Returns what went wrong, for people. Details come from the tagger in English. */
fun problem(error: Throwable): Message = when {
    error is OutOfMemoryError || error.cause is OutOfMemoryError -> Message(R.string.problem_memory)
    error is NotInstalledException -> Message(R.string.bundle_refused, error.message.orEmpty())
    error is PictureException -> Message(R.string.problem_read, error.message.orEmpty())
    error is IOException || error is SecurityException -> Message(R.string.problem_read, error.message.orEmpty())
    error is BundleException || error is EngineException -> Message(R.string.engine_broken, error.message.orEmpty())
    else -> Message(R.string.problem_model, error.toString())
}

/** Returns what runs, and how it did in the self-test. */
fun describe(chosen: ChosenEngine): Words {
    val test = chosen.selfTest
    val name = "${chosen.variant.name}: ${chosen.engine.name} ${chosen.engine.version}"
    val delegate = delegateName(chosen.options.delegate)
    val result = Message(
        R.string.engine_passed, name, delegate, chosen.options.threads, test.family.orEmpty(), test.maxDifference,
    )
    if (chosen.fellBack.isEmpty()) return result
    return Message(R.string.two_sentences, Message(R.string.engine_fell_back, delegateName(chosen.requested), chosen.fellBack), result)
}

/** Returns what people call a delegate. */
fun delegateName(delegate: Delegate): Message = Message(
    when (delegate) {
        Delegate.CPU -> R.string.delegate_cpu
        Delegate.GPU -> R.string.delegate_gpu
        Delegate.NPU -> R.string.delegate_npu
    },
)
