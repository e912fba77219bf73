package dev.edgetag.demo

import android.content.Context
import android.graphics.Canvas
import android.graphics.Paint
import android.graphics.Rect
import android.util.AttributeSet
import android.view.View

/** A picture as wide as the screen allows, and a heat map over it. */
class PictureView(context: Context, attributes: AttributeSet?) : View(context, attributes) {
    private val smooth = Paint(Paint.FILTER_BITMAP_FLAG)
    private val place = Rect()

    /** What is drawn; null draws nothing. */
    var drawing: Drawing? = null
        set(value) {
            if (field === value) return
            field = value
            requestLayout()
            invalidate()
        }

    override fun onMeasure(widthMeasureSpec: Int, heightMeasureSpec: Int) {
        val width = MeasureSpec.getSize(widthMeasureSpec)
        val bitmap = drawing?.bitmap
        val wanted = if (bitmap == null) 0 else (width.toLong() * bitmap.height / bitmap.width).toInt()
        // In landscape a tall picture would fill several screens.
        val most = (resources.displayMetrics.heightPixels * MOST_OF_SCREEN).toInt()
        setMeasuredDimension(width, wanted.coerceAtMost(most).coerceAtLeast(suggestedMinimumHeight))
    }

    override fun onDraw(canvas: Canvas) {
        super.onDraw(canvas)
        val shown = drawing ?: return
        val scale = minOf(width.toFloat() / shown.bitmap.width, height.toFloat() / shown.bitmap.height)
        val shownWidth = (shown.bitmap.width * scale).toInt()
        val shownHeight = (shown.bitmap.height * scale).toInt()
        val (left, top) = (width - shownWidth) / 2 to (height - shownHeight) / 2
        place.set(left, top, left + shownWidth, top + shownHeight)
        canvas.drawBitmap(shown.bitmap, null, place, smooth)
        shown.heat?.let { canvas.drawBitmap(it, null, place, smooth) }
    }

    private companion object {
        const val MOST_OF_SCREEN = 0.7
    }
}
