package dev.edgetag.tagger.android

import dev.edgetag.tagger.Delegate
import dev.edgetag.tagger.Engine
import dev.edgetag.tagger.EngineException
import dev.edgetag.tagger.EngineFactory
import dev.edgetag.tagger.EngineOptions
import dev.edgetag.tagger.TensorInfo
import dev.edgetag.tagger.TensorType
import dev.edgetag.tagger.sha256
import java.io.File
import java.nio.ByteBuffer
import org.tensorflow.lite.DataType
import org.tensorflow.lite.Interpreter
import org.tensorflow.lite.Tensor
import org.tensorflow.lite.TensorFlowLite
import org.tensorflow.lite.gpu.GpuDelegate
import org.tensorflow.lite.gpu.GpuDelegateFactory

/**
 * Opens models with LiteRT 1.x, by `org.tensorflow.lite.Interpreter`.
 *
 * It reaches no NPU. That of LiteRT 2.x (`CompiledModel`) is in the module `tagger-litert2`.
 *
 * @param cache a folder where the GPU keeps what it has compiled, so that the next start is quick:
 *   `Context.getCodeCacheDir`, which Android empties when the app or the system is updated.
 */
public class InterpreterEngineFactory(private val cache: File) : EngineFactory {
    override fun open(model: ByteBuffer, options: EngineOptions): Engine {
        if (options.delegate == Delegate.NPU) {
            throw EngineException("LiteRT 1.x reaches no NPU; tagger-litert2 takes LiteRT 2.x, which does")
        }
        val gpu = if (options.delegate == Delegate.GPU) openGpu(model) else null
        try {
            val settings = Interpreter.Options().setNumThreads(options.threads)
            if (gpu == null) settings.setUseXNNPACK(true) else settings.addDelegate(gpu)
            return InterpreterEngine(Interpreter(model, settings), gpu)
        } catch (error: RuntimeException) {
            gpu?.close()
            throw EngineException("$RUNTIME does not take this model: ${error.message}", error)
        } catch (error: LinkageError) {
            gpu?.close()
            throw EngineException("$RUNTIME cannot be loaded: ${error.message}", error)
        } catch (error: EngineException) {
            gpu?.close()
            throw error
        }
    }

    /** The runtime's list of known devices is not asked: the self-test decides, on this very device. */
    private fun openGpu(model: ByteBuffer): GpuDelegate = try {
        // In 32 bits: with 16, which is faster, scores would not be those that validation saw.
        val options = GpuDelegateFactory.Options().setPrecisionLossAllowed(false)
        // By the digest, so that another model never gets what was kept of this one.
        GpuDelegate(options.setSerializationParams(cache.path, sha256(model)))
    } catch (error: RuntimeException) {
        throw EngineException("the GPU cannot be used: ${error.message}", error)
    } catch (error: LinkageError) {
        throw EngineException("the GPU's library cannot be loaded: ${error.message}", error)
    }
}

private const val RUNTIME = "litert"
private const val EXPLAIN = "explain"

private class InterpreterEngine(
    private val interpreter: Interpreter,
    private val gpu: GpuDelegate?,
) : Engine {
    override val name: String = RUNTIME
    override val version: String = TensorFlowLite.runtimeVersion()
    private val plain: Signature
    private val explain: Signature?

    override val input: TensorInfo
    override val output: TensorInfo
    override val maps: TensorInfo?

    init {
        try {
            val keys = interpreter.signatureKeys.toList()
            val key = keys.firstOrNull { it != EXPLAIN } ?: throw EngineException("the model has no signature for scores")
            plain = Signature(key)
            explain = if (EXPLAIN in keys) Signature(EXPLAIN) else null
            input = describe(plain.input, interpreter.getInputTensorFromSignature(plain.input, key))
            val scores = plain.outputs.single()
            output = describe(scores, interpreter.getOutputTensorFromSignature(scores, key))
            maps = explain?.let { describe(MAPS, interpreter.getOutputTensorFromSignature(MAPS, EXPLAIN)) }
        } catch (error: RuntimeException) {
            interpreter.close()
            throw error
        } catch (error: EngineException) {
            interpreter.close()
            throw error
        }
    }

    override fun run(input: ByteBuffer, scores: ByteBuffer) {
        invoke(plain, input, mapOf(plain.outputs.single() to scores))
    }

    override fun explain(input: ByteBuffer, scores: ByteBuffer, maps: ByteBuffer) {
        val signature = explain ?: throw EngineException("the model has no signature \"$EXPLAIN\"")
        invoke(signature, input, mapOf(SCORES to scores, MAPS to maps))
    }

    private fun invoke(signature: Signature, input: ByteBuffer, outputs: Map<String, ByteBuffer>) {
        input.rewind()
        outputs.values.forEach { it.rewind() }
        try {
            interpreter.runSignature(mapOf(signature.input to input), outputs, signature.key)
        } catch (error: RuntimeException) {
            throw EngineException("$name failed: ${error.message}", error)
        }
        // The interpreter leaves its position at the end.
        input.rewind()
        outputs.values.forEach { it.rewind() }
    }

    override fun close() {
        interpreter.close()
        gpu?.close()
    }

    private inner class Signature(val key: String) {
        val input: String = interpreter.getSignatureInputs(key).single()
        val outputs: List<String> = interpreter.getSignatureOutputs(key).toList()
    }

    private companion object {
        const val SCORES = "scores"
        const val MAPS = "maps"
    }
}

private fun describe(name: String, tensor: Tensor): TensorInfo {
    val type = when (tensor.dataType()) {
        DataType.UINT8 -> TensorType.UINT8
        DataType.INT8 -> TensorType.INT8
        DataType.INT16 -> TensorType.INT16
        DataType.FLOAT32 -> TensorType.FLOAT32
        else -> throw EngineException("the tensor $name holds ${tensor.dataType()}, which no tagger uses")
    }
    val quantization = tensor.quantizationParams()
    return TensorInfo(name, type, tensor.shape().toList(), quantization.scale, quantization.zeroPoint)
}
