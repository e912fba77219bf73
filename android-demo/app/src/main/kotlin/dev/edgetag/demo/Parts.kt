package dev.edgetag.demo

import android.content.ActivityNotFoundException
import android.content.Context
import android.graphics.Bitmap
import androidx.activity.result.ActivityResultLauncher
import androidx.annotation.DrawableRes
import androidx.annotation.StringRes
import androidx.compose.foundation.Image
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.PaddingValues
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.aspectRatio
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.padding
import androidx.compose.material3.Icon
import androidx.compose.material3.IconButton
import androidx.compose.material3.LinearProgressIndicator
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.SnackbarHostState
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.remember
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.graphics.asImageBitmap
import androidx.compose.ui.layout.ContentScale
import androidx.compose.ui.platform.LocalContext
import androidx.compose.ui.res.painterResource
import androidx.compose.ui.res.stringResource
import androidx.compose.ui.semantics.LiveRegionMode
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.liveRegion
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.unit.dp
import androidx.lifecycle.compose.collectAsStateWithLifecycle
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.launch

/** Around what a screen shows. */
val MARGIN = 16.dp

/** Between parts of a screen. */
val GAP = 8.dp

/** The margin around a list, so that it scrolls to the screen's edges. */
val AROUND = PaddingValues(MARGIN)

/** Puts a text into words in the language of the moment. */
@Composable
fun words(words: Words?): String = words?.on(LocalContext.current).orEmpty()

/** A heading, also for screen readers. */
@Composable
fun Heading(text: String, modifier: Modifier = Modifier) =
    Text(text, modifier.semantics { heading() }, style = MaterialTheme.typography.titleMedium)

/** Buttons beside each other; with large letters below each other. */
@Composable
fun Buttons(modifier: Modifier = Modifier, content: @Composable () -> Unit) = FlowRow(
    modifier,
    horizontalArrangement = Arrangement.spacedBy(GAP),
    itemVerticalAlignment = Alignment.CenterVertically,
) { content() }

/** A button that is only a sign; its [name] is for screen readers. */
@Composable
fun SignButton(@DrawableRes sign: Int, @StringRes name: Int, isEnabled: Boolean = true, onClick: () -> Unit) =
    IconButton(onClick, enabled = isEnabled) { Icon(painterResource(sign), stringResource(name)) }

/** What the work says, how far it is, and a way to end it; nothing where it has nothing to say. */
@Composable
fun WorkLine(work: Work, modifier: Modifier = Modifier) {
    val state by work.state.collectAsStateWithLifecycle()
    if (state.status == null && !state.isRunning) return
    Column(modifier.fillMaxWidth(), Arrangement.spacedBy(GAP)) {
        Row(verticalAlignment = Alignment.CenterVertically) {
            Text(
                words(state.status),
                Modifier.weight(1f).semantics { liveRegion = LiveRegionMode.Polite },
                if (state.isProblem) MaterialTheme.colorScheme.error else MaterialTheme.colorScheme.onSurfaceVariant,
                style = MaterialTheme.typography.bodyMedium,
            )
            if (state.isRunning) TextButton(work::cancel) { Text(stringResource(R.string.work_cancel)) }
        }
        if (state.isRunning) Progress(state)
    }
}

@Composable
private fun Progress(state: WorkState) {
    val name = stringResource(R.string.work_progress)
    val modifier = Modifier.fillMaxWidth().semantics { contentDescription = name }
    if (state.total == 0) LinearProgressIndicator(modifier)
    else LinearProgressIndicator({ state.done.toFloat() / state.total }, modifier)
}

/** A picture as wide as there is room, under its heat map where it has one. */
@Composable
fun Drawn(bitmap: Bitmap, heat: Bitmap?, description: String, modifier: Modifier = Modifier) {
    val image = remember(bitmap) { bitmap.asImageBitmap() }
    Box(modifier.aspectRatio(bitmap.width.toFloat() / bitmap.height)) {
        Image(image, description, Modifier.matchParentSize(), contentScale = ContentScale.FillBounds)
        if (heat != null) {
            Image(remember(heat) { heat.asImageBitmap() }, null, Modifier.matchParentSize(), contentScale = ContentScale.FillBounds)
        }
    }
}

/** A fact: what it is, and below it what it is here. */
@Composable
fun Fact(@StringRes name: Int, value: String) = Fact(stringResource(name), value)

/** A fact; screen readers read both at once. */
@Composable
fun Fact(name: String, value: String) = Column(Modifier.padding(vertical = 4.dp).semantics(mergeDescendants = true) {}) {
    Text(name, style = MaterialTheme.typography.labelLarge)
    Text(value, style = MaterialTheme.typography.bodyMedium)
}

/** Starts another app, or says that there is none. */
fun <I> ActivityResultLauncher<I>.start(input: I, context: Context, messages: SnackbarHostState, scope: CoroutineScope) = try {
    launch(input)
} catch (_: ActivityNotFoundException) {
    messages.say(context.getString(R.string.no_app), scope)
}

/** Says something for a moment. */
fun SnackbarHostState.say(text: String, scope: CoroutineScope) {
    scope.launch { showSnackbar(text) }
}
