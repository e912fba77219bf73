package dev.edgetag.demo

import androidx.activity.compose.BackHandler
import androidx.annotation.DrawableRes
import androidx.annotation.StringRes
import androidx.compose.foundation.layout.BoxWithConstraints
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.WindowInsets
import androidx.compose.foundation.layout.consumeWindowInsets
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.safeDrawing
import androidx.compose.material3.Icon
import androidx.compose.material3.NavigationBar
import androidx.compose.material3.NavigationBarItem
import androidx.compose.material3.NavigationRail
import androidx.compose.material3.NavigationRailItem
import androidx.compose.material3.Scaffold
import androidx.compose.material3.SnackbarHost
import androidx.compose.material3.SnackbarHostState
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.remember
import androidx.compose.ui.Modifier
import androidx.compose.ui.res.painterResource
import androidx.compose.ui.res.stringResource
import androidx.compose.ui.text.style.TextOverflow
import androidx.compose.ui.unit.dp
import androidx.lifecycle.compose.collectAsStateWithLifecycle

/** From this width on, that of tablets and unfolded phones, a screen has a rail and two panes. */
private val WIDE = 600.dp

/** What navigation shows of a screen. */
private enum class Entry(val place: Place, @param:StringRes val title: Int, @param:DrawableRes val icon: Int) {
    PICTURE(Place.PICTURE, R.string.picture_title, R.drawable.ic_picture),
    FOLDER(Place.FOLDER, R.string.folder_title, R.drawable.ic_folder),
    BENCHMARK(Place.BENCHMARK, R.string.benchmark_title, R.drawable.ic_benchmark),
    MODEL(Place.MODEL, R.string.model_title, R.drawable.ic_model),
}

/** The app: navigation, and the screen that is chosen in it. */
@Composable
fun DemoApp(model: DemoModel) {
    val place by model.place.collectAsStateWithLifecycle()
    val messages = remember { SnackbarHostState() }
    BackHandler(place != Place.PICTURE) { model.show(Place.PICTURE) }
    BoxWithConstraints {
        val isWide = maxWidth >= WIDE
        Scaffold(
            bottomBar = { if (!isWide) Bar(place, model::show) },
            snackbarHost = { SnackbarHost(messages) },
            contentWindowInsets = WindowInsets.safeDrawing,
        ) { padding ->
            Row(Modifier.fillMaxSize().padding(padding).consumeWindowInsets(padding)) {
                if (isWide) Rail(place, model::show)
                when (place) {
                    Place.PICTURE -> PictureScreen(model, isWide, messages)
                    Place.FOLDER -> FolderScreen(model, isWide, messages)
                    Place.BENCHMARK -> BenchmarkScreen(model, messages)
                    Place.MODEL -> ModelScreen(model, isWide, messages)
                }
            }
        }
    }
}

@Composable
private fun Bar(place: Place, show: (Place) -> Unit) = NavigationBar {
    for (entry in Entry.entries) {
        NavigationBarItem(entry.place == place, { show(entry.place) }, { EntryIcon(entry) }, label = { EntryName(entry) })
    }
}

@Composable
private fun Rail(place: Place, show: (Place) -> Unit) = NavigationRail {
    for (entry in Entry.entries) {
        NavigationRailItem(entry.place == place, { show(entry.place) }, { EntryIcon(entry) }, label = { EntryName(entry) })
    }
}

@Composable
private fun EntryIcon(entry: Entry) = Icon(painterResource(entry.icon), contentDescription = null)

@Composable
private fun EntryName(entry: Entry) =
    Text(stringResource(entry.title), maxLines = 1, overflow = TextOverflow.Ellipsis)
