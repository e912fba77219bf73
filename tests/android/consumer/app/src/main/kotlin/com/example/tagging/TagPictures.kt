package com.example.tagging

import android.content.Context
import android.net.Uri
import dev.edgetag.tagger.EngineOptions
import dev.edgetag.tagger.PictureResult
import dev.edgetag.tagger.SuspendingTagger
import dev.edgetag.tagger.android.AssetSource
import dev.edgetag.tagger.android.InterpreterEngineFactory
import dev.edgetag.tagger.android.PictureReader
import dev.edgetag.tagger.android.bytesOf

/** The lines of android-demo/README.md, in an app that has nothing else. */
suspend fun tagPictures(context: Context, uris: List<Uri>) {
    // Checks every digest; that of the manifest is a constant in Tags.kt. Runs the golden self-test.
    val engines = InterpreterEngineFactory(context.codeCacheDir)
    SuspendingTagger.open(AssetSource(context.assets), engines, EngineOptions(threads = 2), BUNDLE_MANIFEST_SHA256).use { tagger ->
        val reader = PictureReader(tagger.bundle.contract)
        tagger.tagAll(uris) { reader.read(context.contentResolver.bytesOf(it)).picture }.collect { result ->
            when (result) {
                is PictureResult.Tagged -> println("${result.source}: ${result.tagging.tags.map { it.label.english }}")
                is PictureResult.Failed -> println("${result.source}: ${result.error.message}")
            }
        }
    }
}
