package dev.edgetag.demo

import dev.edgetag.tagger.Label
import dev.edgetag.tagger.TagScore

/**
 * One picture of a folder.
 *
 * @property name in its folder, which another may have where the folder lies in no file system.
 * @property address its content address, which no other has.
 * @property identity SHA-256 of its bytes, by which corrections go; empty where it could not be read.
 * @property scores empty where it could not be read.
 * @property problem why it could not; null where it could.
 */
data class FolderPicture(
    val name: String,
    val address: String,
    val identity: String,
    val scores: List<TagScore>,
    val problem: String? = null,
)

/**
 * A folder's pictures and what a person has said of them.
 *
 * @property pictures in the order of their names; those that were tagged so far.
 */
data class TaggedFolder(val pictures: List<FolderPicture>, val corrections: Corrections) {
    /** Whether a picture shows a tag: by a person's word, else by the model's score. */
    fun shows(picture: FolderPicture, tag: String): Boolean = when (corrections.of(picture.identity, tag)) {
        Answer.YES -> true
        Answer.NO -> false
        Answer.UNKNOWN -> picture.scores.any { it.label.tag == tag && it.isSet }
    }

    /** Returns the pictures that show all of these tags. */
    fun showing(tags: Set<String>): List<FolderPicture> = pictures.filter { picture -> tags.all { shows(picture, it) } }

    /** Returns the tags that pictures show and how many do, the most frequent first. */
    fun counts(): List<Pair<Label, Int>> = pictures.firstOrNull { it.scores.isNotEmpty() }?.scores.orEmpty()
        .map { score -> score.label to pictures.count { shows(it, score.label.tag) } }
        .filter { (_, count) -> count > 0 }
        .sortedByDescending { (_, count) -> count }
}
