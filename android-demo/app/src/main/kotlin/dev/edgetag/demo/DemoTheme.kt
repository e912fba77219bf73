package dev.edgetag.demo

import android.os.Build
import androidx.compose.foundation.isSystemInDarkTheme
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.darkColorScheme
import androidx.compose.material3.dynamicDarkColorScheme
import androidx.compose.material3.dynamicLightColorScheme
import androidx.compose.material3.lightColorScheme
import androidx.compose.runtime.Composable
import androidx.compose.ui.platform.LocalContext

/** Material 3 in the colours that the user has given the phone, where Android has such (from 12 on). */
@Composable
fun DemoTheme(content: @Composable () -> Unit) {
    val context = LocalContext.current
    val isDark = isSystemInDarkTheme()
    val hasColours = Build.VERSION.SDK_INT >= Build.VERSION_CODES.S
    val colours = when {
        hasColours && isDark -> dynamicDarkColorScheme(context)
        hasColours -> dynamicLightColorScheme(context)
        isDark -> darkColorScheme()
        else -> lightColorScheme()
    }
    MaterialTheme(colours, content = content)
}
