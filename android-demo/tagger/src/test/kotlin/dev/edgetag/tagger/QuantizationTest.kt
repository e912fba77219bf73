package dev.edgetag.tagger

import kotlinx.serialization.json.JsonElement
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import java.io.File

class QuantizationTest {
    private class Table(val contract: Contract, val tensor: TensorInfo, val values: FloatArray, val decoded: FloatArray)

    @Test
    fun `tables and decoded values are Python's, for every type`() {
        val tables = StrictJson.read(File(goldenFolder(), "tables.json").readText()) { it.list("tables", ::table) }
        assertEquals(TensorType.values().toSet(), tables.map { it.tensor.type }.toSet())
        for (table in tables) {
            assertArrayEquals(table.values, InputEncoder.table(table.contract, table.tensor), "${table.tensor}")
            assertArrayEquals(table.decoded, throughBuffers(table), "${table.tensor}")
        }
    }

    /** Encodes the 256 values of a pixel and decodes them as if they were an output. */
    private fun throughBuffers(table: Table): FloatArray {
        val size = table.contract.inputSize
        val encoder = InputEncoder(table.contract, table.tensor)
        val buffer = encoder.newBuffer()
        encoder.encode(ByteArray(size * size * 3) { it.toByte() }, buffer)
        return OutputDecoder(table.tensor).decode(buffer).copyOf(256)
    }

    @Test
    fun `a uint8 input of the exporter's takes pixels as they are`() {
        val tensor = TensorInfo("image", TensorType.UINT8, listOf(1, 32, 32, 3), 1f / 128, 127)
        val pixels = ByteArray(32 * 32 * 3) { (it * 7).toByte() }
        val encoder = InputEncoder(Contract(32), tensor)
        val buffer = encoder.newBuffer().also { encoder.encode(pixels, it) }
        assertArrayEquals(pixels, ByteArray(pixels.size).also(buffer::get))
    }

    @Test
    fun `a model of another input size is refused`() {
        val tensor = TensorInfo("image", TensorType.UINT8, listOf(1, 64, 64, 3), 1f / 128, 127)
        assertFails(EngineException::class.java, "64", "32") { InputEncoder(Contract(32), tensor) }
    }

    private fun table(element: JsonElement, place: String): Table {
        val fields = StrictJson.fields(element, place)
        val type = TensorType.valueOf(fields.text("type").uppercase())
        val tensor = TensorInfo(
            "image", type, listOf(1, 32, 32, 3), fields.number("scale").toFloat(), fields.whole("zero_point", -999..999),
        )
        return Table(Contract.read(fields.fields("contract")), tensor, floats(fields, "table"), floats(fields, "decoded"))
    }

    private fun floats(fields: JsonFields, name: String) =
        fields.list(name) { value, at -> StrictJson.number(value, at).toFloat() }.toFloatArray()
}
