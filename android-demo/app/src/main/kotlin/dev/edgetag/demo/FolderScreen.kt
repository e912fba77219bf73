package dev.edgetag.demo

import android.graphics.Bitmap
import androidx.activity.compose.PredictiveBackHandler
import androidx.activity.compose.rememberLauncherForActivityResult
import androidx.activity.result.contract.ActivityResultContracts.CreateDocument
import androidx.activity.result.contract.ActivityResultContracts.OpenDocumentTree
import androidx.compose.foundation.Image
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.aspectRatio
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.lazy.LazyColumn
import androidx.compose.foundation.lazy.grid.GridCells
import androidx.compose.foundation.lazy.grid.GridItemSpan
import androidx.compose.foundation.lazy.grid.LazyVerticalGrid
import androidx.compose.foundation.lazy.grid.items
import androidx.compose.foundation.lazy.items
import androidx.compose.material3.Button
import androidx.compose.material3.Card
import androidx.compose.material3.CardDefaults
import androidx.compose.material3.FilterChip
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.SnackbarHostState
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableFloatStateOf
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.produceState
import androidx.compose.runtime.remember
import androidx.compose.runtime.rememberCoroutineScope
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.graphics.asImageBitmap
import androidx.compose.ui.graphics.graphicsLayer
import androidx.compose.ui.layout.ContentScale
import androidx.compose.ui.platform.LocalContext
import androidx.compose.ui.res.pluralStringResource
import androidx.compose.ui.res.stringResource
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.style.TextOverflow
import androidx.compose.ui.unit.dp
import androidx.lifecycle.compose.collectAsStateWithLifecycle
import dev.edgetag.tagger.TagScore
import kotlin.coroutines.cancellation.CancellationException
import kotlinx.coroutines.launch

/** Pixels of the longer side of a picture beside its tags. */
private const val LARGE = 1024

/** A folder's pictures by what is on them, and a person's word on each. */
@Composable
fun FolderScreen(model: DemoModel, isWide: Boolean, messages: SnackbarHostState) {
    val folder by model.folder.folder.collectAsStateWithLifecycle()
    var chosen by rememberSaveable { mutableStateOf<String?>(null) }
    val picture = folder?.pictures?.firstOrNull { it.address == chosen }
    if (isWide) {
        TwoPanes(
            { Pictures(model, folder, messages, chosen, it) { picture -> chosen = picture.address } },
            picture?.let { shown -> { Detail(model, checkNotNull(folder), shown, messages, it) { chosen = null } } },
        )
    } else if (picture == null) {
        Pictures(model, folder, messages, chosen) { chosen = it.address }
    } else {
        Detail(model, checkNotNull(folder), picture, messages) { chosen = null }
    }
}

@Composable
private fun Pictures(
    model: DemoModel,
    folder: TaggedFolder?,
    messages: SnackbarHostState,
    chosen: String?,
    modifier: Modifier = Modifier,
    choose: (FolderPicture) -> Unit,
) {
    var filter by rememberSaveable { mutableStateOf(listOf<String>()) }
    LazyVerticalGrid(
        GridCells.Adaptive(minSize = 104.dp),
        modifier.fillMaxSize(),
        contentPadding = AROUND,
        horizontalArrangement = Arrangement.spacedBy(GAP),
        verticalArrangement = Arrangement.spacedBy(GAP),
    ) {
        item(span = { GridItemSpan(maxLineSpan) }) {
            Column(verticalArrangement = Arrangement.spacedBy(GAP)) {
                Head(model, folder, messages)
                folder?.let { Filter(it, filter) { filter = it } }
            }
        }
        items(folder?.showing(filter.toSet()).orEmpty(), { it.address }) { picture ->
            Cell(model, checkNotNull(folder), picture, picture.address == chosen) { choose(picture) }
        }
    }
}

@Composable
private fun Head(model: DemoModel, folder: TaggedFolder?, messages: SnackbarHostState) {
    val context = LocalContext.current
    val scope = rememberCoroutineScope()
    val open = rememberLauncherForActivityResult(OpenDocumentTree()) { tree -> tree?.let(model.folder::tag) }
    val save = rememberLauncherForActivityResult(CreateDocument(Shared.CSV)) { uri ->
        if (uri != null) scope.launch { messages.showSnackbar(Shared.save(context, uri, model.folder::write).on(context)) }
    }
    if (folder == null) Text(stringResource(R.string.folder_explained))
    Buttons {
        Button({ open.start(null, context, messages, scope) }) { Text(stringResource(R.string.folder_choose)) }
        if (folder != null && folder.corrections.size > 0) {
            SignButton(R.drawable.ic_save, R.string.save_corrections) { save.start(TABLE, context, messages, scope) }
            SignButton(R.drawable.ic_share, R.string.share_corrections) {
                scope.launch {
                    val problem = Shared.send(context, TABLE, Shared.CSV, write = model.folder::write)
                    problem?.let { messages.showSnackbar(it.on(context)) }
                }
            }
        }
    }
    if (folder != null && folder.corrections.size > 0) {
        val count = folder.corrections.size
        Text(pluralStringResource(R.plurals.folder_corrected, count, count), style = MaterialTheme.typography.bodySmall)
    }
    WorkLine(model.folderWork)
}

