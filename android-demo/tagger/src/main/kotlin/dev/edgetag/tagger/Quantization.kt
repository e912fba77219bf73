package dev.edgetag.tagger

import java.nio.ByteBuffer
import java.nio.ByteOrder

/**
 * From uint8 pixels to a model's input.
 *
 * A contract maps each of the 256 values of a pixel to one value of the input, so that encoding is a
 * look-up. Where the scale is `1 / std` and the zero point `mean`, the table of a uint8 input changes
 * nothing, and pixels go in as they are.
 *
 * @throws EngineException the model's input is no `[1, size, size, 3]` of the contract's size.
 */
internal class InputEncoder(contract: Contract, private val tensor: TensorInfo) {
    private val values = table(contract, tensor)
    private val identity = tensor.type == TensorType.UINT8 && values.indices.all { values[it].toInt() == it }

    init {
        val size = contract.inputSize
        if (tensor.shape != listOf(1, size, size, Picture.CHANNELS)) {
            throw EngineException("the model takes ${tensor.shape}, and the contract makes [1, $size, $size, 3]")
        }
    }

    /** Returns memory for an input: direct, native byte order. */
    fun newBuffer(): ByteBuffer = directBuffer(tensor.byteSize)

    /**
     * Writes a letterboxed picture as the model's input.
     *
     * @param pixels `size * size * 3` bytes.
     * @param into of [newBuffer]; its position is 0 afterwards.
     */
    fun encode(pixels: ByteArray, into: ByteBuffer) {
        require(pixels.size == tensor.elements) { "${pixels.size} bytes for ${tensor.shape}" }
        into.clear()
        when {
            identity -> into.put(pixels)
            tensor.type == TensorType.FLOAT32 -> for (pixel in pixels) into.putFloat(values[pixel.unsigned()])
            tensor.type == TensorType.INT16 -> for (pixel in pixels) into.putShort(values[pixel.unsigned()].toInt().toShort())
            else -> for (pixel in pixels) into.put(values[pixel.unsigned()].toInt().toByte())
        }
        into.rewind()
    }

    internal companion object {
        /** Returns the input value of each value of a pixel: `[256]`, whole where the input is quantized. */
        fun table(contract: Contract, tensor: TensorInfo): FloatArray = FloatArray(256) { pixel ->
            val real = (pixel.toFloat() - contract.mean) / contract.std
            when (tensor.type) {
                TensorType.FLOAT32 -> real
                // In double precision: a product that is a whole number must not round to its neighbour.
                else -> (Math.rint(real.toDouble() / tensor.scale) + tensor.zeroPoint)
                    .coerceIn(tensor.type.range).toFloat()
            }
        }

        private val TensorType.range: ClosedFloatingPointRange<Double>
            get() = when (this) {
                TensorType.UINT8 -> 0.0..255.0
                TensorType.INT8 -> -128.0..127.0
                TensorType.INT16 -> -32768.0..32767.0
                TensorType.FLOAT32 -> throw IllegalArgumentException("float32 has no steps")
            }
    }
}

/** From a model's output to real values. */
internal class OutputDecoder(private val tensor: TensorInfo) {
    /** Returns memory for an output: direct, native byte order. */
    fun newBuffer(): ByteBuffer = directBuffer(tensor.byteSize)

    /** Returns `(value - zeroPoint) * scale` of each value, from position 0. */
    fun decode(from: ByteBuffer): FloatArray = FloatArray(tensor.elements) { i ->
        when (tensor.type) {
            TensorType.FLOAT32 -> from.getFloat(i * 4)
            TensorType.INT16 -> real(from.getShort(i * 2).toInt())
            TensorType.INT8 -> real(from.get(i).toInt())
            TensorType.UINT8 -> real(from.get(i).unsigned())
        }
    }

    private fun real(value: Int): Float = (value.toFloat() - tensor.zeroPoint.toFloat()) * tensor.scale
}

internal fun directBuffer(bytes: Int): ByteBuffer = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder())
