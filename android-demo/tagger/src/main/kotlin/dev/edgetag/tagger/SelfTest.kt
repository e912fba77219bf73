package dev.edgetag.tagger

import kotlin.math.abs

/**
 * Whether an engine gives what validation saw.
 *
 * @property family the family of kernels whose scores it gives, null where it gives no known one's.
 * @property maxDifference the largest difference from that family's scores, or from the nearest one's.
 * @property tolerance what that family allows.
 */
public data class SelfTestResult(
    val passed: Boolean,
    val family: String?,
    val maxDifference: Double,
    val tolerance: Double,
) {
    /** One line for people. */
    public val summary: String get() = if (passed) {
        "self-test passed: scores as $family gives them, within $maxDifference"
    } else {
        "self-test failed: scores differ by up to $maxDifference, and $tolerance is allowed"
    }
}

/** Runs the golden inputs of a bundle through an engine. */
public object SelfTest {
    /**
     * Compares an engine's scores with those of every known family; the nearest one that agrees is named.
     *
     * @throws BundleException the golden inputs are damaged, or there are none for the variant.
     * @throws EngineException the runtime failed.
     */
    public fun run(bundle: TaggerBundle, variant: Variant, engine: Engine): SelfTestResult {
        val golden = bundle.golden()
        val families = golden.expected.filter { it.variant == variant.name }
        if (families.isEmpty()) throw BundleException("golden.json expects nothing of \"${variant.name}\"")
        val scores = scores(bundle, golden, engine)
        val results = families.map { family ->
            val difference = largestDifference(scores, family.scores)
            val passed = difference <= family.tolerance
            SelfTestResult(passed, family.family.takeIf { passed }, difference, family.tolerance)
        }
        return results.filter { it.passed }.minByOrNull { it.maxDifference } ?: results.minByOrNull { it.maxDifference }!!
    }

    private fun scores(bundle: TaggerBundle, golden: Golden, engine: Engine): List<FloatArray> {
        val runner = Runner(engine, bundle.contract, bundle.labels.size)
        val inputs = bundle.goldenInputs(golden)
        val pixels = ByteArray(golden.inputBytes)
        return List(golden.count) {
            inputs.get(pixels)
            runner.run(pixels)
        }
    }

    /** A score that is no number differs by more than any tolerance. */
    private fun largestDifference(scores: List<FloatArray>, expected: List<List<Double>>): Double =
        scores.indices.maxOf { i ->
            scores[i].indices.maxOf { j ->
                val difference = abs(scores[i][j] - expected[i][j])
                if (difference.isNaN()) Double.MAX_VALUE else difference
            }
        }
}
