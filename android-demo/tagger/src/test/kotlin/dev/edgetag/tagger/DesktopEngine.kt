package dev.edgetag.tagger

import org.bytedeco.javacpp.BytePointer
import org.bytedeco.javacpp.Pointer
import org.bytedeco.tensorflowlite.TfLiteInterpreter
import org.bytedeco.tensorflowlite.TfLiteInterpreterOptions
import org.bytedeco.tensorflowlite.TfLiteModel
import org.bytedeco.tensorflowlite.TfLiteSignatureRunner
import org.bytedeco.tensorflowlite.TfLiteTensor
import org.bytedeco.tensorflowlite.global.tensorflowlite.*
import java.nio.ByteBuffer

/** TensorFlow Lite's own C API on this machine, through JavaCPP. */
internal object DesktopEngineFactory : EngineFactory {
    override fun open(model: ByteBuffer, options: EngineOptions): Engine {
        if (options.delegate != Delegate.CPU) {
            throw EngineException("this build of TensorFlow Lite has no ${options.delegate} delegate")
        }
        val bytes = Pointer(model)
        val loaded: TfLiteModel? = TfLiteModelCreate(bytes, model.remaining().toLong())
        if (loaded == null || loaded.isNull) throw EngineException("TensorFlow Lite cannot read the model")
        val settings: TfLiteInterpreterOptions = TfLiteInterpreterOptionsCreate()
        TfLiteInterpreterOptionsSetNumThreads(settings, options.threads)
        val interpreter: TfLiteInterpreter? = TfLiteInterpreterCreate(loaded, settings)
        TfLiteInterpreterOptionsDelete(settings)
        if (interpreter == null || interpreter.isNull) throw EngineException("TensorFlow Lite cannot run the model")
        check(TfLiteInterpreterAllocateTensors(interpreter), "the memory of the model's tensors")
        return DesktopEngine(bytes, loaded, interpreter)
    }

    fun check(status: Int, what: String) {
        if (status != kTfLiteOk) throw EngineException("TensorFlow Lite failed: $what (status $status)")
    }
}

/** @param bytes held, since the model is not copied. */
private class DesktopEngine(
    private val bytes: Pointer,
    private val model: TfLiteModel,
    private val interpreter: TfLiteInterpreter,
) : Engine {
    private val explainer: TfLiteSignatureRunner? = explainer()
    private val inputTensor = TfLiteInterpreterGetInputTensor(interpreter, 0)
    private val outputTensor = TfLiteInterpreterGetOutputTensor(interpreter, 0)

    override val name = "tensorflow-lite"
    override val version: String = TfLiteVersion().string
    override val input = info(inputTensor)
    override val output = info(outputTensor)
    override val maps = explainer?.let { info(TfLiteSignatureRunnerGetOutputTensor(it, "maps")) }

    private fun explainer(): TfLiteSignatureRunner? {
        val keys = (0 until TfLiteInterpreterGetSignatureCount(interpreter))
            .map { TfLiteInterpreterGetSignatureKey(interpreter, it).string }
        if ("explain" !in keys) return null
        val runner = TfLiteInterpreterGetSignatureRunner(interpreter, "explain")
        DesktopEngineFactory.check(TfLiteSignatureRunnerAllocateTensors(runner), "the memory of explain's tensors")
        return runner
    }

    override fun run(input: ByteBuffer, scores: ByteBuffer) {
        put(input, inputTensor)
        DesktopEngineFactory.check(TfLiteInterpreterInvoke(interpreter), "running the model")
        get(outputTensor, scores)
    }

    override fun explain(input: ByteBuffer, scores: ByteBuffer, maps: ByteBuffer) {
        val runner = explainer ?: throw EngineException("the model has no signature explain")
        put(input, TfLiteSignatureRunnerGetInputTensor(runner, "image"))
        DesktopEngineFactory.check(TfLiteSignatureRunnerInvoke(runner), "running the signature explain")
        get(TfLiteSignatureRunnerGetOutputTensor(runner, "scores"), scores)
        get(TfLiteSignatureRunnerGetOutputTensor(runner, "maps"), maps)
    }

    private fun put(from: ByteBuffer, tensor: TfLiteTensor) =
        DesktopEngineFactory.check(TfLiteTensorCopyFromBuffer(tensor, Pointer(from), from.capacity().toLong()), "its input")

    private fun get(tensor: TfLiteTensor, into: ByteBuffer) =
        DesktopEngineFactory.check(TfLiteTensorCopyToBuffer(tensor, Pointer(into), into.capacity().toLong()), "its output")

    private fun info(tensor: TfLiteTensor): TensorInfo {
        val type = when (val number = TfLiteTensorType(tensor)) {
            kTfLiteUInt8 -> TensorType.UINT8
            kTfLiteInt8 -> TensorType.INT8
            kTfLiteInt16 -> TensorType.INT16
            kTfLiteFloat32 -> TensorType.FLOAT32
            else -> throw EngineException("a tensor of TensorFlow Lite's type $number")
        }
        val shape = List(TfLiteTensorNumDims(tensor)) { TfLiteTensorDim(tensor, it) }
        val quantized = TfLiteTensorQuantizationParams(tensor)
        val name: BytePointer = TfLiteTensorName(tensor)
        return TensorInfo(name.string, type, shape, quantized.scale(), quantized.zero_point())
    }

    override fun close() {
        explainer?.let { TfLiteSignatureRunnerDelete(it) }
        TfLiteInterpreterDelete(interpreter)
        TfLiteModelDelete(model)
        bytes.setNull() // Java's buffer frees its own memory
    }
}
