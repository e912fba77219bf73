package dev.edgetag.demo

import androidx.activity.compose.rememberLauncherForActivityResult
import androidx.activity.result.PickVisualMediaRequest
import androidx.activity.result.contract.ActivityResultContracts.CreateDocument
import androidx.activity.result.contract.ActivityResultContracts.PickVisualMedia
import androidx.activity.result.contract.ActivityResultContracts.TakePicture
import androidx.compose.foundation.Canvas
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxHeight
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.height
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.lazy.LazyColumn
import androidx.compose.foundation.lazy.LazyListScope
import androidx.compose.foundation.lazy.items
import androidx.compose.foundation.rememberScrollState
import androidx.compose.foundation.selection.selectable
import androidx.compose.foundation.verticalScroll
import androidx.compose.material3.Button
import androidx.compose.material3.FilterChip
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedButton
import androidx.compose.material3.SnackbarHostState
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.rememberCoroutineScope
import androidx.compose.ui.Modifier
import androidx.compose.ui.geometry.Offset
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.graphics.StrokeCap
import androidx.compose.ui.platform.LocalContext
import androidx.compose.ui.res.pluralStringResource
import androidx.compose.ui.res.stringResource
import androidx.compose.ui.semantics.clearAndSetSemantics
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.font.FontWeight
import androidx.compose.ui.unit.dp
import androidx.lifecycle.compose.collectAsStateWithLifecycle
import dev.edgetag.tagger.TagScore
import dev.edgetag.tagger.Tagging
import kotlinx.coroutines.launch

/** The smallest height that fingers hit safely. */
private val TOUCH = 48.dp

/** Pick or take a picture; see its tags, where they are seen, a mosaic and a crop. */
@Composable
fun PictureScreen(model: DemoModel, isWide: Boolean, messages: SnackbarHostState) {
    val picture by model.picture.picture.collectAsStateWithLifecycle()
    val show = { show: Show, tag: String -> model.picture.show(show, tag) }
    if (isWide) {
        TwoPanes(
            {
                Column(it.verticalScroll(rememberScrollState()).padding(MARGIN), Arrangement.spacedBy(GAP)) {
                    Head(model, picture, messages)
                    picture?.let { shown -> Shown(shown, show) }
                }
            },
            { LazyColumn(it.fillMaxHeight(), contentPadding = AROUND) { picture?.let { shown -> tags(shown, show) } } },
        )
    } else {
        LazyColumn(contentPadding = AROUND, verticalArrangement = Arrangement.spacedBy(GAP)) {
            item { Column(verticalArrangement = Arrangement.spacedBy(GAP)) { Head(model, picture, messages) } }
            picture?.let {
                item { Column(verticalArrangement = Arrangement.spacedBy(GAP)) { Shown(it, show) } }
                tags(it, show)
            }
        }
    }
}

@Composable
private fun Head(model: DemoModel, picture: TaggedPicture?, messages: SnackbarHostState) {
    val context = LocalContext.current
    val scope = rememberCoroutineScope()
    val camera = Shared.camera(context)
    val pick = rememberLauncherForActivityResult(PickVisualMedia()) { uri -> uri?.let(model::tag) }
    val take = rememberLauncherForActivityResult(TakePicture()) { isTaken -> if (isTaken) model.tag(camera) }
    val save = rememberLauncherForActivityResult(CreateDocument(Shared.PNG)) { uri ->
        if (uri != null) scope.launch { messages.showSnackbar(Shared.save(context, uri, model.picture::write).on(context)) }
    }
    Buttons {
        Button({ pick.start(PickVisualMediaRequest(PickVisualMedia.ImageOnly), context, messages, scope) }) {
            Text(stringResource(R.string.pick))
        }
        OutlinedButton({ take.start(camera, context, messages, scope) }) { Text(stringResource(R.string.take)) }
        if (picture != null) {
            SignButton(R.drawable.ic_save, R.string.save) { save.start("tagged.png", context, messages, scope) }
            SignButton(R.drawable.ic_share, R.string.share) {
                scope.launch {
                    val tags = summary(picture.tagging).on(context)
                    val problem = Shared.send(context, "tagged.png", Shared.PNG, tags, model.picture::write)
                    problem?.let { messages.showSnackbar(it.on(context)) }
                }
            }
        }
    }
    WorkLine(model.engineWork)
    WorkLine(model.pictureWork)
}

