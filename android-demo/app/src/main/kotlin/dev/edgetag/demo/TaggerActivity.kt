package dev.edgetag.demo

import android.app.Activity
import android.os.Bundle
import android.view.View
import android.widget.AdapterView
import android.widget.Button
import android.widget.ProgressBar
import android.widget.Spinner
import android.widget.TextView
import dev.edgetag.tagger.Delegate

/**
 * What the three screens have in common: choice of the engine, status, progress, cancel.
 *
 * The model goes on while the device is turned, and is closed when the screen is left.
 */
abstract class TaggerActivity<R : Any, M : TaggerModel<R>> : Activity() {
    /** The work behind this screen. */
    protected lateinit var model: M
        private set

    /** What the user chose. */
    protected lateinit var settings: EngineSettings
        private set

    /** The screen's layout. */
    protected abstract val layout: Int

    /** Makes the work behind this screen. */
    protected abstract fun newModel(): M

    /** Shows what the work gave. */
    protected abstract fun show(result: R)

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(layout)
        settings = EngineSettings.load(this)
        @Suppress("UNCHECKED_CAST") // It is what the predecessor of this class handed over.
        val kept = lastNonConfigurationInstance as M?
        model = kept ?: newModel()
        if (kept == null) model.check(settings)
        bindSettings()
        findViewById<Button>(R.id.work_cancel).setOnClickListener { model.cancel() }
    }

    override fun onStart() {
        super.onStart()
        model.listener = ::render
    }

    override fun onStop() {
        model.listener = null
        super.onStop()
    }

    override fun onRetainNonConfigurationInstance(): Any = model

    override fun onDestroy() {
        if (!isChangingConfigurations) model.close()
        super.onDestroy()
    }

    private fun bindSettings() {
        bindSpinner(R.id.engine_delegate, settings.delegate.ordinal) {
            choose(settings.copy(delegate = Delegate.values()[it]))
        }
        bindSpinner(R.id.engine_threads, EngineSettings.THREAD_CHOICES.indexOf(settings.threads)) {
            choose(settings.copy(threads = EngineSettings.THREAD_CHOICES[it]))
        }
    }

    private fun choose(chosen: EngineSettings) {
        if (chosen == settings) return
        settings = chosen
        chosen.save(this)
        model.check(chosen)
    }

    /** Tells [onChosen] what is chosen in a spinner, once at the start too. */
    protected fun bindSpinner(id: Int, selected: Int, onChosen: (Int) -> Unit) {
        val spinner = findViewById<Spinner>(id)
        spinner.setSelection(selected)
        spinner.onItemSelectedListener = object : AdapterView.OnItemSelectedListener {
            override fun onItemSelected(parent: AdapterView<*>?, view: View?, position: Int, id: Long) = onChosen(position)

            override fun onNothingSelected(parent: AdapterView<*>?) = Unit
        }
    }

    private fun render(screen: Screen<R>) {
        findViewById<TextView>(R.id.engine_status).setIfChanged(screen.engine?.on(this).orEmpty())
        val status = findViewById<TextView>(R.id.work_status)
        status.setIfChanged(screen.status?.on(this).orEmpty())
        status.setTextColor(if (screen.isProblem) getColor(R.color.error) else getColor(R.color.text))
        findViewById<View>(R.id.work_cancel).isShown(screen.isRunning)
        val bar = findViewById<ProgressBar>(R.id.work_progress)
        bar.isShown(screen.isRunning)
        bar.isIndeterminate = screen.total == 0
        bar.max = screen.total
        bar.progress = screen.done
        screen.result?.let(::show)
    }
}

/** Sets a text; a live region speaks each time it is set, so an unchanged one is left alone. */
fun TextView.setIfChanged(value: String) {
    if (text.toString() != value) text = value
}

/** Shows or removes a view. */
fun View.isShown(shown: Boolean) {
    visibility = if (shown) View.VISIBLE else View.GONE
}
