package dev.edgetag.demo

import android.graphics.Rect
import androidx.activity.compose.LocalActivity
import androidx.compose.foundation.layout.BoxWithConstraints
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.absoluteOffset
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.width
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableIntStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.setValue
import androidx.compose.ui.AbsoluteAlignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.layout.onGloballyPositioned
import androidx.compose.ui.layout.positionInWindow
import androidx.compose.ui.platform.LocalDensity
import androidx.compose.ui.platform.LocalLayoutDirection
import androidx.compose.ui.unit.LayoutDirection
import androidx.lifecycle.compose.collectAsStateWithLifecycle
import androidx.window.layout.FoldingFeature
import androidx.window.layout.WindowInfoTracker
import kotlin.math.roundToInt
import kotlinx.coroutines.flow.map

/**
 * Two panes of equal width, or one on either side of a hinge, the first where reading begins. Without a [second] one the
 * first has all the room that no hinge divides.
 */
@Composable
fun TwoPanes(first: @Composable (Modifier) -> Unit, second: (@Composable (Modifier) -> Unit)?) {
    val hinge = hinge()
    var left by remember { mutableIntStateOf(0) }
    // As wide as there is room, since its place, by which panes are laid out, must not follow from theirs.
    val place = Modifier.fillMaxWidth().onGloballyPositioned { left = it.positionInWindow().x.roundToInt() }
    BoxWithConstraints(place, AbsoluteAlignment.TopLeft) {
        val panes = hinge?.let { panesBeside(constraints.maxWidth, it.left - left, it.right - left) }
        if (panes == null) {
            Row {
                first(Modifier.weight(1f))
                second?.invoke(Modifier.weight(1f))
            }
        } else with(LocalDensity.current) {
            val onLeft = Modifier.width(panes.first.toDp())
            val onRight = Modifier.absoluteOffset(x = (panes.first + panes.between).toDp()).width(panes.second.toDp())
            val isFromLeft = LocalLayoutDirection.current == LayoutDirection.Ltr
            first(if (isFromLeft) onLeft else onRight)
            second?.invoke(if (isFromLeft) onRight else onLeft)
        }
    }
}

/** Where a hinge or fold divides the window into left and right, in its pixels; null where none does. */
@Composable
private fun hinge(): Rect? {
    val activity = checkNotNull(LocalActivity.current)
    val hinges = remember(activity) {
        WindowInfoTracker.getOrCreate(activity).windowLayoutInfo(activity).map { layout ->
            layout.displayFeatures.filterIsInstance<FoldingFeature>()
                .firstOrNull { it.isSeparating && it.orientation == FoldingFeature.Orientation.VERTICAL }?.bounds
        }
    }
    val hinge by hinges.collectAsStateWithLifecycle(null)
    return hinge
}
