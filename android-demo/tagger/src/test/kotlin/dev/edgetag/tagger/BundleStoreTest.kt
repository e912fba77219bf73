package dev.edgetag.tagger

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.io.File
import java.io.IOException
import java.util.concurrent.Callable
import java.util.concurrent.Executors
import java.util.concurrent.TimeUnit

/** Bundles of `store/`, which Python packs and signs; 1.2.3 is the shipped one. */
class BundleStoreTest {
    @TempDir
    lateinit var temporary: File

    private val folder get() = File(temporary, "bundles")
    private val moments = kotlin.random.Random(7)
    private val shipped = TaggerBundle.open(ZipSource(zip("1.2.3")))

    @Test
    fun `until one is installed the shipped bundle is in use, and nothing is written`() {
        assertInUse("1.2.3")
        assertFalse(folder.exists())
    }

    @Test
    fun `an installed bundle is in use at the next start, after its golden inputs ran on a real engine`() {
        val choice = EngineChoice(DesktopEngineFactory)
        val installed = store().install(zip("1.10.0"), signature("1.10.0")) {
            assertInUse("1.2.3") // until it has passed
            choice.selfTest(it, EngineOptions())
        }
        assertEquals("1.10.0", installed.manifest.version)
        installed.requireWhole()
        assertInUse("1.10.0")
    }

    @Test
    fun `the lines of the README install a bundle, open it, and test its engine once`() {
        val filesDir = temporary
        val build = "build"
        val engines = DesktopEngineFactory
        val options = EngineOptions()
        val publicKey = File(goldenFolder(), "store/key.pub").readText()
        val zip = zip("1.10.0")
        val signature = File(goldenFolder(), "store/1.10.0.sig")
        val log = mutableListOf<String>()

        // From here on as in ../README.md; tests/android/test_readme.py compares.
        val memory = SelfTestMemory(File(filesDir, "self-tests"), build)
        val choice = EngineChoice(engines, memory = memory)
        val store = BundleStore(File(filesDir, "bundles"), BundleKey.pem(publicKey), shipped)

        // When NAME.zip and NAME.zip.sig are there. It throws where the bundle is refused, and says why.
        store.install(zip, signature.readBytes()) { choice.selfTest(it, options) }

        // At each start: the newest that is whole. The engine that was tested is not tested again.
        val opened = store.open()
        if (opened.fellBack.isNotEmpty()) log += opened.fellBack
        val chosen = choice.open(opened.bundle, options)
        // Where not even the CPU gives the scores that validation saw, nothing may be tagged.
        if (!chosen.selfTest.passed) chosen.engine.use { throw EngineException(chosen.selfTest.summary) }
        // To here.

        chosen.engine.close()
        assertTrue(chosen.selfTest.remembered)
        assertEquals("1.10.0" to 0, opened.bundle.manifest.version to log.size)
    }

    @Test
    fun `what is refused leaves the bundle in use and no file`() {
        install("1.3.0")
        val key = signature("1.10.0")
        val changed = File(temporary, "changed.zip").apply { writeBytes(zip("1.10.0").readBytes().also { it[9_000]++ }) }
        val text = File(temporary, "text.zip").apply { writeText("no bundle") }
        val before = folder.list()!!.toSet()
        assertFails(BundleException::class.java, "1.10.0.zip", "has changed since it was signed") { store().install(zip("1.10.0"), signature("1.3.0"), selfTest = ::pass) }
        assertFails(BundleException::class.java, "changed.zip", "has changed") { store().install(changed, key, selfTest = ::pass) }
        assertFails(BundleException::class.java, "signature is none") { store().install(zip("1.10.0"), ByteArray(0), selfTest = ::pass) }
        assertFails(BundleException::class.java, "text.zip", "not a whole bundle") { store().install(text, signature("text"), selfTest = ::pass) }
        assertFails(BundleException::class.java, "older than 1.3.0") { install("1.2.9") }
        assertFails(BundleException::class.java, "the bundle in use is bundle-test") { install("another-name") }
        assertFails(BundleException::class.java, "the same tags in another order") { install("reversed") }
        assertFails(BundleException::class.java, "other tags", "not expected: cats") { install("renamed-tag") }
        assertFails(BundleException::class.java, "self-test failed") { store().install(zip("1.10.0"), key) { pass(it).copy(passed = false) } }
        assertFails(EngineException::class.java, "no runtime") { store().install(zip("1.10.0"), key) { throw EngineException("no runtime") } }
        assertThrows(IOException::class.java) { store().install(File(temporary, "none.zip"), key, selfTest = ::pass) }
        assertEquals(before, folder.list()!!.toSet())
        assertInUse("1.3.0")
    }

