package dev.edgetag.demo

/** What a person says of a tag in a picture; [cell] stands for it in a table that `edgetag` reads. */
enum class Answer(val cell: String) { UNKNOWN(""), YES("1"), NO("0") }

/**
 * What a person has said of a folder's pictures: a table of labels as `edgetag` trains on, which it calls `wide`.
 *
 * It is kept as it is exported. What nobody has said stays empty: unknown, not no.
 *
 * @property tags the columns, in the order of the model's scores.
 */
class Corrections private constructor(val tags: List<String>, private val rows: Map<String, Map<String, Answer>>) {
    /** How many pictures have an answer. */
    val size: Int get() = rows.size

    /** Returns what was said of a tag in a picture, by the picture's name in its folder. */
    fun of(picture: String, tag: String): Answer = rows[picture]?.get(tag) ?: Answer.UNKNOWN

    /** Returns the table with one answer more, or with one taken back. */
    fun with(picture: String, tag: String, answer: Answer): Corrections {
        val answers = rows[picture].orEmpty() + (tag to answer)
        val said = answers.filterValues { it != Answer.UNKNOWN }
        return Corrections(tags, if (said.isEmpty()) rows - picture else rows + (picture to said))
    }

    /** Returns the table as CSV. */
    fun toCsv(): String = buildString {
        append(line(listOf(PATH) + tags))
        for ((picture, answers) in rows.toSortedMap()) {
            append(line(listOf(picture) + tags.map { (answers[it] ?: Answer.UNKNOWN).cell }))
        }
    }

    companion object {
        private const val PATH = "path"

        /** Returns a table without answers. */
        fun none(tags: List<String>): Corrections = Corrections(tags, emptyMap())

        /** Reads what [toCsv] wrote; tags that the model no longer has are left out, new ones are unknown. */
        fun parse(csv: String, tags: List<String>): Corrections {
            val lines = cells(csv)
            val columns = lines.firstOrNull().orEmpty()
            val rows = lines.drop(1).associate { line ->
                val answers = columns.zip(line).drop(1).associate { (tag, cell) -> tag to answer(cell) }
                line.first() to answers.filter { (tag, answer) -> tag in tags && answer != Answer.UNKNOWN }
            }
            return Corrections(tags, rows.filterValues { it.isNotEmpty() })
        }

        private fun answer(cell: String) = Answer.entries.firstOrNull { it.cell == cell } ?: Answer.UNKNOWN

        private fun line(cells: List<String>): String = cells.joinToString(",", postfix = "\n") { cell ->
            if (cell.any { it in ",\"\r\n" }) "\"${cell.replace("\"", "\"\"")}\"" else cell
        }

        private fun cells(csv: String): List<List<String>> {
            val lines = mutableListOf<List<String>>()
            var line = mutableListOf<String>()
            val cell = StringBuilder()
            var isQuoted = false
            for ((at, character) in csv.withIndex()) when {
                character == '"' -> {
                    // Inside quotes two of them stand for one.
                    if (!isQuoted && csv.getOrNull(at - 1) == '"') cell.append('"')
                    isQuoted = !isQuoted
                }
                isQuoted -> cell.append(character)
                character == ',' || character == '\n' -> {
                    line += cell.toString()
                    cell.clear()
                    if (character == '\n') {
                        lines += line
                        line = mutableListOf()
                    }
                }
                else -> cell.append(character)
            }
            return lines
        }
    }
}
