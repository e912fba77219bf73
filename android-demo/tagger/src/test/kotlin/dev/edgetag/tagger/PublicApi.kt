package dev.edgetag.tagger

import java.io.File
import org.jetbrains.kotlin.abi.tools.AbiFilters
import org.jetbrains.kotlin.abi.tools.AbiTools

/** A library's public API, as Kotlin's own tool for binary compatibility writes it down. */
internal object PublicApi {
    /**
     * Asserts that a module's API is the one that was accepted.
     *
     * @param type any class of the module.
     * @param accepted the file that is kept, `api/NAME.api`.
     */
    fun assertAccepted(type: Class<*>, accepted: File) {
        val classes = File(type.protectionDomain.codeSource.location.toURI())
        val now = File(classes.parentFile, accepted.name)
        val files = classes.walk().filter { it.extension == "class" }.sorted().toList()
        val tools = AbiTools.getInstance()
        now.bufferedWriter().use { tools.printJvmDump(it, files, AbiFilters.EMPTY) }
        val changes = tools.filesDiff(accepted, now) ?: return
        throw AssertionError(
            "The public API is not that of $accepted:\n$changes\n" +
                "Apps depend on it: what was removed or changed breaks them. To accept it, cp ${now.absolutePath} $accepted",
        )
    }
}
