package dev.edgetag.tagger

import java.io.File
import java.io.FileInputStream
import java.io.FileOutputStream
import java.io.IOException
import java.math.BigInteger
import java.nio.file.Files
import java.nio.file.StandardCopyOption

/** What [BundleStore.install] refuses unless the app says that it wants it. */
public enum class Allow {
    /** A version that is older than the one in use. */
    OLDER,

    /** A bundle of another name, whose versions are not compared. */
    OTHER_NAME,

    /** Other tags than those of the shipped bundle, or in another order. */
    OTHER_TAGS,
}

/**
 * What an app uses.
 *
 * @property fellBack why it is not what was installed last; empty where it is, or nothing newer was installed.
 */
public class StoredBundle(public val bundle: TaggerBundle, public val fellBack: String)

/**
 * Bundles that come later than the app: the one that is in use, and the last good one before it.
 *
 * A bundle is one file, and gets its name by one atomic rename when all checks are over. So whenever the
 * app ends, the next start has the old bundle or the new one. Several threads and processes may use one
 * folder at the same time.
 *
 * @param folder a folder for this alone, in the app's own storage such as `Context.getFilesDir`.
 * @param key what bundles must be signed with.
 * @param shipped the bundle that the app was built with: in use until one is installed, and where none opens.
 */
public class BundleStore(private val folder: File, private val key: BundleKey, private val shipped: TaggerBundle) {
    private val lock = FolderLock(folder)
    private val incoming = File(folder, "incoming.part")

    /**
     * Returns the newest bundle that is whole.
     *
     * After an update of the app, that is the one shipped with it, unless the one installed last has its name
     * and tags, is no older, and was signed with the app's key. What was allowed when it was installed holds until
     * such an update.
     *
     * @throws IOException the folder cannot be read or locked.
     */
    public fun open(): StoredBundle {
        lock.ifFree { incoming.delete() } // of an installation that was killed
        while (true) {
            val entries = entries()
            val choice = choose(entries)
            // Where an installation has meanwhile replaced what was listed, look again.
            if (choice.fellBack.isEmpty() || entries.map { it.file } == entries().map { it.file }) {
                return StoredBundle(choice.bundle, choice.fellBack)
            }
        }
    }

    /**
     * Installs a bundle and returns it; until then, and where it is refused, the one in use stays.
     *
     * Everything is checked on a copy of the file: signature, every byte, name, tags and version, and
     * how this device scores the golden inputs.
     *
     * @param zip the bundle; it is not changed.
     * @param signature the content of its `.sig` file.
     * @param allow what is not refused this time.
     * @param selfTest runs the golden inputs, as `EngineChoice` does. It may take seconds: others who
     *   install wait meanwhile, those who open do not.
     * @throws BundleException it is refused; the message says why.
     * @throws EngineException no runtime here takes its model.
     * @throws IOException it cannot be read, or there is no room for it.
     */
    public fun install(
        zip: File, signature: ByteArray, allow: Set<Allow> = emptySet(), selfTest: (TaggerBundle) -> SelfTestResult,
    ): TaggerBundle = lock.hold {
        try {
            copy(zip, incoming)
            BundleSignature.verify(mapFile(incoming), zip.name, signature, key)
            val bundle = TaggerBundle.open(ZipSource(incoming, zip.path))
            bundle.requireWhole()
            val entries = entries()
            val inUse = choose(entries)
            // The very same once more must not take the place of the last good one.
            if (bundle.manifestSha256 == inUse.bundle.manifestSha256 && inUse.fellBack.isEmpty()) return@hold inUse.bundle
            requireSuccessor(bundle.manifest, inUse.bundle.manifest, allow)
            if (Allow.OTHER_TAGS !in allow) bundle.requireTags(shipped.manifest.tags)
            val result = selfTest(bundle)
            if (!result.passed) throw BundleException("${bundle.title} is not installed: ${result.summary}")
            // First what nobody needs goes, so that there is never more than the two and the new one.
            for (entry in entries) if (entry != inUse.entry) Files.delete(entry.file.toPath())
            val number = (entries.firstOrNull()?.number ?: 0) + 1
            val named = File(folder, "$number-${bundle.manifestSha256}-${shipped.manifestSha256}-${key.hint}.zip")
            Files.move(incoming.toPath(), named.toPath(), StandardCopyOption.ATOMIC_MOVE)
            bundle
        } finally {
            incoming.delete()
        }
    }

