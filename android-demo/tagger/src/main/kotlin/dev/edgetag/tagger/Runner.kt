package dev.edgetag.tagger

/** Runs letterboxed pixels through an engine, in memory that is allocated once. */
internal class Runner(private val engine: Engine, contract: Contract, tags: Int?) {
    private val encoder = InputEncoder(contract, engine.input)
    private val decoder = OutputDecoder(engine.output)
    private val input = encoder.newBuffer()
    private val output = decoder.newBuffer()

    init {
        val shape = engine.output.shape
        if (shape.size != 2 || shape[0] != 1 || (tags != null && shape[1] != tags)) {
            throw EngineException("the model gives $shape, and the bundle expects [1, ${tags ?: "tags"}]")
        }
        engine.maps?.let {
            if (it.shape.size != 4 || it.shape[0] != 1 || it.shape[3] != shape[1]) {
                throw EngineException("the model's maps are ${it.shape}, expected [1, height, width, ${shape[1]}]")
            }
        }
    }

    /** Returns the scores of `[size, size, 3]` pixels. */
    fun run(pixels: ByteArray): FloatArray {
        encoder.encode(pixels, input)
        engine.run(input, output)
        return decoder.decode(output)
    }

    /** Returns scores and maps (before the sigmoid, `[height, width, tags]`) of `[size, size, 3]` pixels. */
    fun explain(pixels: ByteArray): Pair<FloatArray, FloatArray> {
        val decoderOfMaps = OutputDecoder(engine.maps ?: throw EngineException("the model makes no heat maps"))
        val maps = decoderOfMaps.newBuffer()
        encoder.encode(pixels, input)
        engine.explain(input, output, maps)
        return decoder.decode(output) to decoderOfMaps.decode(maps)
    }
}

/**
 * Returns scores in 0..1, rounding mended, as Python does.
 *
 * @param output the model's; a step of its quantization may lead out of 0..1.
 * @throws EngineException one is no number, or one that no sigmoid gives.
 */
internal fun checkedScores(scores: FloatArray, output: TensorInfo): FloatArray {
    val allowed = ROUNDING + minOf(output.scale, COARSEST_STEP)
    for (score in scores) {
        if (!(score >= -allowed && score <= 1 + allowed)) throw EngineException("the model gave $score, which is no score")
    }
    return FloatArray(scores.size) { scores[it].coerceIn(0f, 1f) }
}

private const val ROUNDING = 1e-4f
private const val COARSEST_STEP = 1f / 64
