package dev.edgetag.demo

/** What a person says of a tag in a picture; [cell] stands for it in a table that `edgetag` reads. */
enum class Answer(val cell: String) { UNKNOWN(""), YES("1"), NO("0") }

/**
 * What a person has said of one picture.
 *
 * @property name the picture's, in its folder.
 */
private data class Said(val name: String, val answers: Map<String, Answer>)

/**
 * What a person has said of a folder's pictures: a table of labels as `edgetag` trains on, which it calls `wide`.
 *
 * It is kept as it is exported. What nobody has said stays empty: unknown, not no. Pictures are told apart by their bytes:
 * another may have the same name, and a name may come to have another picture. Tables of older apps knew names alone; their
 * answers are [unplaced] until the picture is seen.
 *
 * @property tags the columns, in the order of the model's scores.
 */
class Corrections private constructor(
    val tags: List<String>,
    private val rows: Map<String, Said>,
    private val unplaced: Map<String, Map<String, Answer>> = emptyMap(),
) {
    /** How many pictures have an answer. */
    val size: Int get() = rows.size + unplaced.size

    /** Returns what was said of a tag in a picture, by the SHA-256 of the picture's bytes. */
    fun of(identity: String, tag: String): Answer = rows[identity]?.answers?.get(tag) ?: Answer.UNKNOWN

    /** Returns the table with one answer more, or with one taken back. */
    fun with(identity: String, name: String, tag: String, answer: Answer): Corrections {
        val answers = rows[identity]?.answers.orEmpty() + (tag to answer)
        val said = answers.filterValues { it != Answer.UNKNOWN }
        return Corrections(tags, if (said.isEmpty()) rows - identity else rows + (identity to Said(name, said)), unplaced)
    }

    /** Returns the table with what an older app knew by a name alone as said of this picture; newer answers go before. */
    fun placed(name: String, identity: String): Corrections {
        val older = unplaced[name] ?: return this
        return Corrections(tags, rows + (identity to Said(name, older + rows[identity]?.answers.orEmpty())), unplaced - name)
    }

    /** Returns the table as CSV. */
    fun toCsv(): String = buildString {
        append(line(listOf(PATH, IDENTITY) + tags))
        val placed = rows.map { (identity, said) -> Triple(said.name, identity, said.answers) }
        val all = placed + unplaced.map { (name, answers) -> Triple(name, "", answers) }
        for ((name, identity, answers) in all.sortedWith(compareBy({ it.first }, { it.second }))) {
            append(line(listOf(name, identity) + tags.map { (answers[it] ?: Answer.UNKNOWN).cell }))
        }
    }

    companion object {
        private const val PATH = "path"
        private const val IDENTITY = "identity"

        /** Returns a table without answers. */
        fun none(tags: List<String>): Corrections = Corrections(tags, emptyMap())

        /** Reads what [toCsv] wrote, or that of an older app; tags that the model no longer has are left out, new ones are unknown. */
        fun parse(csv: String, tags: List<String>): Corrections {
            val lines = cells(csv)
            val columns = lines.firstOrNull().orEmpty()
            val head = if (columns.getOrNull(1) == IDENTITY) 2 else 1
            val rows = mutableMapOf<String, Said>()
            val unplaced = mutableMapOf<String, Map<String, Answer>>()
            for (line in lines.drop(1)) {
                val answers = columns.zip(line).drop(head).associate { (tag, cell) -> tag to answer(cell) }
                    .filter { (tag, answer) -> tag in tags && answer != Answer.UNKNOWN }
                if (answers.isEmpty()) continue
                val identity = if (head == 2) line.getOrElse(1) { "" } else ""
                if (identity.isEmpty()) unplaced[line.first()] = answers else rows[identity] = Said(line.first(), answers)
            }
            return Corrections(tags, rows, unplaced)
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
