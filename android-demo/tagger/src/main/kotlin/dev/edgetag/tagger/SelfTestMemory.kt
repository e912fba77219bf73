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
 * Remembers which engines have passed the self-test, so that not each start of the app runs it again.
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
        read().firstOrNull { it.key == subject.key() }?.result
    }

    /** Keeps a pass, and forgets the oldest of many. */
    internal fun remember(subject: Subject, result: SelfTestResult) {
        if (!result.passed) return
        synchronized(LOCK) {
            val others = read().filter { it.key != subject.key() }
            try {
                write((listOf(Entry(subject.key(), result)) + others).take(MOST_ENTRIES))
            } catch (_: IOException) {
                // No room: what is not kept is tested again at the next start.
            }
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

    private fun read(): List<Entry> = try {
        val text = String(Files.readAllBytes(file.toPath()), Charsets.UTF_8)
        val content = text.substringAfter('\n')
        if (text.substringBefore('\n') != digest(content)) emptyList() else StrictJson.read(content, ::entries)
    } catch (_: IOException) {
        emptyList() // there is none yet, or it cannot be read: nothing is remembered
    } catch (_: JsonException) {
        emptyList() // of another version of this app
    }

    private fun entries(fields: JsonFields): List<Entry> {
        fields.requireSchema(SCHEMA)
        return fields.list("passed") { element, place ->
            val entry = StrictJson.fields(element, place)
            val result = SelfTestResult(
                true, entry.text("family"), entry.number("max_difference"), entry.number("tolerance"), remembered = true,
            )
            Entry(entry.fields("of").whole, result)
        }
    }

    private fun write(entries: List<Entry>) {
        val json = buildJsonObject {
            put("schema", SCHEMA)
            put("passed", JsonArray(entries.map(::element)))
        }
        val content = json.toString() + "\n"
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

    private fun digest(content: String) = sha256(ByteBuffer.wrap(content.toByteArray()))

    private companion object {
        const val SCHEMA = "edgetag.self-tests/1.0"
        const val MOST_ENTRIES = 16
        val LOCK = Any()
    }
}