    private fun requireSuccessor(new: Manifest, inUse: Manifest, allow: Set<Allow>) {
        val what = "${new.name} ${new.version} is not installed"
        if (new.name != inUse.name) {
            if (Allow.OTHER_NAME !in allow) throw BundleException("$what: the bundle in use is ${inUse.name}, another one")
        } else if (new.isOlderThan(inUse) && Allow.OLDER !in allow) {
            throw BundleException("$what: it is older than ${inUse.version}, which is in use")
        }
    }

    /**
     * A file of the store; its name says what is known of it.
     *
     * @property number the higher, the later it was installed.
     * @property shippedSha256 the manifest of the bundle that the app had when it was installed.
     * @property keySha256 what its signature was verified with.
     */
    private class Entry(
        val file: File, val number: Long, val manifestSha256: String, val shippedSha256: String, val keySha256: String,
    )

    private class Choice(val entry: Entry?, val bundle: TaggerBundle, val fellBack: String)

    /** Returns the files of the store, what was installed last first. */
    private fun entries(): List<Entry> {
        if (!folder.exists()) return emptyList()
        val files = folder.listFiles() ?: throw IOException("$folder is no folder that can be read")
        return files.mapNotNull(::entry).sortedByDescending { it.number }
    }

    private fun entry(file: File): Entry? = NAME.matchEntire(file.name)?.let {
        val (number, manifest, shipped, key) = it.destructured
        Entry(file, number.toLong(), manifest, shipped, key)
    }

    private fun choose(entries: List<Entry>): Choice {
        var fellBack = ""
        for (entry in entries) {
            try {
                val bundle = TaggerBundle.open(ZipSource(entry.file), entry.manifestSha256)
                bundle.requireWhole()
                if (isForThisApp(entry, bundle.manifest)) return Choice(entry, bundle, fellBack)
                break // no earlier one: the app may have gone back from it
            } catch (error: BundleException) {
                if (fellBack.isEmpty()) fellBack = error.message.orEmpty()
            } catch (error: IOException) {
                if (fellBack.isEmpty()) fellBack = "${entry.file} cannot be read: ${error.message}"
            }
        }
        return Choice(null, shipped, fellBack)
    }

    private fun isForThisApp(entry: Entry, manifest: Manifest): Boolean {
        if (entry.keySha256 != key.hint) return false
        if (entry.shippedSha256 == shipped.manifestSha256) return true
        val own = shipped.manifest
        return manifest.name == own.name && manifest.tags == own.tags && !manifest.isOlderThan(own)
    }

    private companion object {
        val NAME = Regex("([0-9]{1,18})-([0-9a-f]{64})-([0-9a-f]{64})-([0-9a-f]{64})\\.zip")
    }
}

/** Compares versions as SemVer does. */
private fun Manifest.isOlderThan(other: Manifest): Boolean {
    val pairs = numbers(version).zip(numbers(other.version))
    return (pairs.firstOrNull { (own, others) -> own != others } ?: return false).let { (own, others) -> own < others }
}

private fun numbers(version: String) = version.split('.').map(::BigInteger)

/** Copies a file so that it outlives a power cut. */
private fun copy(from: File, to: File) {
    if (from.length() > BundleZip.MOST_BYTES) throw BundleException("$from has over ${BundleZip.MOST_BYTES} bytes")
    FileInputStream(from).use { input ->
        FileOutputStream(to).use { output ->
            input.copyTo(output)
            output.fd.sync()
        }
    }
}
