package dev.edgetag.tagger

import kotlinx.serialization.ExperimentalSerializationApi
import kotlinx.serialization.SerializationException
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive

/** Something in JSON is not as it must be. Readers turn it into an error that names the file. */
internal class JsonException(message: String) : Exception(message)

/** Reads JSON that nobody has checked: every value is asked for by type, and errors say where it is. */
internal object StrictJson {
    private const val MOST_CHARACTERS = 32 shl 20

    /** The parser calls itself for each level of a list, and the stack ends. */
    private const val MOST_DEPTH = 32

    /** Parses an object, and lets [read] take what it needs from it. */
    fun <T> read(text: String, read: (JsonFields) -> T): T {
        if (text.length > MOST_CHARACTERS) throw JsonException("it has ${text.length} characters")
        if (depth(text) > MOST_DEPTH) throw JsonException("it is nested too deep")
        val element = try {
            Json.parseToJsonElement(text)
        } catch (error: SerializationException) {
            throw JsonException("it is not JSON: ${error.message?.lineSequence()?.first()}")
        }
        return read(fields(element, ""))
    }

    /** Returns JSON as edgetag writes it: two spaces for each level, keys in the order that they have. */
    fun rewritten(text: String): String =
        read(text) { INDENTED.encodeToString(JsonElement.serializer(), it.whole) } + "\n"

    /** Returns how deep lists and objects lie in each other, outside texts. */
    private fun depth(text: String): Int {
        var open = 0
        var deepest = 0
        var inText = false
        var at = 0
        while (at < text.length) {
            when (text[at]) {
                '"' -> inText = !inText
                '\\' -> if (inText) at++
                '[', '{' -> if (!inText) deepest = maxOf(deepest, ++open)
                ']', '}' -> if (!inText) open--
            }
            at++
        }
        return deepest
    }

    fun fields(element: JsonElement, place: String): JsonFields =
        JsonFields(element as? JsonObject ?: throw wrong(place, "an object", element), place)

    fun text(element: JsonElement, place: String): String {
        val primitive = element as? JsonPrimitive
        if (primitive == null || !primitive.isString) throw wrong(place, "a text", element)
        return primitive.content
    }

    fun number(element: JsonElement, place: String): Double {
        // The parser takes any bare word, such as NaN; JSON does not.
        val literal = (element as? JsonPrimitive)?.takeIf { !it.isString && NUMBER.matches(it.content) }
        val value = literal?.content?.toDouble() ?: throw wrong(place, "a number", element)
        if (value.isInfinite()) throw wrong(place, "a finite number", element)
        return value
    }

    /** Returns a number in 0..1. */
    fun share(element: JsonElement, place: String): Double = number(element, place).also {
        if (it !in 0.0..1.0) throw wrong(place, "in 0..1", element)
    }

    fun whole(element: JsonElement, place: String, range: LongRange): Long {
        val literal = (element as? JsonPrimitive)?.takeIf { !it.isString && WHOLE.matches(it.content) }
        val value = literal?.content?.toLong() ?: throw wrong(place, "a whole number", element)
        if (value !in range) throw wrong(place, "in ${range.first}..${range.last}", element)
        return value
    }

    fun flag(element: JsonElement, place: String): Boolean = when ((element as? JsonPrimitive)?.toString()) {
        "true" -> true
        "false" -> false
        else -> throw wrong(place, "true or false", element)
    }

    fun list(element: JsonElement, place: String): List<JsonElement> =
        element as? JsonArray ?: throw wrong(place, "a list", element)

    fun wrong(place: String, expected: String, found: JsonElement): JsonException {
        val shown = found.toString().let { if (it.length > SHOWN) it.take(SHOWN) + "…" else it }
        return JsonException("${place.ifEmpty { "all of it" }} must be $expected, and is $shown")
    }

    private const val SHOWN = 40

    @OptIn(ExperimentalSerializationApi::class) // prettyPrintIndent
    private val INDENTED = Json {
        prettyPrint = true
        prettyPrintIndent = "  "
    }
    private val NUMBER = Regex("-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,60})?([eE][+-]?[0-9]{1,4})?")
    private val WHOLE = Regex("-?(0|[1-9][0-9]{0,17})")
}

/** The fields of one object; [place] is where it lies, such as `variants[0]`. */
internal class JsonFields(private val json: JsonObject, private val place: String) {
    val names: Set<String> get() = json.keys

    val whole: JsonObject get() = json

    operator fun get(name: String): JsonElement = json[name] ?: throw JsonException("${at(name)} is missing")

    fun has(name: String): Boolean = json[name].let { it != null && it !is JsonNull }

    fun text(name: String): String = StrictJson.text(get(name), at(name))

    fun number(name: String): Double = StrictJson.number(get(name), at(name))

    fun whole(name: String, range: IntRange): Int =
        StrictJson.whole(get(name), at(name), range.first.toLong()..range.last.toLong()).toInt()

    fun long(name: String, range: LongRange): Long = StrictJson.whole(get(name), at(name), range)

    fun flag(name: String): Boolean = StrictJson.flag(get(name), at(name))

    fun fields(name: String): JsonFields = StrictJson.fields(get(name), at(name))

    fun <T> list(name: String, read: (JsonElement, String) -> T): List<T> =
        StrictJson.list(get(name), at(name)).mapIndexed { i, element -> read(element, "${at(name)}[$i]") }

    fun <T> choice(name: String, choices: Map<String, T>): T {
        val value = text(name)
        return choices[value]
            ?: throw JsonException("${at(name)} is \"${value.take(40)}\", and must be one of ${choices.keys.joinToString()}")
    }

    /** Returns a text that has a form. */
    fun matching(name: String, form: Regex): String = text(name).also {
        if (!form.matches(it)) throw JsonException("${at(name)} is \"${it.take(40)}\", and must be as ${form.pattern}")
    }

    /** Checks that there are no keys but these. */
    fun requireOnly(vararg keys: String) {
        val other = names.firstOrNull { it !in keys }
        if (other != null) throw JsonException("${at(other.take(40))} is unknown to this app")
    }

    /** Checks that there are these keys, in this order, and no other. */
    fun requireKeys(vararg keys: String) {
        requireOnly(*keys)
        for (key in keys) get(key)
        if (names.toList() != keys.toList()) throw JsonException("${place.ifEmpty { "all of it" }} has its keys in another order")
    }

    /** Checks `schema`: the same name and major version, as in `edgetag.manifest/2.0`. */
    fun requireSchema(expected: String) {
        val found = text("schema")
        if (found.substringBeforeLast('.') != expected.substringBeforeLast('.')) {
            throw JsonException("schema is \"${found.take(60)}\", and this app reads $expected")
        }
    }

    private fun at(name: String) = if (place.isEmpty()) name else "$place.$name"
}
