package dev.edgetag.tagger.litert2

import android.content.Context
import com.google.ai.edge.litert.CompiledModel
import com.google.ai.edge.litert.Environment
import com.google.ai.edge.litert.LiteRtException
import com.google.ai.edge.litert.TensorBuffer
import dev.edgetag.tagger.Delegate
import dev.edgetag.tagger.Engine
import dev.edgetag.tagger.EngineException
import dev.edgetag.tagger.EngineFactory
import dev.edgetag.tagger.EngineOptions
import dev.edgetag.tagger.ModelSignature
import dev.edgetag.tagger.TensorInfo
import dev.edgetag.tagger.TensorType
import dev.edgetag.tagger.sha256
import java.io.File
import java.io.FileOutputStream
import java.io.IOException
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.file.Files
import java.nio.file.StandardCopyOption

/**
 * Opens models with LiteRT 2.x, by `CompiledModel`. It was compiled, and never run.
 *
 * The GPU or an NPU is asked for alone, without the CPU beside it. LiteRT then refuses a model that it does not
 * take whole: what runs is what was asked for, or the exception says why not. It tells no types and no
 * scales of tensors in Kotlin, so that these are read from the file.
 *
 * For an NPU the app brings its maker's libraries of LiteRT; they compile the model on the phone when it is first
 * opened. Models that were compiled for one processor ahead of time are in no bundle.
 *
 * @param cache a folder for the model's file, since LiteRT 2.x opens no model in memory, and for what the
 *   GPU has compiled: `Context.getCodeCacheDir`, which Android empties when the app or the system is updated.
 * @param context any of the app's, for NPUs; null where none will be asked for.
 */
public class CompiledModelEngineFactory @JvmOverloads constructor(
    private val cache: File, private val context: Context? = null,
) : EngineFactory {
    override fun open(model: ByteBuffer, options: EngineOptions): Engine {
        if (options.delegate == Delegate.NPU && context == null) {
            throw EngineException("an NPU needs the Context that CompiledModelEngineFactory was not given")
        }
        val signatures = ModelSignature.read(model)
        val digest = sha256(model)
        val file = placed(model, digest)
        return attempt("does not take this model on the ${options.delegate}") {
            val environment = if (options.delegate == Delegate.NPU) context?.let(::openNpu) else null
            try {
                val compiled = CompiledModel.create(file.path, settings(options, digest), environment)
                try {
                    CompiledModelEngine(compiled, environment, signatures)
                } catch (error: Throwable) { // whatever it was, the model's memory is not Java's
                    compiled.close()
                    throw error
                }
            } catch (error: Throwable) {
                environment?.close()
                throw error
            }
        }
    }

    private fun settings(options: EngineOptions, digest: String): CompiledModel.Options {
        val settings = CompiledModel.Options(acceleratorsFor(options.delegate))
        when (options.delegate) {
            Delegate.CPU -> settings.cpuOptions = CompiledModel.CpuOptions(numThreads = options.threads)
            Delegate.GPU -> settings.gpuOptions = CompiledModel.GpuOptions(
                // With 16 bits, which is faster, scores would not be those that validation saw.
                precision = CompiledModel.GpuOptions.Precision.FP32,
                serializationDir = cache.path,
                modelCacheKey = digest,
                serializeProgramCache = true,
            )
            Delegate.NPU -> Unit // LiteRT's Kotlin has options of one maker alone, and needs none of them
        }
        return settings
    }

    /** Returns the model's file, named by its digest; it is written where it is not there, or not whole. */
    private fun placed(model: ByteBuffer, digest: String): File = try {
        val file = File(cache, "$digest.tflite")
        if (!file.isFile || sha256(ByteBuffer.wrap(file.readBytes())) != digest) {
            val part = File(cache, "$digest.part")
            FileOutputStream(part).use {
                val content = model.duplicate()
                while (content.hasRemaining()) it.channel.write(content)
                it.fd.sync()
            }
            Files.move(part.toPath(), file.toPath(), StandardCopyOption.ATOMIC_MOVE)
        }
        file
    } catch (error: IOException) {
        throw EngineException("the model cannot be written to $cache: ${error.message}", error)
    }
}

private const val RUNTIME = "litert-compiled"
private const val EXPLAIN = "explain"

/** LiteRT 2.x does not tell its version: that of gradle/libs.versions.toml. */
private const val VERSION = "2.3.2"

