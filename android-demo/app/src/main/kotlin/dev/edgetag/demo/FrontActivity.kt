package dev.edgetag.demo

import android.app.Activity
import android.os.Bundle
import android.view.Gravity
import android.view.WindowManager.LayoutParams
import android.widget.TextView

/** Is in front while a job runs, since Android gives the app in front all processors, and others a few. */
class FrontActivity : Activity() {
    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        @Suppress("DEPRECATION") // What replaces the last two came with API 27.
        window.addFlags(LayoutParams.FLAG_KEEP_SCREEN_ON or LayoutParams.FLAG_SHOW_WHEN_LOCKED or LayoutParams.FLAG_TURN_SCREEN_ON)
        val text = TextView(this)
        text.setText(R.string.headless_running)
        text.gravity = Gravity.CENTER
        setContentView(text)
    }
}
