package dev.edgetag.tagger.android

import android.content.Context
import android.os.Build
import dev.edgetag.tagger.SelfTestMemory
import java.io.File

/**
 * Returns what remembers which engines have passed the self-test: in the app's own files, for this system
 * and this installation of the app. After an update of either the test runs again.
 */
public fun selfTestMemory(context: Context): SelfTestMemory {
    val installed = context.packageManager.getPackageInfo(context.packageName, 0).lastUpdateTime
    return SelfTestMemory(File(context.filesDir, "edgetag-self-tests"), "${Build.FINGERPRINT} $installed")
}