    @Test
    fun `what the app allows is installed, and stays in use until the app is updated`() {
        install("1.10.0")
        install("1.2.9", Allow.OLDER)
        assertInUse("1.2.9")
        install("another-name", Allow.OTHER_NAME)
        assertInUse("1.2.4", "another")
        install("reversed", Allow.OTHER_NAME, Allow.OTHER_TAGS)
        assertInUse("1.4.0")
        val updated = BundleStore(folder, key(), TaggerBundle.open(ZipSource(zip("1.3.0"))))
        assertEquals("1.3.0", updated.open().bundle.manifest.version)
        assertEquals("", updated.open().fellBack)
    }

    @Test
    fun `an update of the app with a newer bundle is not undone by an older one that was installed before`() {
        install("1.3.0")
        val updated = BundleStore(folder, key(), TaggerBundle.open(ZipSource(zip("1.10.0"))))
        assertEquals("1.10.0", updated.open().bundle.manifest.version)
        assertFails(BundleException::class.java, "older than 1.10.0") { updated.install(zip("1.3.0"), signature("1.3.0"), selfTest = ::pass) }
        val notNewer = BundleStore(folder, key(), TaggerBundle.open(ZipSource(zip("1.2.9"))))
        assertEquals("1.3.0", notNewer.open().bundle.manifest.version)
    }

    @Test
    fun `a bundle that was gone back from stays so after an update of the app`() {
        install("1.10.0")
        install("1.2.9", Allow.OLDER)
        val updated = BundleStore(folder, key(), TaggerBundle.open(ZipSource(zip("1.3.0"))))
        assertEquals("1.3.0", updated.open().bundle.manifest.version)
    }

    @Test
    fun `an app with another key uses no bundle that was signed with the former one`() {
        install("1.3.0")
        install("1.10.0")
        val other = BundleKey.pem(File(goldenFolder(), "signatures/other.pub").readText())
        assertEquals("1.2.3", BundleStore(folder, other, shipped).open().bundle.manifest.version)
        assertInUse("1.10.0")
    }

    @Test
    fun `the last good bundle is used where the newest has a damaged byte, and installing mends that`() {
        install("1.3.0")
        install("1.10.0")
        install("1.10.1")
        assertEquals(2, zips().size)
        val newest = zips().last()
        val whole = newest.readBytes()
        for (place in listOf(5, whole.size / 2, whole.size - 30)) { // in a header, in a golden picture, in the directory
            newest.writeBytes(whole.copyOf().also { it[place]++ })
            val opened = store().open()
            assertEquals("1.10.0", opened.bundle.manifest.version)
            assertTrue(newest.name in opened.fellBack, opened.fellBack)
        }
        zips().first().writeBytes(ByteArray(0))
        assertEquals("1.2.3", store().open().bundle.manifest.version)
        install("1.10.0")
        assertInUse("1.10.0")
        assertEquals(1, zips().size)
    }

    @Test
    fun `what is in use already is not installed again, and the last good bundle stays`() {
        install("1.2.3")
        assertEquals(emptyList<File>(), zips()) // the shipped one
        install("1.3.0")
        install("1.10.0")
        val before = zips()
        assertEquals(before.map { it.name }, install("1.10.0").let { zips().map(File::getName) })
        before.last().writeBytes(ByteArray(0))
        assertEquals("1.3.0", store().open().bundle.manifest.version)
        install("1.3.0") // goes on without the damaged one
        assertInUse("1.3.0")
    }

    @Test
    fun `a folder that is none is told, and hides no bundle behind the shipped one`() {
        folder.writeText("a file")
        assertFails(IOException::class.java, folder.path, "no folder") { store().open() }
        assertFails(IOException::class.java, folder.path, "cannot be made") { install("1.3.0") }
    }

    @Test
    fun `whatever an interrupted copy leaves is passed over, and gone after the next start`() {
        install("1.3.0")
        val whole = zip("1.10.0").readBytes()
        for (length in listOf(0, 1, whole.size / 2, whole.size)) {
            File(folder, "incoming.part").writeBytes(whole.copyOf(length))
            assertInUse("1.3.0")
            assertFalse(File(folder, "incoming.part").exists())
        }
    }

