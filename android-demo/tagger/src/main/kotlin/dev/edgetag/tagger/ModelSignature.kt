package dev.edgetag.tagger

import java.nio.ByteBuffer
import java.nio.ByteOrder

/**
 * A signature of a `.tflite` file, read from the file itself, for runtimes that do not tell types and scales.
 *
 * @property key its name, such as `explain`.
 * @property inputs by the names that they have in the signature.
 * @property outputs likewise.
 */
public class ModelSignature private constructor(
    public val key: String,
    public val inputs: Map<String, TensorInfo>,
    public val outputs: Map<String, TensorInfo>,
) {
    public companion object {
        /**
         * Returns the signatures of a model, in the order of the file.
         *
         * @throws EngineException the file is damaged, or a tensor has a type that no tagger uses.
         */
        public fun read(model: ByteBuffer): List<ModelSignature> = try {
            val content = FlatBuffer(model.slice().order(ByteOrder.LITTLE_ENDIAN))
            val root = content.root()
            val graphs = root.tables(SUBGRAPHS)
            root.tables(SIGNATURES).map { signature(it, graphs) }
        } catch (error: IndexOutOfBoundsException) {
            throw EngineException("the model file is damaged: its signatures lead out of it", error)
        }

        private fun signature(signature: FlatBuffer.Table, graphs: List<FlatBuffer.Table>): ModelSignature {
            val tensors = graphs[signature.int(SIGNATURE_GRAPH)].tables(TENSORS)
            fun named(field: Int) = signature.tables(field).associate { entry ->
                val name = entry.text(MAP_NAME)
                name to describe(name, tensors[entry.int(MAP_TENSOR)])
            }
            return ModelSignature(signature.text(SIGNATURE_KEY), named(SIGNATURE_INPUTS), named(SIGNATURE_OUTPUTS))
        }

        private fun describe(name: String, tensor: FlatBuffer.Table): TensorInfo {
            val number = tensor.byte(TENSOR_TYPE)
            val type = TYPES[number] ?: throw EngineException("the tensor $name has the type $number, which no tagger uses")
            val quantization = tensor.table(TENSOR_QUANTIZATION)
            val scale = quantization?.floats(SCALE)?.firstOrNull() ?: 0f
            val zeroPoint = quantization?.longs(ZERO_POINT)?.firstOrNull() ?: 0
            return TensorInfo(name, type, tensor.ints(TENSOR_SHAPE), scale, zeroPoint.toInt())
        }

        // Places of fields in TensorFlow Lite's schema.fbs.
        private const val SUBGRAPHS = 2
        private const val SIGNATURES = 7
        private const val TENSORS = 0
        private const val SIGNATURE_INPUTS = 0
        private const val SIGNATURE_OUTPUTS = 1
        private const val SIGNATURE_KEY = 2
        private const val SIGNATURE_GRAPH = 4
        private const val MAP_NAME = 0
        private const val MAP_TENSOR = 1
        private const val TENSOR_SHAPE = 0
        private const val TENSOR_TYPE = 1
        private const val TENSOR_QUANTIZATION = 4
        private const val SCALE = 2
        private const val ZERO_POINT = 3
        private val TYPES =
            mapOf(0 to TensorType.FLOAT32, 3 to TensorType.UINT8, 7 to TensorType.INT16, 9 to TensorType.INT8)
    }
}

/**
 * Reads a flatbuffer that nobody has checked, by flatbuffers.dev/internals.
 *
 * Whatever leads out of it throws [IndexOutOfBoundsException].
 */
private class FlatBuffer(private val content: ByteBuffer) {
    fun root() = Table(content.getInt(0))

    inner class Table(private val place: Int) {
        private val fields = place - content.getInt(place)
        private val fieldsEnd = fields + short(fields)

        /** Returns where a field lies; null where it has its default value. */
        private fun at(field: Int): Int? {
            val entry = fields + 4 + 2 * field
            return if (entry >= fieldsEnd) null else short(entry).takeIf { it != 0 }?.let { place + it }
        }

        fun byte(field: Int): Int = at(field)?.let { content.get(it).toInt() } ?: 0

        fun int(field: Int): Int = at(field)?.let { content.getInt(it) } ?: 0

        fun table(field: Int): Table? = at(field)?.let { Table(follow(it)) }

        fun text(field: Int): String {
            val bytes = vector(field, 1) { content.get(it) }.toByteArray()
            return String(bytes, Charsets.UTF_8)
        }

        fun ints(field: Int): List<Int> = vector(field, 4) { content.getInt(it) }

        fun floats(field: Int): List<Float> = vector(field, 4) { content.getFloat(it) }

        fun longs(field: Int): List<Long> = vector(field, 8) { content.getLong(it) }

        fun tables(field: Int): List<Table> = vector(field, 4) { Table(follow(it)) }

        private fun <T> vector(field: Int, bytes: Int, read: (Int) -> T): List<T> {
            val start = follow(at(field) ?: return emptyList())
            val count = content.getInt(start)
            if (count !in 0..MOST) throw IndexOutOfBoundsException("$count values")
            return List(count) { read(start + 4 + bytes * it) }
        }
    }

    private fun short(place: Int): Int = content.getShort(place).toInt() and 0xFFFF

    private fun follow(place: Int): Int = place + content.getInt(place)

    private companion object {
        /** A model has at most some thousand tensors. */
        const val MOST = 100_000
    }
}
