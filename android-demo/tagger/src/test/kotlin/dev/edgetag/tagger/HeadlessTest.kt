package dev.edgetag.tagger

import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder

class HeadlessTest {
    @TempDir
    lateinit var folder: File

    private val bundle = TaggerBundle.open(ZipSource(demoBundle()))
    private val golden = bundle.golden()
    private val variant = bundle.manifest.variants.first()
    private val device = Device("Debian", "desk \"top\"", 35, "x86")
    private val headless = Headless(DesktopEngineFactory, DesktopDecoder(PictureLimits.ofHeap(256L shl 20)), device, { bundle })

    @Test
    fun `images of an array get the golden scores, with timings and the engine's name`() {
        val done = mutableListOf<Int>()
        val text = headless.run(job { put("images", npy().path); put("warmup_runs", 2); put("runs", 20) }) { n, of ->
            assertEquals(golden.count, of)
            done += n
        }
        assertEquals((1..golden.count).toList(), done)
        File(goldenFolder(), "answer.json").writeText(text) // Python reads it with its own reader
        StrictJson.read(text) { answer ->
            assertEquals("edgetag.phone-scores/1.1", answer.text("schema"))
            assertEquals(variant.sha256, answer.text("model_sha256"))
            assertEquals(bundle.manifest.tags, answer.list("tags", StrictJson::text))
            assertEquals(device.model, answer.fields("device").text("model"))
            assertTrue(answer.fields("self_test").flag("passed"))
            val latency = answer.fields("latency_ms")
            assertEquals(20, latency.whole("runs", 0..99))
            assertTrue(0 < latency.number("p50") && latency.number("p50") <= latency.number("p99"))
            assertTrue(latency.text("cpuset").startsWith("/"))
            val family = answer.fields("self_test").text("family")
            val expected = golden.expected.first { it.variant == variant.name && it.family == family }
            assertEquals(List(golden.count) { it.toString() }, names(answer))
            for ((index, scores) in scores(answer).withIndex()) {
                for ((tag, score) in scores!!.withIndex()) assertEquals(expected.scores[index][tag], score, expected.tolerance + 1e-7)
            }
        }
    }

    @Test
    fun `an NPU that was asked for and is not there is in the record, with what ran and why`() {
        StrictJson.read(headless.run(job { put("images", npy().path); put("delegate", "npu") })) { answer ->
            val engine = answer.fields("engine")
            assertEquals("npu" to "cpu", engine.text("requested_delegate") to engine.text("delegate"))
            assertEquals("this build of TensorFlow Lite has no NPU delegate", engine.text("fell_back"))
            assertTrue(answer.fields("self_test").flag("passed"))
        }
    }

    @Test
    fun `a runtime's reason of many lines is one of a length that Python reads`() {
        val wordy = object : EngineFactory {
            override fun open(model: ByteBuffer, options: EngineOptions): Engine {
                if (options.delegate == Delegate.CPU) return DesktopEngineFactory.open(model, options)
                throw EngineException("not supported:\n" + "CONV_2D: version 3\n".repeat(500))
            }
        }
        val jobs = Headless(wordy, DesktopDecoder(PictureLimits.ofHeap(256L shl 20)), device, { bundle })
        StrictJson.read(jobs.run(job { put("images", npy().path); put("delegate", "gpu") })) { answer ->
            val reason = answer.fields("engine").text("fell_back")
            assertTrue(reason.startsWith("not supported: CONV_2D: version 3 CONV_2D"))
            assertEquals(500, reason.length)
        }
    }

    @Test
    fun `in a folder with damaged and huge pictures every good one is scored`() {
        val text = headless.run(job { put("pictures", File(goldenFolder(), "hostile").path); put("delegate", "gpu") })
        StrictJson.read(text) { answer ->
            assertEquals("gpu", answer.fields("engine").text("requested_delegate"))
            assertEquals("cpu", answer.fields("engine").text("delegate"))
            assertTrue(answer.fields("engine").text("fell_back").isNotEmpty())
            assertFalse(answer.has("latency_ms"))
            val scored = names(answer).zip(scores(answer)).toMap()
            assertTrue(scored.size >= 7)
            for ((name, scores) in scored) assertEquals(name.startsWith("bad-"), scores == null, name)
            assertEquals(scored["a-good-one.png"], scored["b-good-too.png"])
        }
    }