@Composable
private fun Shown(picture: TaggedPicture, show: (Show, String) -> Unit) {
    val drawing = picture.drawing
    if (drawing.centre == null) {
        Drawn(drawing.bitmap, drawing.heat, description(picture), Modifier.fillMaxWidth())
    } else {
        Row(horizontalArrangement = Arrangement.spacedBy(GAP)) {
            Column(Modifier.weight(1f)) {
                Drawn(drawing.bitmap, null, description(picture))
                Text(stringResource(R.string.crop_smart), style = MaterialTheme.typography.labelMedium)
            }
            Column(Modifier.weight(1f)) {
                Drawn(drawing.centre, null, stringResource(R.string.crop_centre))
                Text(stringResource(R.string.crop_centre), style = MaterialTheme.typography.labelMedium)
            }
        }
    }
    picture.note?.let { Text(words(it), style = MaterialTheme.typography.bodySmall) }
    Buttons {
        for (choice in Show.entries) {
            val isPossible = choice == Show.PLAIN || choice == Show.MOSAIC || picture.map != null
            FilterChip(picture.show == choice, { show(choice, picture.tag) }, { Text(stringResource(nameOf(choice))) }, enabled = isPossible)
        }
    }
}

private fun nameOf(show: Show): Int = when (show) {
    Show.PLAIN -> R.string.show_plain
    Show.HEAT -> R.string.show_heat
    Show.MOSAIC -> R.string.show_mosaic
    Show.CROP -> R.string.show_crop
}

@Composable
private fun description(picture: TaggedPicture): String {
    val context = LocalContext.current
    val tag = picture.tagging.scores.first { it.label.tag == picture.tag }
    val sensitive = picture.tagging.tags.filter { it.label.sensitive }
    return when (picture.show) {
        Show.PLAIN -> stringResource(R.string.picture_plain)
        Show.HEAT -> stringResource(R.string.picture_heat, displayName(tag.label, context))
        Show.CROP -> stringResource(R.string.picture_crop)
        Show.MOSAIC ->
            if (sensitive.isEmpty()) stringResource(R.string.picture_mosaic_none)
            else stringResource(R.string.picture_mosaic, TagNames(sensitive).on(context))
    }
}

private fun LazyListScope.tags(picture: TaggedPicture, show: (Show, String) -> Unit) {
    item { Heading(pluralStringResource(R.plurals.tags_heading, picture.tagging.tags.size, picture.tagging.tags.size)) }
    val ordered = picture.tagging.scores.sortedWith(compareBy({ !it.isSet }, { -it.score }))
    items(ordered, { it.label.tag }) { score ->
        TagRow(score, score.label.tag == picture.tag && picture.show != Show.PLAIN, picture.map != null) {
            val shown = if (picture.show == Show.CROP) Show.CROP else Show.HEAT
            show(if (picture.map == null) Show.PLAIN else shown, score.label.tag)
        }
    }
}

/** A tag with its score as a bar, and a line through the bar where the threshold is. */
@Composable
private fun TagRow(score: TagScore, isChosen: Boolean, hasMap: Boolean, choose: () -> Unit) {
    val name = displayName(score.label, LocalContext.current)
    val sentence = stringResource(if (score.isSet) R.string.tag_above else R.string.tag_below, name, score.score, score.threshold)
    val spoken = if (hasMap) stringResource(R.string.tag_shows_map, sentence) else sentence
    Column(
        Modifier.fillMaxWidth().heightIn(min = TOUCH).selectable(isChosen, onClick = choose)
            .semantics { contentDescription = spoken }.padding(vertical = 6.dp),
    ) {
        Buttons(Modifier.fillMaxWidth().clearAndSetSemantics { }) {
            val weight = if (score.isSet) FontWeight.Bold else FontWeight.Normal
            val colour = if (isChosen) MaterialTheme.colorScheme.primary else MaterialTheme.colorScheme.onSurface
            Text(name, color = colour, fontWeight = weight, style = MaterialTheme.typography.bodyLarge)
            Text(
                stringResource(R.string.tag_scores, score.score, score.threshold),
                color = MaterialTheme.colorScheme.onSurfaceVariant,
                style = MaterialTheme.typography.bodyMedium,
            )
        }
        ScoreBar(score)
    }
}

@Composable
private fun ScoreBar(score: TagScore) {
    val (track, bar, line) = with(MaterialTheme.colorScheme) {
        Triple(surfaceVariant, if (score.isSet) primary else outline, onSurface)
    }
    Canvas(Modifier.fillMaxWidth().padding(top = 4.dp).height(8.dp)) {
        val middle = size.height / 2
        fun x(share: Float) = middle + share * (size.width - 2 * middle)
        fun stroke(colour: Color, until: Float) =
            drawLine(colour, Offset(middle, middle), Offset(x(until), middle), middle, StrokeCap.Round)
        stroke(track, 1f)
        stroke(bar, score.score)
        val at = x(score.threshold)
        drawLine(line, Offset(at, 0f), Offset(at, size.height), 2.dp.toPx())
    }
}
