package dev.edgetag.demo

/**
 * Two panes beside each other, in pixels.
 *
 * @property between a hinge that covers what is drawn there; 0 for a fold that only bends.
 */
data class Panes(val first: Int, val between: Int, val second: Int)

/**
 * Returns the panes on either side of a hinge, null where it leaves no room for one of them.
 *
 * @param width of both together.
 * @param left where the hinge begins, from the left edge of the panes.
 * @param right where it ends.
 */
fun panesBeside(width: Int, left: Int, right: Int): Panes? {
    val panes = Panes(left, right - left, width - right)
    return panes.takeIf { minOf(it.first, it.second) * NARROWEST >= width }
}

/** A pane has at least this part of the width. */
private const val NARROWEST = 4
