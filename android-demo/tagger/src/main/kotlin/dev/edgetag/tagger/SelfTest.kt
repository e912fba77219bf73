package dev.edgetag.tagger

import kotlin.math.abs

/**
 * Whether an engine gives what validation saw.
 *
 * @property family the family of kernels whose scores it gives, null where it gives no known one's.
 * @property maxDifference the largest difference from that family's scores, or from the nearest one's.
 * @property tolerance what that family allows.
 * @property mapsAgree whether heat maps are those that the bundle knows; of a bundle that knows none, whether they
 *   average to the scores that they explain; true without heat maps.
 * @property remembered whether it was run at an earlier start of the app, see [SelfTestMemory].
 */
public data class SelfTestResult(
    val passed: Boolean,
    val family: String?,
    val maxDifference: Double,
    val tolerance: Double,
    val mapsAgree: Boolean = true,
    val remembered: Boolean = false,
) {
    /** One line for people. */
    public val summary: String get() = when {
        passed -> "self-test passed${if (remembered) " before" else ""}: scores as $family gives them, within $maxDifference"
        mapsAgree -> "self-test failed: scores differ by up to $maxDifference, and $tolerance is allowed"
        else -> "self-test failed: heat maps are not those that validation saw"
    }
}

/** Runs the golden inputs of a bundle through every signature of an engine that is used. */
public object SelfTest {
    /**
     * Compares an engine's scores with those of every known family; the nearest one that agrees is named.
     * Where the engine makes heat maps, the scores beside them must be the same, and each cell that of the family;
     * where the bundle knows no maps, their averages must be the scores.
     *
     * @throws BundleException the golden inputs are damaged, or there are none for the variant.
     * @throws EngineException the runtime failed.
     */
    public fun run(bundle: TaggerBundle, variant: Variant, engine: Engine): SelfTestResult {
        val golden = bundle.golden()
        val families = golden.expected.zip(bundle.goldenMaps(golden)).filter { (known, _) -> known.variant == variant.name }
        if (families.isEmpty()) throw BundleException("golden.json expects nothing of \"${variant.name}\"")
        val outputs = outputs(bundle, golden, engine)
        val results = families.map { (family, cells) ->
            val difference = outputs.scores.maxOf { largestDifference(it, family.scores) }
            val mapsAgree = if (cells == null) outputs.mapsAverage else areSame(outputs.cells, cells, family.maps!!)
            val passed = difference <= family.tolerance && mapsAgree
            SelfTestResult(passed, family.family.takeIf { passed }, difference, family.tolerance, mapsAgree)
        }
        return results.filter { it.passed }.minByOrNull { it.maxDifference } ?: results.minByOrNull { it.maxDifference }!!
    }

    /**
     * @property scores by signature and input.
     * @property cells heat maps after the sigmoid, by input; empty where the engine makes none.
     */
    private class Outputs(val scores: List<List<FloatArray>>, val cells: List<FloatArray>, val mapsAverage: Boolean)

    private fun outputs(bundle: TaggerBundle, golden: Golden, engine: Engine): Outputs {
        val runner = Runner(engine, bundle.contract, bundle.labels.size)
        val inputs = bundle.goldenInputs(golden)
        val pixels = ByteArray(golden.inputBytes)
        val plain = mutableListOf<FloatArray>()
        val explained = mutableListOf<FloatArray>()
        val cells = mutableListOf<FloatArray>()
        var mapsAverage = true
        repeat(golden.count) {
            inputs.get(pixels)
            plain += runner.run(pixels)
            if (engine.maps != null) {
                val (scores, maps) = runner.explain(pixels)
                explained += scores
                cells += FloatArray(maps.size) { sigmoid(maps[it]) }
                mapsAverage = mapsAverage && scores.indices.all { tag -> isAverage(maps, tag, scores, engine) }
            }
        }
        return Outputs(listOf(plain, explained).filter { it.isNotEmpty() }, cells, mapsAverage)
    }

    /** An engine that makes no maps has none to compare; a cell that is no number is never the same. */
    private fun areSame(cells: List<FloatArray>, known: List<FloatArray>, maps: GoldenMaps): Boolean =
        cells.zip(known).all { (ours, theirs) ->
            ours.size == theirs.size && ours.indices.all { abs(ours[it] - theirs[it]) <= maps.tolerance }
        }

    /** The sigmoid is nowhere steeper than 1/4, and each tensor is rounded to its own steps. */
    private fun isAverage(maps: FloatArray, tag: Int, scores: FloatArray, engine: Engine): Boolean {
        val mean = (tag until maps.size step scores.size).map { maps[it] }.average().toFloat()
        val tolerance = (engine.maps?.scale ?: 0f) / 4 + engine.output.scale + ROUNDING
        return abs(sigmoid(mean) - scores[tag]) <= tolerance
    }

    /** A score that is no number differs by more than any tolerance. */
    private fun largestDifference(scores: List<FloatArray>, expected: List<List<Double>>): Double =
        scores.indices.maxOf { i ->
            scores[i].indices.maxOf { j ->
                val difference = abs(scores[i][j] - expected[i][j])
                if (difference.isNaN()) Double.MAX_VALUE else difference
            }
        }

    private const val ROUNDING = 1e-3f
}
