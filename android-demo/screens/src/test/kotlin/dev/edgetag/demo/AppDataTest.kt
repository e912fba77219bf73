package dev.edgetag.demo

import dev.edgetag.tagger.Label
import dev.edgetag.tagger.TagScore
import org.junit.Assert.assertEquals
import org.junit.Test

class AppDataTest {
    private val tags = listOf("cat", "a, \"quoted\" tag", "dog")

    private fun picture(name: String, vararg scores: Float) = FolderPicture(
        name, "content://$name", "bytes of $name",
        tags.zip(scores.toList()).mapIndexed { i, (tag, score) -> TagScore(Label(i, tag, tag, tag, false), score, 0.5f) },
    )

    @Test
    fun `corrections come back from their table as they were, whatever names pictures have`() {
        val names = listOf("plain.png", "with, comma.png", "with \"quotes\".png", "two\nlines.png", "\"")
        val said = names.fold(Corrections.none(tags)) { table, name -> table.with("of $name", name, tags[1], Answer.YES).with("of $name", name, "dog", Answer.NO) }
        val read = Corrections.parse(said.toCsv(), tags)
        assertEquals(said.toCsv(), read.toCsv())
        for (name in names) {
            assertEquals(Answer.YES, read.of("of $name", tags[1]))
            assertEquals(Answer.NO, read.of("of $name", "dog"))
            assertEquals(Answer.UNKNOWN, read.of("of $name", "cat"))
        }
    }

    @Test
    fun `an answer that is taken back leaves no row`() {
        val said = Corrections.none(tags).with("1f", "a.png", "cat", Answer.YES).with("1f", "a.png", "cat", Answer.UNKNOWN)
        assertEquals("path,identity,cat,\"a, \"\"quoted\"\" tag\",dog\n", said.toCsv())
        assertEquals(0, said.size)
    }

    @Test
    fun `tags of another model's table are left out, and new tags are unknown`() {
        val said = Corrections.none(listOf("cat", "horse")).with("1f", "a.png", "cat", Answer.YES).with("2e", "b.png", "horse", Answer.YES)
        val read = Corrections.parse(said.toCsv(), tags)
        assertEquals(Answer.YES, read.of("1f", "cat"))
        assertEquals(1, read.size)
    }

    @Test
    fun `of pictures of one name each has what was said of it`() {
        val said = Corrections.none(listOf("cat")).with("2e", "same.png", "cat", Answer.NO).with("1f", "same.png", "cat", Answer.YES)
        assertEquals("path,identity,cat\nsame.png,1f,1\nsame.png,2e,0\n", said.toCsv())
        val read = Corrections.parse(said.toCsv(), listOf("cat"))
        assertEquals(listOf(Answer.YES, Answer.NO), listOf("1f", "2e").map { read.of(it, "cat") })
    }

    @Test
    fun `answers of an app that knew names alone are kept until their picture is seen, and newer ones go before`() {
        val old = "path,cat,dog\na.png,1,0\ngone.png,,1\n"
        val read = Corrections.parse(old, tags)
        assertEquals(2, read.size)
        val again = Corrections.parse(read.toCsv(), tags)
        assertEquals(read.toCsv(), again.toCsv())
        val placed = again.with("1f", "a.png", "cat", Answer.NO).placed("a.png", "1f").placed("other.png", "2e")
        assertEquals(2, placed.size)
        assertEquals(listOf(Answer.NO, Answer.NO), listOf("cat", "dog").map { placed.of("1f", it) })
        assertEquals("path,identity,cat,\"a, \"\"quoted\"\" tag\",dog\na.png,1f,0,,0\ngone.png,,,,1\n", placed.toCsv())
    }

    @Test
    fun `a person's word goes before the model's, in filters and in counts`() {
        val pictures = listOf(picture("a", 0.9f, 0f, 0.9f), picture("b", 0.9f, 0f, 0.1f), FolderPicture("c", "content://c", "", emptyList(), "broken"))
        val folder = TaggedFolder(pictures, Corrections.none(tags).with("bytes of a", "a", "cat", Answer.NO).with("bytes of b", "b", "dog", Answer.YES))
        assertEquals(listOf("b"), folder.showing(setOf("cat")).map { it.name })
        assertEquals(listOf("a", "b"), folder.showing(setOf("dog")).map { it.name })
        assertEquals(listOf("dog" to 2, "cat" to 1), folder.counts().map { (label, count) -> label.tag to count })
        assertEquals(3, folder.showing(emptySet()).size)
    }

    @Test
    fun `panes lie on either side of a hinge, unless it leaves no room for one`() {
        assertEquals(Panes(400, 0, 500), panesBeside(900, 400, 400))
        assertEquals(Panes(400, 84, 516), panesBeside(1000, 400, 484))
        assertEquals(Panes(250, 0, 750), panesBeside(1000, 250, 250))
        assertEquals(null, panesBeside(1000, 249, 249))
        assertEquals(null, panesBeside(1000, 700, 751))
        assertEquals("a hinge beside the panes", null, panesBeside(1000, -100, -20))
    }
}