private inline fun <T> attempt(what: String, work: () -> T): T = try {
    work()
} catch (error: LiteRtException) {
    throw EngineException("$RUNTIME $what: ${error.message}", error)
} catch (error: RuntimeException) {
    throw EngineException("$RUNTIME $what: ${error.message}", error)
} catch (error: LinkageError) {
    throw EngineException("$RUNTIME cannot be loaded: ${error.message}", error)
}

/** @param environment closed after the model, which is made in it; null where LiteRT makes one by itself. */
private class CompiledModelEngine(
    private val compiled: CompiledModel, private val environment: Environment?, signatures: List<ModelSignature>,
) : Engine {
    override val name: String = RUNTIME
    override val version: String = VERSION
    private val plain: Prepared
    private val explain: Prepared?

    override val input: TensorInfo
    override val output: TensorInfo
    override val maps: TensorInfo?

    init {
        val scoring = signatures.firstOrNull { it.key != EXPLAIN } ?: throw EngineException("the model has no signature for scores")
        val explaining = signatures.firstOrNull { it.key == EXPLAIN }
        input = scoring.inputs.values.single()
        output = scoring.outputs.values.single()
        maps = explaining?.outputs?.getValue(MAPS)
        plain = Prepared(scoring)
        explain = try {
            explaining?.let(::Prepared)
        } catch (error: Throwable) {
            plain.close()
            throw error
        }
    }

    override fun run(input: ByteBuffer, scores: ByteBuffer) {
        plain.run(input, mapOf(output.name to scores))
    }

    override fun explain(input: ByteBuffer, scores: ByteBuffer, maps: ByteBuffer) {
        val signature = explain ?: throw EngineException("the model has no signature \"$EXPLAIN\"")
        signature.run(input, mapOf(SCORES to scores, MAPS to maps))
    }

    override fun close() {
        explain?.close()
        plain.close()
        compiled.close()
        environment?.close()
    }

    /** A signature with the memory of its tensors, which LiteRT owns. */
    private inner class Prepared(private val signature: ModelSignature) : AutoCloseable {
        private val opened = mutableListOf<TensorBuffer>()
        private val inputs: Map<String, TensorBuffer>
        private val outputs: Map<String, TensorBuffer>

        init {
            val unknown = (signature.inputs + signature.outputs).values.firstOrNull { it.type == TensorType.INT16 }
            if (unknown != null) throw EngineException("LiteRT 2.x reads and writes no INT16, which ${unknown.name} is")
            try {
                inputs = signature.inputs.keys.associateWith { kept(compiled.createInputBuffer(it, signature.key)) }
                outputs = signature.outputs.keys.associateWith { kept(compiled.createOutputBuffer(it, signature.key)) }
            } catch (error: Throwable) {
                close()
                throw error
            }
        }

        private fun kept(buffer: TensorBuffer) = buffer.also { opened += it }

        fun run(image: ByteBuffer, results: Map<String, ByteBuffer>) = attempt("failed") {
            val (name, buffer) = inputs.entries.single()
            write(image, signature.inputs.getValue(name), buffer)
            compiled.run(inputs, outputs, signature.key)
            for ((result, into) in results) read(outputs.getValue(result), signature.outputs.getValue(result), into)
        }

        override fun close(): Unit = opened.forEach { it.close() }
    }

    private companion object {
        const val SCORES = "scores"
        const val MAPS = "maps"
    }
}

private fun write(from: ByteBuffer, tensor: TensorInfo, to: TensorBuffer) {
    val content = from.duplicate().order(ByteOrder.nativeOrder())
    content.rewind()
    if (tensor.type == TensorType.FLOAT32) {
        to.writeFloat(FloatArray(tensor.elements).also { content.asFloatBuffer().get(it) })
    } else {
        to.writeInt8(ByteArray(tensor.elements).also { content.get(it) })
    }
}

private fun read(from: TensorBuffer, tensor: TensorInfo, to: ByteBuffer) {
    val content = to.duplicate().order(ByteOrder.nativeOrder())
    content.rewind()
    if (tensor.type == TensorType.FLOAT32) {
        content.asFloatBuffer().put(from.readFloat(), 0, tensor.elements)
    } else {
        content.put(from.readInt8(), 0, tensor.elements)
    }
}
