package dev.edgetag.demo

import android.os.Handler
import android.os.Looper
import java.util.concurrent.CancellationException
import java.util.concurrent.ExecutorService
import java.util.concurrent.Executors

/**
 * What a screen shows, and the work behind it.
 *
 * It outlives its screen when the device is turned: the activity hands it to its successor. All of it
 * is used on the main thread, but for what [work] runs.
 *
 * @param S an immutable record of what is shown.
 */
abstract class ScreenModel<S>(initial: S) {
    private val main = Handler(Looper.getMainLooper())
    private val executor: ExecutorService = Executors.newSingleThreadExecutor { Thread(it, "edgetag-work") }
    private var current: Cancellation? = null

    /** What is shown now. */
    var state: S = initial
        private set

    /** Who shows it; null while no screen does. */
    var listener: ((S) -> Unit)? = null
        set(value) {
            field = value
            value?.invoke(state)
        }

    /** Asks the work under way to stop. */
    fun cancel() {
        current?.cancel()
    }

    /** Ends everything; the screen is gone for good. */
    fun close() {
        cancel()
        listener = null
        executor.execute { release() }
        executor.shutdown()
    }

    /** Gives back what the work holds; on the work's thread, after all work. */
    protected open fun release() = Unit

    /** Returns the state after work that was cancelled, or that ended with [problem]. */
    protected abstract fun ended(state: S, problem: Throwable?): S

    /** Runs [body] after the work under way, which is asked to stop. */
    protected fun work(body: (Cancellation) -> Unit) {
        cancel()
        val cancellation = Cancellation()
        current = cancellation
        executor.execute {
            try {
                cancellation.check()
                body(cancellation)
            } catch (_: CancellationException) {
                update(cancellation) { ended(it, null) }
            } catch (error: Exception) {
                // Whatever it is, the app says so and goes on.
                update(cancellation) { ended(it, error) }
            } catch (error: OutOfMemoryError) {
                update(cancellation) { ended(it, error) }
            }
        }
    }

    /** Changes the state from any thread; ignored if newer work has begun since. */
    protected fun update(cancellation: Cancellation, change: (S) -> S) {
        main.post { if (current === cancellation) set(change(state)) }
    }

    /** Changes the state; on the main thread. */
    protected fun set(value: S) {
        state = value
        listener?.invoke(value)
    }
}
