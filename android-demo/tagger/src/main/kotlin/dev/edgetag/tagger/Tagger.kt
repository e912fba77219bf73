package dev.edgetag.tagger

import kotlin.math.exp

/**
 * A tag's score in one picture.
 *
 * @property score in 0..1.
 * @property threshold the score from which on the tag is set.
 */
public data class TagScore(val label: Label, val score: Float, val threshold: Float) {
    /** Whether the tag is set. */
    public val isSet: Boolean get() = score >= threshold
}

/** A picture's scores, in the order of the labels, and heat maps by tag where they were asked for. */
public class Tagging(public val scores: List<TagScore>, public val maps: Map<String, HeatMap> = emptyMap()) {
    /** The tags that are set, the surest first. */
    public val tags: List<TagScore> get() = scores.filter { it.isSet }.sortedByDescending { it.score }
}

/**
 * Tags pictures with one variant of a bundle. Not safe for use by several threads at once.
 *
 * @param engine closed with the tagger.
 * @throws EngineException the engine's tensors are not those of the bundle.
 */
public class Tagger(
    public val bundle: TaggerBundle,
    public val variant: Variant,
    public val engine: Engine,
) : AutoCloseable {
    private val letterbox = Letterbox(bundle.contract)
    private val runner = Runner(engine, bundle.contract, bundle.labels.size)
    private val thresholds = bundle.thresholds(variant.name)

    /** Whether the model makes heat maps. */
    public val explains: Boolean get() = engine.maps != null

    /**
     * Returns a picture's scores.
     *
     * @throws PictureException the memory does not suffice.
     * @throws EngineException the runtime failed, or gave what is no score.
     */
    public fun tag(picture: Picture): Tagging = Tagging(scores(runner.run(letterbox.fit(picture).rgb)))

    /**
     * Returns a picture's scores with a heat map of every tag; without maps where the model makes none.
     *
     * @throws PictureException the memory does not suffice.
     * @throws EngineException the runtime failed, or gave what is no score.
     */
    public fun explain(picture: Picture): Tagging {
        val shape = engine.maps?.shape ?: return tag(picture)
        val (scores, maps) = runner.explain(letterbox.fit(picture).rgb)
        val content = letterbox.contentBox(picture.width, picture.height)
        val byTag = bundle.labels.associate { label ->
            val values = FloatArray(shape[1] * shape[2]) { sigmoid(maps[it * shape[3] + label.index]) }
            label.tag to HeatMap(shape[2], shape[1], values, picture.bounds, content, bundle.contract.inputSize)
        }
        return Tagging(scores(scores), byTag)
    }

    /** Returns where a tag is seen; null where the model makes no maps. See the other [explain]. */
    public fun explain(picture: Picture, tag: String): HeatMap? = explain(picture).maps[tag]

    private fun scores(values: FloatArray): List<TagScore> {
        val scores = checkedScores(values, engine.output)
        return bundle.labels.map { TagScore(it, scores[it.index], thresholds[it.index]) }
    }

    override fun close(): Unit = engine.close()
}

internal fun sigmoid(logit: Float): Float = 1f / (1f + exp(-logit))
