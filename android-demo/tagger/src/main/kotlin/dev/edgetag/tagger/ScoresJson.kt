package dev.edgetag.tagger

import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.add
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put
import kotlinx.serialization.json.putJsonArray
import kotlinx.serialization.json.putJsonObject

/** Writes `edgetag.phone-scores/1.1`, image by image. */
internal object ScoresJson {
    fun head(
        sha256: String,
        tags: List<String>,
        device: Device,
        job: HeadlessJob,
        engine: Engine,
        options: EngineOptions,
        fellBack: String,
    ): JsonObject = buildJsonObject {
        put("schema", "edgetag.phone-scores/1.1")
        put("model_sha256", sha256)
        putJsonArray("tags") { tags.forEach { add(it) } }
        putJsonObject("device") {
            put("manufacturer", device.manufacturer)
            put("model", device.model)
            put("sdk", device.sdk)
            put("soc", device.soc)
        }
        putJsonObject("engine") {
            put("name", engine.name)
            put("version", engine.version)
            put("threads", options.threads)
            put("delegate", options.delegate.name.lowercase())
            put("requested_delegate", job.delegate.name.lowercase())
            put("fell_back", fellBack)
        }
    }

    fun write(
        out: Appendable,
        head: JsonObject,
        selfTest: SelfTestResult?,
        loadMs: Double,
        latency: Latency?,
        cpuset: String,
        images: (entry: (JsonObject) -> Unit) -> Unit,
    ) {
        val measured = buildJsonObject {
            put("self_test", selfTest?.let(::selfTest) ?: JsonNull)
            put("load_ms", loadMs)
            put("latency_ms", latency?.let { latency(it, cpuset) } ?: JsonNull)
        }
        out.append(JsonObject(head + measured).toString().dropLast(1)).append(",\"images\":[")
        var first = true
        images { entry ->
            out.append(if (first) "\n" else ",\n").append(entry.toString())
            first = false
        }
        out.append("\n]}\n")
    }

    fun scores(name: String, scores: FloatArray): JsonObject = buildJsonObject {
        put("name", name)
        putJsonArray("scores") { for (score in scores) add(score) }
    }

    fun error(name: String, message: String): JsonObject = buildJsonObject {
        put("name", name)
        put("error", message)
    }

    private fun selfTest(result: SelfTestResult) = buildJsonObject {
        put("passed", result.passed)
        put("family", result.family?.let(::JsonPrimitive) ?: JsonNull)
        put("max_difference", result.maxDifference)
    }

    private fun latency(latency: Latency, cpuset: String) = buildJsonObject {
        put("warmup_runs", latency.warmupRuns)
        put("runs", latency.runs)
        put("p50", latency.p50)
        put("p90", latency.p90)
        put("p99", latency.p99)
        put("cpuset", cpuset)
    }
}
