package dev.edgetag.demo

import android.os.Bundle
import android.view.WindowManager
import android.widget.Button
import android.widget.TextView

/** Measures the model on this phone. */
class BenchmarkActivity : TaggerActivity<List<BenchmarkLine>, BenchmarkModel>() {
    override val layout: Int = R.layout.benchmark

    override fun newModel(): BenchmarkModel = BenchmarkModel(this)

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        // A phone that dims its screen slows its cores.
        window.addFlags(WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON)
        findViewById<Button>(R.id.start).setOnClickListener { model.measure(settings) }
    }

    override fun show(result: List<BenchmarkLine>) {
        findViewById<TextView>(R.id.lines).setIfChanged(result.joinToString("\n\n") { it.on(this) })
    }
}
