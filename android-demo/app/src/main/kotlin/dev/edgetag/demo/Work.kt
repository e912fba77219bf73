package dev.edgetag.demo

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.joinAll
import kotlinx.coroutines.launch

/**
 * What a screen's work is about to do or has done.
 *
 * @property status null where there is nothing to say.
 * @property done of [total] steps; [total] is 0 where nobody knows how many there are.
 */
data class WorkState(
    val status: Words? = null,
    val isProblem: Boolean = false,
    val isRunning: Boolean = false,
    val done: Int = 0,
    val total: Int = 0,
)

/**
 * The work of one screen: one piece at a time; a new one ends the one before.
 *
 * @param disturbed the work of others that cannot go on beside it, such as what measures time; it is ended too.
 */
class Work(private val scope: CoroutineScope, private val disturbed: () -> List<Work> = { emptyList() }) {
    private val changing = MutableStateFlow(WorkState())
    private var job: Job? = null

    /** What there is to say of it. */
    val state: StateFlow<WorkState> = changing.asStateFlow()

    /** Says how far the work is. */
    fun report(status: Words?, done: Int = 0, total: Int = 0) {
        changing.update { it.copy(status = status, done = done, total = total) }
    }

    /** Starts work on the main thread; what it returns is the status at its end. */
    fun start(status: Words?, body: suspend () -> Words?) {
        val before = listOfNotNull(job) + disturbed().mapNotNull { it.job }
        job = scope.launch {
            before.forEach(Job::cancel)
            before.joinAll()
            changing.value = WorkState(status, isRunning = true)
            changing.value = try {
                WorkState(body())
            } catch (error: CancellationException) {
                changing.value = WorkState(Message(R.string.work_cancelled))
                throw error
            } catch (error: Exception) { // whatever it is, the app says so and goes on
                WorkState(problem(error), isProblem = true)
            } catch (error: OutOfMemoryError) {
                WorkState(problem(error), isProblem = true)
            }
        }
    }

    /** Asks the work under way to stop. */
    fun cancel() {
        job?.cancel()
    }
}
