package dev.edgetag.demo

import android.app.Application
import android.net.Uri
import androidx.lifecycle.AndroidViewModel
import androidx.lifecycle.SavedStateHandle
import androidx.lifecycle.viewModelScope
import dev.edgetag.tagger.ChosenEngine
import dev.edgetag.tagger.SuspendingTagger
import dev.edgetag.tagger.TaggerBundle
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.withContext

/** A screen of the app. */
enum class Place { PICTURE, FOLDER, BENCHMARK, MODEL }

/**
 * What runs.
 *
 * @property bundle what the model and its tags are.
 * @property chosen says what runs and how it did in the self-test.
 */
class OpenModel(val bundle: TaggerBundle, val chosen: ChosenEngine)

/** What all screens show, and the work behind them; it outlives them when the device is turned or folded. */
class DemoModel(application: Application, private val saved: SavedStateHandle) : AndroidViewModel(application) {
    private val bundles = Bundles(application)
    private val taggers = Taggers(application, bundles)
    private val settingsNow = MutableStateFlow(EngineSettings.load(application))
    private val openNow = MutableStateFlow<OpenModel?>(null)

    /** The work of opening the model, and of each screen. */
    val engineWork = Work(viewModelScope)
    val pictureWork: Work = Work(viewModelScope) { listOf(benchmarkWork) }
    val folderWork: Work = Work(viewModelScope) { listOf(benchmarkWork) }
    val benchmarkWork: Work = Work(viewModelScope) { listOf(pictureWork, folderWork) }
    val bundleWork = Work(viewModelScope)

    /** Whether a bundle that comes later can be opened. */
    val canInstall: Boolean get() = bundles.canInstall

    /** What the user wants the model to run on. */
    val settings: StateFlow<EngineSettings> = settingsNow.asStateFlow()

    /** What runs; null until that is known, and where nothing does. */
    val open: StateFlow<OpenModel?> = openNow.asStateFlow()

    /** The screen that is shown. */
    val place: StateFlow<Place> = saved.getStateFlow(PLACE, Place.PICTURE)

    val picture = PictureModel(application, pictureWork, ::tagger)
    val folder = FolderModel(application, folderWork, ::tagger)
    val benchmark = BenchmarkModel(application, benchmarkWork, bundles)

    init {
        check()
        // After the process was killed only the address is left.
        saved.get<String>(PICTURE)?.let { picture.tag(Uri.parse(it)) }
    }

    /** Shows another screen. */
    fun show(place: Place) {
        saved[PLACE] = place
    }

    /** Tags a picture and shows it. */
    fun tag(uri: Uri) {
        saved[PICTURE] = uri.toString()
        show(Place.PICTURE)
        picture.tag(uri)
    }

    /** Runs the model on something else from now on. */
    fun choose(settings: EngineSettings) {
        if (settings == settingsNow.value) return
        for (work in listOf(pictureWork, folderWork)) work.cancel()
        settingsNow.value = settings
        settings.save(getApplication())
        check()
    }

    /** Puts a bundle into use that comes later than the app, with its signature. */
    fun install(zip: Uri, signature: Uri) = bundleWork.start(Message(R.string.bundle_checking)) {
        val asker = currentCoroutineContext()
        // Once it is installed it is also used, whoever has changed their mind meanwhile.
        val bundle = withContext(NonCancellable + Dispatchers.IO) {
            bundles.install(zip, signature, settings.value.options, asker::ensureActive).also {
                for (work in listOf(pictureWork, folderWork, benchmarkWork)) work.cancel()
                taggers.forget()
            }
        }
        check()
        Message(R.string.bundle_installed, bundle.manifest.name, bundle.manifest.version)
    }

    private fun check() = engineWork.start(Message(R.string.engine_checking)) {
        openNow.value = null
        val tagger = tagger()
        openNow.value = OpenModel(tagger.bundle, tagger.chosen)
        val runs = describe(tagger.chosen)
        val fellBack = taggers.fellBack.ifEmpty { return@start runs }
        Message(R.string.two_sentences, Message(R.string.bundle_fell_back, fellBack), runs)
    }

    private suspend fun tagger(): SuspendingTagger = taggers.of(settings.value)

    override fun onCleared() = taggers.close()

    private companion object {
        const val PLACE = "place"
        const val PICTURE = "picture"
    }
}
