package dev.edgetag.demo

import android.view.WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON
import androidx.activity.compose.LocalActivity
import androidx.activity.compose.rememberLauncherForActivityResult
import androidx.activity.result.contract.ActivityResultContracts.CreateDocument
import androidx.compose.foundation.Canvas
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.height
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.lazy.LazyColumn
import androidx.compose.foundation.lazy.items
import androidx.compose.material3.Button
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.SnackbarHostState
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.DisposableEffect
import androidx.compose.runtime.getValue
import androidx.compose.runtime.rememberCoroutineScope
import androidx.compose.ui.Modifier
import androidx.compose.ui.geometry.Offset
import androidx.compose.ui.geometry.Size
import androidx.compose.ui.platform.LocalContext
import androidx.compose.ui.res.stringResource
import androidx.compose.ui.unit.dp
import androidx.lifecycle.compose.collectAsStateWithLifecycle
import dev.edgetag.tagger.Delegate
import kotlinx.coroutines.launch

/** Measures the model on this phone, on one engine after another. */
@Composable
fun BenchmarkScreen(model: DemoModel, messages: SnackbarHostState) {
    val report by model.benchmark.report.collectAsStateWithLifecycle()
    KeepScreenOn()
    LazyColumn(contentPadding = AROUND, verticalArrangement = Arrangement.spacedBy(MARGIN)) {
        item {
            Column(verticalArrangement = Arrangement.spacedBy(GAP)) {
                Text(stringResource(R.string.benchmark_explained))
                Start(model, report, messages)
                WorkLine(model.benchmarkWork)
                Text(describe(report.device), style = MaterialTheme.typography.bodySmall)
            }
        }
        items(report.measured) { Latencies(it, report.longestMs) }
        items(report.notMeasured) { entry ->
            Column {
                Heading(name(entry.options.delegate, entry.options.threads))
                Text(stringResource(R.string.benchmark_not, entry.reason), style = MaterialTheme.typography.bodyMedium)
            }
        }
    }
}

/** A phone that dims its screen slows its cores. */
@Composable
private fun KeepScreenOn() {
    val window = LocalActivity.current?.window
    DisposableEffect(window) {
        window?.addFlags(FLAG_KEEP_SCREEN_ON)
        onDispose { window?.clearFlags(FLAG_KEEP_SCREEN_ON) }
    }
}

@Composable
private fun Start(model: DemoModel, report: BenchmarkReport, messages: SnackbarHostState) {
    val context = LocalContext.current
    val scope = rememberCoroutineScope()
    val save = rememberLauncherForActivityResult(CreateDocument(Shared.JSON)) { uri ->
        if (uri != null) scope.launch { messages.showSnackbar(Shared.save(context, uri, model.benchmark::write).on(context)) }
    }
    Buttons {
        Button(model.benchmark::measure) { Text(stringResource(R.string.benchmark_start)) }
        if (report.measured.isNotEmpty()) {
            SignButton(R.drawable.ic_save, R.string.save) { save.start(FILE, context, messages, scope) }
            SignButton(R.drawable.ic_share, R.string.share) {
                scope.launch {
                    val problem = Shared.send(context, FILE, Shared.JSON, write = model.benchmark::write)
                    problem?.let { messages.showSnackbar(it.on(context)) }
                }
            }
        }
    }
}

private const val FILE = "benchmark.json"

@Composable
private fun name(delegate: Delegate, threads: Int): String =
    stringResource(R.string.benchmark_engine, words(delegateName(delegate)), threads)

@Composable
private fun Latencies(measured: Measured, longestMs: Double) = Column {
    Heading(name(measured.options.delegate, measured.options.threads))
    Chart(listOf(measured.latency.p50, measured.latency.p90, measured.latency.p99), longestMs)
    Text(
        with(measured.latency) { stringResource(R.string.benchmark_line, p50, p90, p99, runs, measured.engine, measured.loadMs) },
        style = MaterialTheme.typography.bodyMedium,
    )
}

/** A bar for each latency, the shortest in the strongest colour; all charts of the screen have one scale. */
@Composable
private fun Chart(latenciesMs: List<Double>, longestMs: Double) {
    val colour = MaterialTheme.colorScheme.primary
    Canvas(Modifier.fillMaxWidth().padding(vertical = 4.dp).height(24.dp)) {
        val step = size.height / latenciesMs.size
        for ((place, latency) in latenciesMs.withIndex()) {
            val width = (latency / longestMs).toFloat() * size.width
            drawRect(colour, Offset(0f, place * step), Size(width, step * BAR), alpha = 1f - place * FADE)
        }
    }
}

private const val BAR = 0.75f
private const val FADE = 0.3f
