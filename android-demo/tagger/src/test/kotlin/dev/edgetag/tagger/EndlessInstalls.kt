package dev.edgetag.tagger

import java.io.File

/** Installs two bundles in turns until it is killed: `folder`, and where Python wrote bundles. */
fun main(arguments: Array<String>) {
    val (folder, from) = arguments.map(::File)
    val shipped = TaggerBundle.open(ZipSource(File(from, "1.2.3.zip")))
    val store = BundleStore(folder, BundleKey.pem(File(from, "key.pub").readText()), shipped)
    var first = true
    while (true) {
        for (version in listOf("1.10.0", "1.3.0")) {
            store.install(File(from, "$version.zip"), File(from, "$version.sig").readBytes(), setOf(Allow.OLDER)) {
                SelfTestResult(true, "litert", 0.0, 0.0)
            }
            if (first) println("installed")
            first = false
        }
    }
}
