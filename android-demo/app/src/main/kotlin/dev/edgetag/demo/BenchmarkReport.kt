package dev.edgetag.demo

import dev.edgetag.tagger.Delegate
import dev.edgetag.tagger.Device
import dev.edgetag.tagger.EngineOptions
import dev.edgetag.tagger.Latency
import dev.edgetag.tagger.Manifest
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.addJsonObject
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put
import kotlinx.serialization.json.putJsonArray
import kotlinx.serialization.json.putJsonObject

/**
 * One engine's latency.
 *
 * @property engine its name and version.
 * @property options what it ran with.
 * @property requested the delegate that was asked for.
 * @property fellBack why that one did not run; empty where it did.
 * @property loadMs from the model in memory to an engine ready to run, in milliseconds.
 */
data class Measured(
    val variant: String,
    val engine: String,
    val options: EngineOptions,
    val requested: Delegate,
    val fellBack: String,
    val loadMs: Double,
    val latency: Latency,
)

/**
 * An engine that could not be measured.
 *
 * @property options what was asked for.
 * @property ran what ran in its place, and is not measured twice; null where nothing did.
 * @property reason why, in English: it is of the runtime.
 */
data class NotMeasured(val options: EngineOptions, val ran: Delegate?, val reason: String)

/** Returns what is measured in turn: the CPU with more and more threads, then the GPU. */
fun measuredInTurn(cores: Int): List<EngineOptions> =
    EngineSettings.THREAD_CHOICES.filter { it <= cores }.map { EngineOptions(it) } + EngineOptions(1, Delegate.GPU)

/** Latencies of several engines on one device. */
data class BenchmarkReport(
    val device: Device,
    val measured: List<Measured> = emptyList(),
    val notMeasured: List<NotMeasured> = emptyList(),
) {
    /** The longest that is shown, in milliseconds; the chart's right end. */
    val longestMs: Double get() = measured.maxOfOrNull { it.latency.p99 } ?: 0.0

    /** Returns the report as JSON, `edgetag.phone-benchmark/2.0`. In both lists `delegate` is what ran. */
    fun toJson(manifest: Manifest): String = INDENTED.encodeToString(
        JsonElement.serializer(),
        buildJsonObject {
            put("schema", "edgetag.phone-benchmark/2.0")
            put("bundle", "${manifest.name} ${manifest.version}")
            putJsonObject("device") {
                put("manufacturer", device.manufacturer)
                put("model", device.model)
                put("sdk", device.sdk)
                put("soc", device.soc)
            }
            putJsonArray("results") {
                for (entry in measured) addJsonObject {
                    put("variant", entry.variant)
                    put("model_sha256", manifest.variant(entry.variant).sha256)
                    put("engine", entry.engine)
                    put("requested_delegate", word(entry.requested))
                    put("delegate", word(entry.options.delegate))
                    put("fell_back", entry.fellBack)
                    put("threads", entry.options.threads)
                    put("load_ms", entry.loadMs)
                    putJsonObject("latency_ms") {
                        put("warmup_runs", entry.latency.warmupRuns)
                        put("runs", entry.latency.runs)
                        put("p50", entry.latency.p50)
                        put("p90", entry.latency.p90)
                        put("p99", entry.latency.p99)
                    }
                }
            }
            putJsonArray("not_measured") {
                for (entry in notMeasured) addJsonObject {
                    put("requested_delegate", word(entry.options.delegate))
                    put("delegate", entry.ran?.let { word(it) })
                    put("threads", entry.options.threads)
                    put("reason", entry.reason)
                }
            }
        },
    ) + "\n"

    private companion object {
        val INDENTED = Json { prettyPrint = true }

        fun word(delegate: Delegate) = delegate.name.lowercase()
    }
}