private const val TABLE = "corrections.csv"

/** Tags to filter by, each with how many pictures show it. */
@Composable
private fun Filter(folder: TaggedFolder, filter: List<String>, change: (List<String>) -> Unit) {
    val context = LocalContext.current
    Buttons {
        for ((label, count) in folder.counts()) {
            val isOn = label.tag in filter
            FilterChip(
                isOn,
                { change(if (isOn) filter - label.tag else filter + label.tag) },
                { Text(stringResource(R.string.folder_filter, displayName(label, context), count)) },
            )
        }
    }
}

@Composable
private fun Cell(model: DemoModel, folder: TaggedFolder, picture: FolderPicture, isChosen: Boolean, choose: () -> Unit) {
    val context = LocalContext.current
    val shown = picture.scores.filter { folder.shows(picture, it.label.tag) }
    val names = TagNames(shown).on(context)
    val spoken = when {
        picture.problem != null -> stringResource(R.string.folder_picture_error, picture.name, picture.problem)
        shown.isEmpty() -> stringResource(R.string.folder_picture_none, picture.name)
        else -> stringResource(R.string.folder_picture, picture.name, names)
    }
    val colour = if (isChosen) MaterialTheme.colorScheme.primaryContainer else MaterialTheme.colorScheme.surfaceContainer
    Card(choose, Modifier.semantics { contentDescription = spoken }, colors = CardDefaults.cardColors(colour)) {
        Box(Modifier.fillMaxWidth().aspectRatio(1f)) {
            thumbnail(model, picture)?.let {
                Image(remember(it) { it.asImageBitmap() }, null, Modifier.fillMaxSize(), contentScale = ContentScale.Crop)
            }
        }
        Text(
            if (picture.problem == null) names.ifEmpty { stringResource(R.string.no_tag) } else stringResource(R.string.not_read),
            Modifier.padding(GAP),
            maxLines = 2,
            overflow = TextOverflow.Ellipsis,
            style = MaterialTheme.typography.bodySmall,
        )
    }
}

@Composable
private fun thumbnail(model: DemoModel, picture: FolderPicture): Bitmap? {
    val bitmap by produceState(model.folder.kept(picture.address), picture.address) {
        if (picture.problem == null) value = model.folder.thumbnail(picture.address)
    }
    return bitmap
}

@Composable
private fun large(model: DemoModel, picture: FolderPicture): Bitmap? {
    val bitmap by produceState(model.folder.kept(picture.address), picture.address) {
        if (picture.problem == null) value = model.folder.read(picture.address, LARGE)
    }
    return bitmap
}

/** A picture and its tags, each with what a person says of it. */
@Composable
private fun Detail(
    model: DemoModel,
    folder: TaggedFolder,
    picture: FolderPicture,
    messages: SnackbarHostState,
    modifier: Modifier = Modifier,
    close: () -> Unit,
) {
    val context = LocalContext.current
    val scope = rememberCoroutineScope()
    var back by remember { mutableFloatStateOf(0f) }
    PredictiveBackHandler { events ->
        try {
            events.collect { back = it.progress }
            close()
        } catch (_: CancellationException) { // the finger went back
            back = 0f
        }
    }
    val shrink = 1f - back * MOST_SHRINKING
    LazyColumn(modifier.fillMaxSize().graphicsLayer(shrink, shrink), contentPadding = AROUND) {
        item {
            Row(horizontalArrangement = Arrangement.spacedBy(GAP)) {
                SignButton(R.drawable.ic_back, R.string.back, onClick = close)
                Heading(picture.name, Modifier.weight(1f).padding(vertical = 12.dp))
            }
            large(model, picture)?.let { Drawn(it, null, picture.name, Modifier.fillMaxWidth()) }
            picture.problem?.let { Text(it, color = MaterialTheme.colorScheme.error) }
        }
        items(picture.scores.sortedByDescending { it.score }, { it.label.tag }) { score ->
            Correction(score, folder.corrections.of(picture.identity, score.label.tag)) { answer ->
                scope.launch {
                    val problem = model.folder.correct(picture, score.label.tag, answer)
                    problem?.let { messages.showSnackbar(it.on(context)) }
                }
            }
        }
    }
}

private const val MOST_SHRINKING = 0.1f

@Composable
private fun Correction(score: TagScore, answer: Answer, say: (Answer) -> Unit) {
    val name = displayName(score.label, LocalContext.current)
    Column(Modifier.padding(vertical = 4.dp)) {
        Text(
            stringResource(if (score.isSet) R.string.model_says else R.string.model_denies, name, score.score),
            style = MaterialTheme.typography.bodyLarge,
        )
        Buttons {
            for (choice in Answer.entries) {
                val text = stringResource(
                    when (choice) {
                        Answer.YES -> R.string.answer_yes
                        Answer.NO -> R.string.answer_no
                        Answer.UNKNOWN -> R.string.answer_unknown
                    },
                )
                val spoken = stringResource(R.string.answer_spoken, name, text)
                FilterChip(choice == answer, { say(choice) }, { Text(text) }, Modifier.semantics { contentDescription = spoken })
            }
        }
    }
}
