package dev.edgetag.demo

import android.content.Context
import dev.edgetag.tagger.JudgedLimit
import dev.edgetag.tagger.Label

/** What a limit is about, and where it was judged. */
class LimitTitle(private val limit: JudgedLimit, private val labels: List<Label>) : Words {
    override fun on(context: Context): String {
        val name = LIMIT_NAMES[limit.budget]?.let(context::getString) ?: limit.budget
        val tag = labels.firstOrNull { it.tag == limit.tag }?.let { displayName(it, context) }
        return listOfNotNull(name, tag, limit.runtime.takeIf { it != ANY })
            .joinToString(context.getString(R.string.list_separator))
    }
}

/** What was measured against a limit, and what that came to; in words throughout, since it is read aloud too. */
fun limitOutcome(limit: JudgedLimit): Words {
    val bound = if (limit.budget.startsWith("min_")) R.string.limit_least else R.string.limit_most
    return Message(R.string.limit_outcome, Message(keptOrNot(limit.verdict)), measured(limit), Message(bound, quantity(limit, limit.limit)))
}

private fun measured(limit: JudgedLimit): Words {
    val value = quantity(limit, limit.measured ?: return Message(R.string.limit_not_measured))
    val (low, high) = limit.interval ?: return value
    return Message(R.string.limit_interval, value, low, high)
}

/** A figure in its unit; those of sizes say theirs, and ratios have none. */
private fun quantity(limit: JudgedLimit, figure: String): Words = Message(
    when (limit.unit) {
        "points" -> R.string.unit_points
        "percent" -> R.string.unit_percent
        "ms" -> R.string.unit_ms
        else -> R.string.unit_none
    },
    figure,
)

private fun keptOrNot(verdict: String): Int = when (verdict) {
    "pass" -> R.string.limit_kept
    "fail" -> R.string.limit_broken
    "undecided" -> R.string.limit_undecided
    else -> R.string.verdict_not_judged
}

/** In place of a runtime, where it is no matter. */
private const val ANY = "any"

/** The limits of recipes; a later one is shown by its name there. */
private val LIMIT_NAMES = mapOf(
    "max_recall_drop" to R.string.max_recall_drop,
    "max_fpr_rise" to R.string.max_fpr_rise,
    "max_ap_drop" to R.string.max_ap_drop,
    "min_map" to R.string.min_map,
    "max_map_drop" to R.string.max_map_drop,
    "max_flip_rate" to R.string.max_flip_rate,
    "max_logit_rmse" to R.string.max_logit_rmse,
    "max_heat_map_error" to R.string.max_heat_map_error,
    "max_latency_ms" to R.string.max_latency_ms,
    "max_latency_ratio" to R.string.max_latency_ratio,
    "max_size_bytes" to R.string.max_size_bytes,
    "max_size_ratio" to R.string.max_size_ratio,
    "max_peak_memory_bytes" to R.string.max_peak_memory_bytes,
    "max_arm_instructions" to R.string.max_arm_instructions,
)
