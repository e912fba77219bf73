package dev.edgetag.tagger

import java.nio.ByteBuffer

/** What runs a model: one file of the app for each runtime. Not safe for use by several threads at once. */
public interface Engine : AutoCloseable {
    /** The runtime's name, such as `litert`. */
    public val name: String

    /** The runtime's version, such as `1.4.1`. */
    public val version: String

    /** The image: `[1, size, size, 3]`. */
    public val input: TensorInfo

    /** The scores: `[1, tags]`. */
    public val output: TensorInfo

    /** The maps of the signature `explain`, `[1, height, width, tags]`; null where the model has none. */
    public val maps: TensorInfo?

    /**
     * Runs the default signature.
     *
     * @param input direct, native byte order, [TensorInfo.byteSize] bytes from its position 0.
     * @param scores as [input], of [output]; its content is replaced, its position 0 and limit kept.
     * @throws EngineException the runtime failed.
     */
    public fun run(input: ByteBuffer, scores: ByteBuffer)

    /**
     * Runs the signature `explain`.
     *
     * @param maps as [input], of [Engine.maps].
     * @throws EngineException the runtime failed, or the model has no such signature.
     */
    public fun explain(input: ByteBuffer, scores: ByteBuffer, maps: ByteBuffer)

    override fun close()
}

/** Opens engines. */
public interface EngineFactory {
    /**
     * Returns an engine that holds a model.
     *
     * @param model direct; it must not be changed while the engine is open.
     * @throws EngineException the runtime does not take this model or these options.
     */
    public fun open(model: ByteBuffer, options: EngineOptions): Engine
}

/** Where a model runs. Only LiteRT 2.x, by `tagger-litert2`, reaches an NPU. */
public enum class Delegate { CPU, GPU, NPU }

/**
 * How a model runs.
 *
 * @property threads on the CPU, at least 1.
 */
public data class EngineOptions(val threads: Int = 1, val delegate: Delegate = Delegate.CPU) {
    init {
        require(threads >= 1) { "$threads threads" }
    }

    /** For people. */
    internal val label: String get() = when {
        delegate != Delegate.CPU -> "the $delegate"
        threads == 1 -> "the CPU with 1 thread"
        else -> "the CPU with $threads threads"
    }

    public companion object {
        /** What phones have: the CPU with 1, 2 and 4 threads, and the GPU. See [EngineChoice.open]. */
        public val USUAL: List<EngineOptions> =
            listOf(1, 2, 4).map { EngineOptions(it) } + EngineOptions(1, Delegate.GPU)

        /** [USUAL], and the NPU; of this library's engines only that of `tagger-litert2` reaches one. */
        public val WITH_NPU: List<EngineOptions> = USUAL + EngineOptions(1, Delegate.NPU)
    }
}

/** The type of a tensor's values, with its bytes. */
public enum class TensorType(public val bytes: Int) { UINT8(1), INT8(1), INT16(2), FLOAT32(4) }

/**
 * An input or output of a model.
 *
 * @property shape in elements, such as `[1, 224, 224, 3]`.
 * @property scale real value of one step; 0 where the tensor is not quantized.
 * @property zeroPoint the quantized value that stands for 0.
 */
public data class TensorInfo(
    val name: String,
    val type: TensorType,
    val shape: List<Int>,
    val scale: Float = 0f,
    val zeroPoint: Int = 0,
) {
    /** How many values it has. */
    public val elements: Int get() = shape.fold(1, Int::times)

    /** How many bytes it has. */
    public val byteSize: Int get() = elements * type.bytes
}
