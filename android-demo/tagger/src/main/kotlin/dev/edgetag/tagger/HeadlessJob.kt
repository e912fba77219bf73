package dev.edgetag.tagger

import java.io.File

/**
 * What the headless entry is told: JSON of schema `edgetag.phone-job/1.1`.
 *
 * @property model a `.tflite` file, or null for [variant] of the app's own bundle.
 * @property variant of the app's own bundle; null for its default, or with [model].
 * @property images a `.npy`, `[n, size, size, 3]` uint8, letterboxed; null where there are [pictures].
 * @property pictures a folder of picture files; null where there are [images].
 * @property contract how pixels become input; null for the bundle's own.
 * @property warmupRuns runs before those that are timed.
 * @property runs timed runs, of the first image; 0 times nothing.
 */
public data class HeadlessJob(
    val model: File?,
    val variant: String?,
    val images: File?,
    val pictures: File?,
    val contract: Contract?,
    val threads: Int,
    val delegate: Delegate,
    val warmupRuns: Int,
    val runs: Int,
) {
    public companion object {
        /**
         * Reads a job.
         *
         * @throws JobException it is no such job.
         */
        public fun parse(text: String): HeadlessJob = try {
            StrictJson.read(text, ::read)
        } catch (error: JsonException) {
            throw JobException("the job is wrong: ${error.message}", error)
        }

        private fun read(fields: JsonFields): HeadlessJob {
            fields.requireSchema("edgetag.phone-job/1.1")
            val job = HeadlessJob(
                model = file(fields, "model"),
                variant = if (fields.has("variant")) fields.text("variant") else null,
                images = file(fields, "images"),
                pictures = file(fields, "pictures"),
                contract = if (fields.has("contract")) Contract.read(fields.fields("contract")) else null,
                threads = fields.whole("threads", 1..64),
                delegate = if (fields.has("delegate")) fields.choice("delegate", DELEGATES) else Delegate.CPU,
                warmupRuns = if (fields.has("warmup_runs")) fields.whole("warmup_runs", 0..1_000_000) else 0,
                runs = if (fields.has("runs")) fields.whole("runs", 0..1_000_000) else 0,
            )
            if (job.model != null && job.variant != null) throw JsonException("it has both model and variant")
            if ((job.images == null) == (job.pictures == null)) {
                throw JsonException("it must have either images or pictures")
            }
            if (job.model != null && job.contract == null) throw JsonException("contract is missing beside model")
            return job
        }

        private fun file(fields: JsonFields, name: String): File? {
            if (!fields.has(name)) return null
            val path = fields.text(name)
            if (path.isEmpty()) return null
            if (!File(path).isAbsolute) throw JsonException("$name must be an absolute path, and is \"${path.take(80)}\"")
            return File(path)
        }

        private val DELEGATES = Delegate.values().associateBy { it.name.lowercase() }
    }
}
