package dev.edgetag.tagger

import java.io.File
import java.io.FileOutputStream
import java.io.IOException
import java.nio.ByteBuffer
import java.nio.file.Files
import java.nio.file.StandardCopyOption
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put

/**
 * Remembers which engines have passed the self-test, so that not each start of the app runs it again, and
 * which of several was the fastest.
 *
 * Only passes are kept, each for one bundle, variant, engine, its version, threads, delegate and build.
 * The file begins with a digest of the rest: one that was changed or cut off remembers nothing.
 *
 * @param file small, in the app's own storage.
 * @param build what else a score may depend on: the device's system and the app, such as
 *   `Build.FINGERPRINT + " " + BuildConfig.VERSION_CODE`.
 */
public class SelfTestMemory(private val file: File, private val build: String) {
    /** Returns the result that this engine had; null where it is not known to have passed. */
    internal fun recall(subject: Subject): SelfTestResult? = synchronized(LOCK) {
        read().passed.firstOrNull { it.key == subject.key() }?.result
    }

    /** Keeps a pass, and forgets the oldest of many. */
    internal fun remember(subject: Subject, result: SelfTestResult) {
        if (!result.passed) return
        update { known ->
            val others = known.passed.filter { it.key != subject.key() }
            Known((listOf(Entry(subject.key(), result)) + others).take(MOST_ENTRIES), known.fastest)
        }
    }

    /** Returns the fastest of candidates for a bundle; null where they were never measured. */
    internal fun recall(bundle: TaggerBundle, candidates: List<EngineOptions>): Fastest? = synchronized(LOCK) {
        read().fastest.firstOrNull { it.key == key(bundle, candidates) }
    }

    /** Keeps the fastest, if it has passed, and forgets the oldest of many. */
    internal fun remember(bundle: TaggerBundle, candidates: List<EngineOptions>, chosen: ChosenEngine) {
        val p50Ms = chosen.p50Ms ?: return
        val key = key(bundle, candidates)
        val engine = chosen.engine
        update { known ->
            val fastest = Fastest(key, engine.name, engine.version, chosen.options, p50Ms, chosen.lost)
            Known(known.passed, (listOf(fastest) + known.fastest.filter { it.key != key }).take(MOST_ENTRIES))
        }
    }

    /** The fastest of several engines. */
    internal class Fastest(
        val key: JsonObject,
        val engine: String,
        val version: String,
        val options: EngineOptions,
        val p50Ms: Double,
        val lost: List<LostEngine>,
    )

    private fun key(bundle: TaggerBundle, candidates: List<EngineOptions>) = buildJsonObject {
        put("manifest_sha256", bundle.manifestSha256)
        put("candidates", JsonArray(candidates.map(::element)))
        put("build", build)
    }

    private fun update(change: (Known) -> Known) = synchronized(LOCK) {
        try {
            write(change(read()))
        } catch (_: IOException) {
            // No room: what is not kept is tested and measured again at the next start.
        }
    }

    /** What was tested. */
    internal class Subject(bundle: TaggerBundle, variant: Variant, engine: Engine, options: EngineOptions) {
        val fields: JsonObject = buildJsonObject {
            put("manifest_sha256", bundle.manifestSha256)
            put("variant", variant.name)
            put("engine", engine.name)
            put("engine_version", engine.version)
            put("delegate", options.delegate.name)
            put("threads", options.threads)
        }
    }

    private fun Subject.key() = JsonObject(fields + ("build" to JsonPrimitive(build)))

    private class Entry(val key: JsonObject, val result: SelfTestResult)

    private class Known(val passed: List<Entry> = emptyList(), val fastest: List<Fastest> = emptyList())

    private fun read(): Known = try {
        val text = String(Files.readAllBytes(file.toPath()), Charsets.UTF_8)
        val content = text.substringAfter('\n')
        if (text.substringBefore('\n') != digest(content)) Known() else StrictJson.read(content, ::known)
    } catch (_: IOException) {
        Known() // there is none yet, or it cannot be read: nothing is remembered
    } catch (_: JsonException) {
        Known() // of another version of this app
    }

    private fun known(fields: JsonFields): Known {
        fields.requireSchema(SCHEMA)
        val fastest = if (fields.has("fastest")) fields.list("fastest", ::fastest) else emptyList() // from 1.1 on
        return Known(entries(fields), fastest)
    }

    private fun entries(fields: JsonFields): List<Entry> =
        fields.list("passed") { element, place ->
            val entry = StrictJson.fields(element, place)
            val result = SelfTestResult(
                true, entry.text("family"), entry.number("max_difference"), entry.number("tolerance"), remembered = true,
            )
            Entry(entry.fields("of").whole, result)
        }

    private fun fastest(element: JsonElement, place: String): Fastest {
        val fields = StrictJson.fields(element, place)
        val lost = fields.list("lost") { entry, at ->
            val read = StrictJson.fields(entry, at)
            LostEngine(options(read), read.text("reason"), if (read.has("p50_ms")) read.number("p50_ms") else null)
        }
        return Fastest(
            fields.fields("of").whole, fields.text("engine"), fields.text("engine_version"), options(fields),
            fields.number("p50_ms"), lost,
        )
    }

    private fun options(fields: JsonFields) =
        EngineOptions(fields.whole("threads", 1..MOST_THREADS), fields.choice("delegate", DELEGATES))

    private fun write(known: Known) {
        val json = buildJsonObject {
            put("schema", SCHEMA)
            put("passed", JsonArray(known.passed.map(::element)))
            put("fastest", JsonArray(known.fastest.map(::element)))
        }
        val content = json.toString() + "\n"
        file.absoluteFile.parentFile?.mkdirs()
        val beside = File("$file.part")
        FileOutputStream(beside).use {
            it.write((digest(content) + "\n" + content).toByteArray())
            it.fd.sync()
        }
        Files.move(beside.toPath(), file.toPath(), StandardCopyOption.ATOMIC_MOVE)
    }

    private fun element(entry: Entry): JsonElement = buildJsonObject {
        put("of", entry.key)
        put("family", entry.result.family)
        put("max_difference", entry.result.maxDifference)
        put("tolerance", entry.result.tolerance)
    }

    private fun element(options: EngineOptions) = buildJsonObject {
        put("threads", options.threads)
        put("delegate", options.delegate.name)
    }

    private fun element(fastest: Fastest): JsonElement = buildJsonObject {
        put("of", fastest.key)
        put("engine", fastest.engine)
        put("engine_version", fastest.version)
        element(fastest.options).forEach(::put)
        put("p50_ms", fastest.p50Ms)
        put("lost", JsonArray(fastest.lost.map { lost ->
            JsonObject(
                element(lost.options) + mapOf("reason" to JsonPrimitive(lost.reason), "p50_ms" to JsonPrimitive(lost.p50Ms)),
            )
        }))
    }

    private fun digest(content: String) = sha256(ByteBuffer.wrap(content.toByteArray()))

    private companion object {
        const val SCHEMA = "edgetag.self-tests/1.1"
        const val MOST_ENTRIES = 16
        const val MOST_THREADS = 1024
        val DELEGATES = Delegate.values().associateBy { it.name }
        val LOCK = Any()
    }
}
