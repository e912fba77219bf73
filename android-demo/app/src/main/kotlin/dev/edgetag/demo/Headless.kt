package dev.edgetag.demo

import android.app.Activity
import android.app.Instrumentation
import android.content.Context
import android.content.Intent
import android.os.Bundle
import dev.edgetag.tagger.Contract
import dev.edgetag.tagger.HeadlessJob
import dev.edgetag.tagger.JobException
import dev.edgetag.tagger.Picture
import dev.edgetag.tagger.PictureDecoder
import dev.edgetag.tagger.PictureException
import dev.edgetag.tagger.TaggerBundle
import dev.edgetag.tagger.android.PictureReader
import java.io.File
import java.io.FileInputStream
import java.io.IOException
import dev.edgetag.tagger.Headless as Jobs

/**
 * Does one job, with nothing but a line of text on the screen:
 * `adb shell am instrument -w -e job /data/local/tmp/edgetag/job.json dev.edgetag.demo/.Headless`.
 *
 * The answer is `scores=PATH` with code -1, or `error=LINE` with code 0. It writes into the app's own
 * folder in `Android/media`, the only one that both the app may write and `adb` may read: from
 * Android 11 on, `adb` cannot read `Android/data` (issuetracker.google.com/181601156).
 */
class Headless : Instrumentation() {
    private var job: String? = null

    override fun onCreate(arguments: Bundle?) {
        super.onCreate(arguments)
        job = arguments?.getString("job")
        start()
    }

    override fun onStart() {
        super.onStart()
        val results = Bundle()
        val code = try {
            val path = job ?: throw JobException("-e job PATH is missing")
            startActivitySync(Intent(targetContext, FrontActivity::class.java).addFlags(Intent.FLAG_ACTIVITY_NEW_TASK))
            results.putString("scores", doJob(targetContext, path).path)
            Activity.RESULT_OK
        } catch (error: Exception) {
            // Whatever it is, adb gets one line and not a crash.
            results.putString("error", oneLine(error))
            Activity.RESULT_CANCELED
        } catch (error: OutOfMemoryError) {
            results.putString("error", oneLine(error))
            Activity.RESULT_CANCELED
        }
        finish(code, results)
    }

    private fun oneLine(error: Throwable): String {
        val text = if (error is JobException) error.message.orEmpty() else error.toString()
        return text.replace(Regex("\\s+"), " ").trim()
    }
}

private const val MOST_NAME_CHARACTERS = 80

/**
 * Does a job and returns the file with its scores.
 *
 * @param path of the job.
 * @throws JobException it cannot be done; the message is one line.
 */
fun doJob(context: Context, path: String): File {
    val file = File(path)
    val text = try {
        file.readText()
    } catch (error: IOException) {
        throw JobException("$path cannot be read: ${error.message}", error)
    }
    val jobs = Jobs(
        engines = Engines.linked(context),
        decoder = FileDecoder,
        device = thisDevice(),
        ownBundle = { TaggerBundle.open(Engines.bundle(context)) },
    )
    @Suppress("DEPRECATION") // Its successor, MediaStore, gives no path for adb to read.
    val folder: File? = context.externalMediaDirs.firstOrNull()
    if (folder == null) throw JobException("this phone's storage is not mounted")
    val target = File(folder, "${file.nameWithoutExtension.take(MOST_NAME_CHARACTERS)}.scores.json")
    write(target) { out -> jobs.run(HeadlessJob.parse(text), out) }
    return target
}

/** Half an answer never has the answer's name. */
private fun write(target: File, content: (Appendable) -> Unit) {
    val half = File(target.path + ".part")
    try {
        half.bufferedWriter().use(content)
        if (!half.renameTo(target)) throw JobException("$target cannot be written")
    } catch (error: IOException) {
        throw JobException("$target cannot be written: ${error.message}", error)
    } finally {
        half.delete()
    }
}

/** Decodes with the device's own decoders, as the screens do; but never a smaller picture in place of a large one. */
private object FileDecoder : PictureDecoder {
    override fun decode(file: File, contract: Contract): Picture {
        val read = try {
            PictureReader(contract).read { FileInputStream(file) }
        } catch (error: IOException) {
            throw PictureException("it cannot be read: ${error.message}", error)
        }
        if (read.sampleSize == 1) return read.picture
        throw PictureException("${read.fullWidth}x${read.fullHeight} pixels do not fit into this app's memory")
    }
}