    @Test
    fun `a file from outside with the same bytes is known by its digest, another one has no self-test`() {
        val file = File(folder, "pushed.tflite").apply { writeBytes(bytes(bundle.model(variant.name))) }
        val known = headless.run(jobOf(file))
        StrictJson.read(known) { assertTrue(it.fields("self_test").flag("passed")) }
        val last = file.readBytes().also { it[it.size - 1] = 7 } // within the labels' zip, its comment's length
        val other = File(folder, "other.tflite").apply { writeBytes(last.copyOf(last.size - 2) + byteArrayOf(1, 0, 'x'.code.toByte())) }
        StrictJson.read(headless.run(jobOf(other))) {
            assertFalse(it.has("self_test"))
            assertEquals(bundle.manifest.tags, it.list("tags", StrictJson::text))
        }
    }

    @Test
    fun `a model without labels, or no model at all, ends the job with one line`() {
        val model = bytes(bundle.model(variant.name))
        val cut = File(folder, "bare.tflite").apply { writeBytes(model.copyOf(model.size - 22)) }
        val text = File(folder, "text.tflite").apply { writeText("no model") }
        for ((file, told) in mapOf(cut to "labels.txt", text to "cannot", File(folder, "none.tflite") to "no such file")) {
            val error = assertFails(JobException::class.java, told) { headless.run(jobOf(file)) }
            assertFalse('\n' in error.message!!)
        }
    }

    @Test
    fun `jobs that make no sense are refused`() {
        val good = """{"schema": "edgetag.phone-job/1.1", "images": "/i.npy", "scores": "/s", "threads": 1}"""
        assertEquals(File("/i.npy"), HeadlessJob.parse(good).images)
        val wrong = mapOf(
            good.replace("job/1.1", "job/2.0") to "schema", good.replace("\"/i.npy\"", "\"i.npy\"") to "absolute path",
            good.replace("\"threads\": 1", "\"threads\": 0") to "threads", good.replace("images", "pictures2") to "images or pictures",
            good.replace("\"threads\"", "\"pictures\": \"/p\", \"threads\"") to "images or pictures",
            good.replace("\"threads\"", "\"delegate\": \"tpu\", \"threads\"") to "cpu, gpu, npu",
            good.replace("\"threads\"", "\"model\": \"/m\", \"threads\"") to "contract is missing",
            good.replace("\"threads\"", "\"model\": \"/m\", \"variant\": \"v\", \"threads\"") to "both", "{" to "not JSON",
        )
        for ((job, told) in wrong) assertFails(JobException::class.java, "the job is wrong", told) { HeadlessJob.parse(job) }
    }

    @Test
    fun `an empty folder and images of another size end the job`() {
        assertFails(JobException::class.java, "no pictures") { headless.run(job { put("pictures", folder.path) }) }
        assertFails(JobException::class.java, "no folder") { headless.run(job { put("pictures", "/no/such/folder") }) }
        assertFails(JobException::class.java, "48 px") {
            headless.run(job { put("images", File(goldenFolder(), "images.npy").path) })
        }
    }

    private fun jobOf(model: File): HeadlessJob {
        val contract = String(bytes(bundle.bytes("preprocessing.json")))
        val rest = job { put("images", npy().path) }
        return rest.copy(model = model, contract = Contract.parse(contract))
    }

    private fun job(build: kotlinx.serialization.json.JsonObjectBuilder.() -> Unit): HeadlessJob {
        val fields: JsonObject = buildJsonObject {
            put("schema", "edgetag.phone-job/1.1")
            put("scores", "/ignored")
            put("threads", 1)
            build()
        }
        return HeadlessJob.parse(fields.toString())
    }

    private fun names(answer: JsonFields) = answer.list("images") { it, at -> StrictJson.fields(it, at).text("name") }

    /** Scores by image; null where there is an error instead. */
    private fun scores(answer: JsonFields): List<List<Double>?> = answer.list("images") { it, at ->
        val image = StrictJson.fields(it, at)
        if (image.has("error")) null else image.list("scores", StrictJson::number)
    }

    private fun npy(): File = File(folder, "golden.npy").apply {
        val shape = "(${golden.count}, ${golden.size}, ${golden.size}, 3)"
        val header = "{'descr': '|u1', 'fortran_order': False, 'shape': $shape, }\n".toByteArray()
        val length = ByteBuffer.allocate(2).order(ByteOrder.LITTLE_ENDIAN).putShort(header.size.toShort()).array()
        writeBytes(
            byteArrayOf(0x93.toByte()) + "NUMPY".toByteArray() + byteArrayOf(1, 0) + length + header + bytes(bundle.goldenInputs(golden)),
        )
    }

    private fun bytes(content: ByteBuffer) = ByteArray(content.remaining()).also(content.duplicate()::get)
}
