package dev.edgetag.tagger

import java.io.FileNotFoundException
import java.nio.ByteBuffer
import java.util.Collections
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class SuspendingTaggerTest {
    private val source = ZipSource(demoBundle())
    private val picture = Picture.blank(120, 90)
    private val engines = Watched()

    /** Asks for the model of floats, whose kernels are fast here. */
    private suspend fun open() = SuspendingTagger.open(source, engines, EngineOptions(delegate = Delegate.GPU))

    @Test
    fun `many coroutines at once get the plain tagger's scores, from the one thread that opened the model`() {
        withTagger { tagger ->
            val plain = DesktopEngineFactory.open(tagger.bundle.model(tagger.chosen.variant.name), EngineOptions())
            val expected = Tagger(tagger.bundle, tagger.chosen.variant, plain).use { it.tag(picture).values() }
            val taggings = List(20) {
                async(Dispatchers.Default) { if (it % 2 == 0) tagger.tag(picture) else tagger.explain(picture) }
            }
            for (tagging in taggings.awaitAll()) assertArrayEquals(expected, tagging.values(), 1e-6f)
        }
        assertEquals(1, engines.threads.size, "${engines.threads}")
        assertEquals(1, engines.mostAtOnce)
    }

    @Test
    fun `a picture that cannot be read or tagged is a result, and those after it are tagged`() = withTagger { tagger ->
        val failures = mapOf(
            "missing" to FileNotFoundException("gone"),
            "denied" to SecurityException("no permission"),
            "strange" to IllegalStateException("of its provider"),
            "large" to OutOfMemoryError("3 GB"),
        )
        val results = tagger.tagAll(failures.keys + "slow" + "unlucky" + "good") { name ->
            failures[name]?.let { throw it }
            if (name == "slow") withTimeout(1) { delay(60_000) }
            engines.failing = name == "unlucky"
            picture
        }.toList()
        val failed = results.filterIsInstance<PictureResult.Failed<String>>().associate { it.source to it.error }
        assertEquals(failures.keys + "slow" + "unlucky", failed.keys)
        assertTrue(failed["large"] is PictureException && failed["unlucky"] is EngineException, "$failed")
        assertEquals("good", (results.last() as PictureResult.Tagged).source)
    }

    @Test
    fun `a flow reads no picture that nobody collects, and explains where it is asked to`() = withTagger { tagger ->
        val read = AtomicInteger()
        val results = tagger.tagAll(List(100) { it }, explain = true) { picture.also { read.incrementAndGet() } }.take(2).toList()
        assertEquals(2, read.get())
        for (result in results) assertEquals(tagger.explains, (result as PictureResult.Tagged).tagging.maps.isNotEmpty())
    }

    @Test
    fun `whoever is cancelled waits for the picture under way, and no further one is begun`() = withTagger { tagger ->
        val (begun, goOn) = CountDownLatch(1) to CountDownLatch(1)
        val before = engines.runs.get()
        engines.onRun = { begun.countDown().also { goOn.await() } }
        val work = launch(Dispatchers.Default) { tagger.tagAll(List(100) { it }) { picture }.collect { } }
        begun.happens()
        work.cancel()
        assertTrue(!work.isCompleted)
        goOn.countDown()
        work.join()
        assertTrue(work.isCancelled)
        assertEquals(before + 1, engines.runs.get())
    }

    @Test
    fun `a reader that waits is cancelled at once`() = withTagger { tagger ->
        val reading = CountDownLatch(1)
        val work = launch(Dispatchers.Default) {
            tagger.tagAll(listOf(1)) { reading.countDown().let { awaitCancellation() } }.collect { }
        }
        reading.happens()
        work.cancelAndJoin()
    }

    @Test
    fun `closing frees the engine once, on its thread, after what is under way, and says so to later callers`() {
        val tagger = runBlocking { open() }
        val (begun, goOn) = CountDownLatch(1) to CountDownLatch(1)
        engines.onRun = { begun.countDown().also { goOn.await() } }
        runBlocking {
            val underWay = async(Dispatchers.Default) { tagger.tag(picture) }
            begun.happens()
            tagger.close()
            tagger.close()
            assertEquals(0, engines.closed.get())
            goOn.countDown()
            assertEquals(tagger.bundle.labels.size, underWay.await().scores.size)
            assertFails(IllegalStateException::class.java, "closed") { runBlocking { tagger.tag(picture) } }
            assertFails(IllegalStateException::class.java, "closed") {
                runBlocking { tagger.tagAll(listOf(1)) { picture }.toList() }
            }
        }
        engines.awaitClosed()
        assertEquals(1, engines.threads.size)
    }

    @Test
    fun `an engine that fails is closed, and not given out`() {
        engines.failing = true
        assertFails(EngineException::class.java, "unlucky") { runBlocking { open() } }
        assertEquals(listOf(2, 2), listOf(engines.opened.get(), engines.closed.get())) // the GPU's and the CPU's
    }

    @Test
    fun `what is opened for somebody who is cancelled meanwhile is closed again`() {
        val (begun, goOn) = CountDownLatch(1) to CountDownLatch(1)
        engines.onRun = { begun.countDown().also { goOn.await() } }
        runBlocking {
            val opening = async(Dispatchers.Default) { open() }
            // Not for ever: where it cannot be opened, it says why.
            if (!begun.await(60, TimeUnit.SECONDS)) opening.await()
            opening.cancel()
            goOn.countDown()
            opening.join()
        }
        engines.awaitClosed()
    }

    private fun withTagger(body: suspend CoroutineScope.(SuspendingTagger) -> Unit) = runBlocking {
        open().use { body(it) }
        engines.awaitClosed()
    }

    private fun Tagging.values() = FloatArray(scores.size) { scores[it].score }

    /** Opens real engines, and notes on which threads they are used. */
    private class Watched : EngineFactory {
        val threads: MutableSet<Thread> = Collections.synchronizedSet(mutableSetOf())
        val runs = AtomicInteger()
        val opened = AtomicInteger()
        val closed = AtomicInteger()
        private val end = CountDownLatch(1)
        private val atOnce = AtomicInteger()

        @Volatile var mostAtOnce = 0
        @Volatile var failing = false
        @Volatile var onRun: () -> Unit = {}

        fun awaitClosed() {
            end.happens()
            assertEquals(listOf(1, 1), listOf(opened.get(), closed.get()))
        }

        override fun open(model: ByteBuffer, options: EngineOptions): Engine {
            val engine = noted { DesktopEngineFactory.open(model, options.copy(delegate = Delegate.CPU)) }
            opened.incrementAndGet()
            return object : Engine by engine {
                override fun run(input: ByteBuffer, scores: ByteBuffer) = running { engine.run(input, scores) }

                override fun explain(input: ByteBuffer, scores: ByteBuffer, maps: ByteBuffer) =
                    running { engine.explain(input, scores, maps) }

                override fun close() {
                    noted { engine.close() }
                    closed.incrementAndGet()
                    end.countDown()
                }
            }
        }

        private fun running(work: () -> Unit) = noted {
            runs.incrementAndGet()
            onRun()
            if (failing) throw EngineException("unlucky")
            work()
        }

        private fun <T> noted(work: () -> T): T {
            threads += Thread.currentThread()
            mostAtOnce = maxOf(mostAtOnce, atOnce.incrementAndGet())
            try {
                return work()
            } finally {
                atOnce.decrementAndGet()
            }
        }
    }
}

/** Waits for what must come. */
private fun CountDownLatch.happens() = assertTrue(await(60, TimeUnit.SECONDS), "it does not come")
