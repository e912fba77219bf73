package dev.edgetag.demo

import android.net.Uri
import androidx.activity.compose.rememberLauncherForActivityResult
import androidx.activity.result.contract.ActivityResultContracts.OpenDocument
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.rememberScrollState
import androidx.compose.foundation.verticalScroll
import androidx.compose.material3.Button
import androidx.compose.material3.FilterChip
import androidx.compose.material3.SnackbarHostState
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.rememberCoroutineScope
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.LocalContext
import androidx.compose.ui.res.stringResource
import androidx.lifecycle.compose.collectAsStateWithLifecycle
import dev.edgetag.tagger.Label
import dev.edgetag.tagger.Variant

/** What the bundle says of its model, and what it runs on. */
@Composable
fun ModelScreen(model: DemoModel, isWide: Boolean, messages: SnackbarHostState) {
    val open by model.open.collectAsStateWithLifecycle()
    if (isWide) {
        TwoPanes(
            { Pane(it) { Runs(model); open?.let { bundle -> Bundle(bundle) }; Later(model, messages) } },
            { Pane(it) { open?.let { bundle -> Tags(bundle) } } },
        )
    } else {
        Pane { Runs(model); open?.let { Bundle(it) }; Later(model, messages); open?.let { Tags(it) } }
    }
}

@Composable
private fun Pane(modifier: Modifier = Modifier, content: @Composable () -> Unit) =
    Column(modifier.verticalScroll(rememberScrollState()).padding(MARGIN), Arrangement.spacedBy(GAP)) { content() }

@Composable
private fun Runs(model: DemoModel) {
    val settings by model.settings.collectAsStateWithLifecycle()
    Heading(stringResource(R.string.engine_delegate))
    Buttons {
        for (delegate in EngineSettings.DELEGATE_CHOICES) {
            FilterChip(delegate == settings.delegate, { model.choose(settings.copy(delegate = delegate)) }, { Text(words(delegateName(delegate))) })
        }
    }
    Heading(stringResource(R.string.engine_threads))
    Buttons {
        for (threads in EngineSettings.THREAD_CHOICES) {
            FilterChip(threads == settings.threads, { model.choose(settings.copy(threads = threads)) }, { Text("$threads") })
        }
    }
    WorkLine(model.engineWork)
}

@Composable
private fun Bundle(open: OpenModel) {
    val manifest = open.bundle.manifest
    Heading(stringResource(R.string.model_heading))
    Fact(R.string.model_name, manifest.name)
    Fact(R.string.model_version, manifest.version)
    Fact(R.string.model_digest, open.bundle.manifestSha256)
    Fact(R.string.model_input, stringResource(R.string.model_pixels, manifest.inputSize))
    for (variant in manifest.variants) Facts(variant, variant == open.chosen.variant, open.bundle.labels)
}

@Composable
private fun Facts(variant: Variant, isOpen: Boolean, labels: List<Label>) {
    Heading(if (isOpen) stringResource(R.string.model_variant_open, variant.name) else variant.name)
    Fact(R.string.model_verdict, stringResource(verdict(variant.verdict)))
    for (limit in variant.limits.orEmpty()) Fact(words(LimitTitle(limit, labels)), words(limitOutcome(limit)))
    Fact(R.string.model_size, stringResource(R.string.model_megabytes, variant.sizeBytes / BYTES_A_MEGABYTE))
    Fact(R.string.model_digest, variant.sha256)
    Fact(R.string.model_types, "${variant.inputType} → ${variant.outputType}")
    Fact(R.string.model_runtime, variant.minRuntimeVersion.ifEmpty { stringResource(R.string.model_unknown) })
    Fact(
        R.string.model_maps,
        variant.explain?.let { stringResource(R.string.model_cells, it.width, it.height) } ?: stringResource(R.string.model_none),
    )
}

private const val BYTES_A_MEGABYTE = 1e6

/** The words that a manifest has for what validation said. */
private fun verdict(verdict: String): Int = when (verdict) {
    "pass" -> R.string.verdict_pass
    "fail" -> R.string.verdict_fail
    "undecided" -> R.string.verdict_undecided
    else -> R.string.verdict_not_judged
}

/** Opens a bundle that comes later than the app: first its zip, then its signature. */
@Composable
private fun Later(model: DemoModel, messages: SnackbarHostState) {
    val context = LocalContext.current
    val scope = rememberCoroutineScope()
    // Kept while the other app is in front: this one may be ended meanwhile.
    var zip by rememberSaveable { mutableStateOf<Uri?>(null) }
    val openSignature = rememberLauncherForActivityResult(OpenDocument()) { signature ->
        val chosen = zip
        zip = null
        if (chosen != null && signature != null) model.install(chosen, signature)
    }
    val openZip = rememberLauncherForActivityResult(OpenDocument()) { chosen ->
        zip = chosen
        if (chosen != null) openSignature.start(ANY_FILE, context, messages, scope)
    }
    Heading(stringResource(R.string.bundle_later))
    Text(stringResource(if (model.canInstall) R.string.bundle_explained else R.string.bundle_no_key))
    Buttons {
        Button({ openZip.start(ANY_FILE, context, messages, scope) }, enabled = model.canInstall) { Text(stringResource(R.string.bundle_open)) }
    }
    WorkLine(model.bundleWork)
}

/** Few apps know what a `.sig` is, and some take a zip for something else. */
private val ANY_FILE = arrayOf("*/*")

@Composable
private fun Tags(open: OpenModel) {
    val context = LocalContext.current
    Heading(stringResource(R.string.model_tags))
    val thresholds = open.bundle.thresholds(open.chosen.variant.name)
    for (label in open.bundle.labels) {
        val text = if (label.sensitive) R.string.model_tag_sensitive else R.string.model_tag
        Text(stringResource(text, displayName(label, context), thresholds[label.index]))
    }
}
