package dev.edgetag.demo

import dev.edgetag.tagger.Label
import dev.edgetag.tagger.TagScore
import org.junit.Assert.assertEquals
import org.junit.Test

class AppDataTest {
    private val tags = listOf("cat", "a, \"quoted\" tag", "dog")

    private fun picture(name: String, vararg scores: Float) = FolderPicture(
        name, "content://$name",
        tags.zip(scores.toList()).mapIndexed { i, (tag, score) -> TagScore(Label(i, tag, tag, tag, false), score, 0.5f) },
    )

    @Test
    fun `corrections come back from their table as they were, whatever names pictures have`() {
        val names = listOf("plain.png", "with, comma.png", "with \"quotes\".png", "two\nlines.png", "\"")
        val said = names.fold(Corrections.none(tags)) { table, name -> table.with(name, tags[1], Answer.YES).with(name, "dog", Answer.NO) }
        val read = Corrections.parse(said.toCsv(), tags)
        assertEquals(said.toCsv(), read.toCsv())
        for (name in names) {
            assertEquals(Answer.YES, read.of(name, tags[1]))
            assertEquals(Answer.NO, read.of(name, "dog"))
            assertEquals(Answer.UNKNOWN, read.of(name, "cat"))
        }
    }

    @Test
    fun `an answer that is taken back leaves no row`() {
        val said = Corrections.none(tags).with("a.png", "cat", Answer.YES).with("a.png", "cat", Answer.UNKNOWN)
        assertEquals("path,cat,\"a, \"\"quoted\"\" tag\",dog\n", said.toCsv())
        assertEquals(0, said.size)
    }

    @Test
    fun `tags of another model's table are left out, and new tags are unknown`() {
        val said = Corrections.none(listOf("cat", "horse")).with("a.png", "cat", Answer.YES).with("b.png", "horse", Answer.YES)
        val read = Corrections.parse(said.toCsv(), tags)
        assertEquals(Answer.YES, read.of("a.png", "cat"))
        assertEquals(1, read.size)
    }

    @Test
    fun `a person's word goes before the model's, in filters and in counts`() {
        val pictures = listOf(picture("a", 0.9f, 0f, 0.9f), picture("b", 0.9f, 0f, 0.1f), FolderPicture("c", "content://c", emptyList(), "broken"))
        val folder = TaggedFolder(pictures, Corrections.none(tags).with("a", "cat", Answer.NO).with("b", "dog", Answer.YES))
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
