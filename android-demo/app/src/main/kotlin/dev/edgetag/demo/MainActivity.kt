package dev.edgetag.demo

import android.content.Intent
import android.net.Uri
import android.os.Bundle
import androidx.activity.ComponentActivity
import androidx.activity.compose.setContent
import androidx.activity.enableEdgeToEdge
import androidx.activity.viewModels
import androidx.core.content.IntentCompat

/** The app's one activity; also takes pictures that other apps share. */
class MainActivity : ComponentActivity() {
    private val model: DemoModel by viewModels()

    override fun onCreate(savedInstanceState: Bundle?) {
        enableEdgeToEdge()
        super.onCreate(savedInstanceState)
        // Made anew by the system, it has the intent that it was made for once more.
        if (savedInstanceState == null) tagShared(intent)
        setContent { DemoTheme { DemoApp(model) } }
    }

    override fun onNewIntent(intent: Intent) {
        super.onNewIntent(intent)
        tagShared(intent)
    }

    private fun tagShared(intent: Intent) {
        if (intent.action != Intent.ACTION_SEND) return
        IntentCompat.getParcelableExtra(intent, Intent.EXTRA_STREAM, Uri::class.java)?.let(model::tag)
    }
}
