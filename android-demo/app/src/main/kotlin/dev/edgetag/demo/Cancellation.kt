package dev.edgetag.demo

import java.util.concurrent.CancellationException
import java.util.concurrent.atomic.AtomicBoolean

/** Says to work under way that nobody wants it any more. */
class Cancellation {
    private val flag = AtomicBoolean()

    /** Whether [cancel] was called. */
    val isCancelled: Boolean get() = flag.get()

    /** Asks the work to stop at its next check. */
    fun cancel() = flag.set(true)

    /**
     * Returns, unless the work shall stop.
     *
     * @throws CancellationException it shall.
     */
    fun check() {
        if (isCancelled) throw CancellationException()
    }
}
