// The part of LiteRT 2.3's public Kotlin API that tagger-litert2 uses, by its reference
// (developers.google.com/edge/api/litert/kotlin); what belongs to NPUs also by its sources of August 2026
// (google-ai-edge/LiteRT, litert/kotlin). LiteRT is only in Google's repository, which CI cannot reach.
// Nothing here runs, and nothing here is packed or published: it is there to compile against.
@file:Suppress("UNUSED_PARAMETER")

package com.google.ai.edge.litert

import android.content.Context

private fun absent(): Nothing = throw UnsatisfiedLinkError("LiteRT's stubs run nothing; take com.google.ai.edge.litert")

public enum class Accelerator { NONE, CPU, GPU, NPU }

public enum class Status

public class LiteRtException(status: Status, message: String) : Exception(message)

public abstract class JniHandle internal constructor() : AutoCloseable {
    final override fun close(): Unit = absent()
}

public interface NpuCompatibilityChecker {
    public fun isDeviceSupported(): Boolean

    public companion object {
        public val Default: NpuCompatibilityChecker
            get() = absent()
    }
}

public interface NpuAcceleratorProvider {
    public fun isDeviceSupported(): Boolean

    public fun isLibraryReady(): Boolean

    public suspend fun downloadLibrary()

    public fun getLibraryDir(): String
}

public class BuiltinNpuAcceleratorProvider @JvmOverloads constructor(
    context: Context, npuCompatibilityChecker: NpuCompatibilityChecker = NpuCompatibilityChecker.Default,
) : NpuAcceleratorProvider {
    override fun isDeviceSupported(): Boolean = absent()

    override fun isLibraryReady(): Boolean = absent()

    override suspend fun downloadLibrary(): Unit = absent()

    override fun getLibraryDir(): String = absent()
}

public class Environment private constructor() : JniHandle() {
    public enum class Option { CompilerPluginLibraryDir, DispatchLibraryDir }

    public fun getAvailableAccelerators(): Set<Accelerator> = absent()

    public companion object {
        @JvmOverloads
        @JvmStatic
        public fun create(
            context: Context,
            npuAcceleratorProvider: NpuAcceleratorProvider,
            options: Map<Option, String> = mapOf(),
            enableCompilerCache: Boolean = true,
        ): Environment = absent()
    }
}

public class TensorBuffer internal constructor() : JniHandle() {
    public fun writeFloat(data: FloatArray): Unit = absent()

    public fun writeInt8(data: ByteArray): Unit = absent()

    public fun readFloat(): FloatArray = absent()

    public fun readInt8(): ByteArray = absent()
}

public class CompiledModel private constructor() : JniHandle() {
    public data class CpuOptions(
        val numThreads: Int? = null,
        val xnnPackFlags: Int? = null,
        val xnnPackWeightCachePath: String? = null,
    )

    public data class GpuOptions(
        val constantTensorSharing: Boolean? = null,
        val infiniteFloatCapping: Boolean? = null,
        val allowSrcQuantizedFcConvOps: Boolean? = null,
        val precision: Precision? = null,
        val bufferStorageType: BufferStorageType? = null,
        val preferTextureWeights: Boolean? = null,
        val serializationDir: String? = null,
        val modelCacheKey: String? = null,
        val serializeProgramCache: Boolean? = null,
        val serializeExternalTensors: Boolean? = null,
        val externalTensorsMode: Boolean? = null,
        val externalTensorPattern: String? = null,
        val backend: Backend? = null,
        val priority: Priority? = null,
        val numStepsOfCommandBufferPreparations: Int? = null,
    ) {
        public enum class Precision { DEFAULT, FP16, FP32, FP16_WITH_FP32_ACCUM }

        public enum class BufferStorageType { DEFAULT, BUFFER, TEXTURE_2D }

        public enum class Backend { AUTOMATIC, OPENCL, WEBGPU, OPENGL }

        public enum class Priority { DEFAULT, LOW, NORMAL, HIGH }
    }

    public class Options(accelerators: Set<Accelerator>) {
        public constructor(vararg accelerators: Accelerator) : this(setOf(*accelerators))

        public var cpuOptions: CpuOptions? = null
        public var gpuOptions: GpuOptions? = null
    }

    public fun createInputBuffer(inputName: String, signature: String = ""): TensorBuffer = absent()

    public fun createOutputBuffer(outputName: String, signature: String = ""): TensorBuffer = absent()

    public fun run(
        inputs: Map<String, TensorBuffer>, outputs: Map<String, TensorBuffer>, signature: String = "",
    ): Unit = absent()

    public companion object {
        @JvmOverloads
        @JvmStatic
        public fun create(
            filePath: String, options: Options = Options(Accelerator.CPU), optionalEnv: Environment? = null,
        ): CompiledModel = absent()
    }
}