    @Test
    fun `threads that install and open at once see whole bundles, and the newest stays`() {
        val versions = listOf("1.3.0", "1.10.0", "1.10.1", "1.3.0", "1.10.0", "1.10.1")
        val pool = Executors.newFixedThreadPool(8)
        val installs = versions.map { version ->
            Callable<Unit> {
                try {
                    install(version)
                } catch (error: BundleException) {
                    assertTrue("is older than" in error.message!!, error.message)
                }
            }
        }
        val opens = List(20) { Callable<Unit> { assertEquals("", store().open().fellBack) } }
        pool.invokeAll((installs + opens).shuffled(kotlin.random.Random(5))).forEach { it.get() }
        pool.shutdown()
        assertInUse("1.10.1")
        assertTrue(zips().size <= 2)
    }

    @Test
    fun `a process that is killed while it installs leaves the old bundle or the new one, whole`() {
        val left = mutableListOf<Int>()
        val process = startInstalling()
        val shell = ProcessBuilder("sh").start() // signals from it take no new process each
        try {
            val signal = { name: String -> shell.outputStream.run { write("kill -$name ${process.pid()}\n".toByteArray()); flush() } }
            repeat(3) { install("1.10.1") } // meanwhile, from this process
            for (stop in 1..STOPS) left += assertWholeAsStopped(process, signal, atChange = stop % 2 == 0)
        } finally {
            process.destroyForcibly()
            shell.destroyForcibly()
        }
        assertTrue(process.waitFor(60, TimeUnit.SECONDS))
        assertWholeAfterKill(folder)
        val whole = left.count { it.toLong() == zip("1.3.0").length() }
        tell(
            "stores as a kill would leave them at ${left.size} moments: ${left.count { it < 0 }} without a copy on its " +
                "way, ${left.count { it >= 0 } - whole} with a part of one, $whole with all of one",
        )
    }

    /** Starts a process that installs 1.10.0 and 1.3.0 in turns; it has installed once. */
    private fun startInstalling(): Process {
        val java = "${System.getProperty("java.home")}/bin/java"
        val process = ProcessBuilder(
            java, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path"),
            "dev.edgetag.tagger.EndlessInstallsKt", folder.path, File(goldenFolder(), "store").path,
        ).redirectErrorStream(true).start()
        assertEquals("installed", process.inputStream.bufferedReader().readLine())
        return process
    }

    /**
     * Stops a process, opens a copy of what it leaves, and lets it go on.
     *
     * @param atChange stop it as soon as a file appears or goes; at any moment otherwise.
     * @return how many bytes of a bundle were on their way, or -1.
     */
    private fun assertWholeAsStopped(process: Process, signal: (String) -> Unit, atChange: Boolean): Int {
        val names = folder.list()!!.toSet()
        val until = System.nanoTime() + (0 until 4_000_000).random(moments)
        while (if (atChange) folder.list()!!.toSet() == names else System.nanoTime() < until) Thread.onSpinWait()
        signal("STOP")
        while (File("/proc/${process.pid()}/task").listFiles()!!.any { " T " !in File(it, "stat").readText() }) Thread.onSpinWait()
        val copy = File(temporary, "stopped").apply { deleteRecursively() }
        folder.copyRecursively(copy)
        signal("CONT")
        val incoming = File(copy, "incoming.part")
        return (if (incoming.exists()) incoming.length().toInt() else -1).also { assertWholeAfterKill(copy) }
    }

    private fun assertWholeAfterKill(folder: File) {
        val files = folder.list()!!.toSet()
        assertTrue(files.size <= 4, "$files") // two bundles, one on its way, the lock
        val opened = BundleStore(folder, key(), shipped).open()
        assertEquals("", opened.fellBack)
        assertTrue(opened.bundle.manifest.version in setOf("1.3.0", "1.10.0", "1.10.1"), opened.bundle.title)
        assertFalse(File(folder, "incoming.part").exists())
    }

    private fun assertInUse(version: String, name: String = "bundle-test") {
        val opened = store().open()
        assertEquals("" to "$name $version", opened.fellBack to opened.bundle.title)
    }

    private fun store() = BundleStore(folder, key(), shipped)

    private fun install(version: String, vararg allow: Allow) =
        store().install(zip(version), signature(version), allow.toSet(), ::pass)

    private fun zips() = folder.listFiles { file -> file.name.endsWith(".zip") }!!.sortedBy { it.name.substringBefore('-').toInt() }

    private companion object {
        const val STOPS = 40
    }
}

internal fun zip(version: String) = File(goldenFolder(), "store/$version.zip")

internal fun signature(version: String): ByteArray = File(goldenFolder(), "store/$version.sig").readBytes()

internal fun key() = BundleKey.pem(File(goldenFolder(), "store/key.pub").readText())

internal fun pass(bundle: TaggerBundle) = SelfTestResult(true, bundle.golden().expected[0].family, 0.0, 0.0)
