package dev.edgetag.tagger

import java.io.File
import java.io.IOException
import java.io.RandomAccessFile
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.locks.ReentrantLock
import kotlin.concurrent.withLock

/** Lets one thread of one process at a time change a folder. The system frees it when a process ends. */
internal class FolderLock(private val folder: File) {
    /** A lock of the system is one for all threads of a process. */
    private val ofThreads = LOCKS.getOrPut(folder.canonicalPath) { ReentrantLock() }

    /** Waits until nobody else changes the folder, and does [work]; the folder is made where there is none. */
    fun <T> hold(work: () -> T): T = ofThreads.withLock {
        check(ofThreads.holdCount == 1) { "$folder is being changed by this very thread" }
        if (!folder.isDirectory && !folder.mkdirs()) throw IOException("$folder cannot be made")
        file().use { it.channel.lock().use { work() } }
    }

    /** Does [work] where nobody changes the folder. */
    fun ifFree(work: () -> Unit) {
        if (!folder.isDirectory || ofThreads.isHeldByCurrentThread || !ofThreads.tryLock()) return
        try {
            file().use { it.channel.tryLock()?.use { work() } }
        } finally {
            ofThreads.unlock()
        }
    }

    private fun file() = RandomAccessFile(File(folder, "lock"), "rw")

    private companion object {
        val LOCKS = ConcurrentHashMap<String, ReentrantLock>()
    }
}
