package dev.edgetag.tagger.litert2

import android.content.Context
import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.BuiltinNpuAcceleratorProvider
import com.google.ai.edge.litert.Environment
import dev.edgetag.tagger.Delegate
import dev.edgetag.tagger.EngineException
import java.io.File

// What LiteRT does with an NPU is in its sources, google-ai-edge/LiteRT; file names below are of that repository.

/**
 * What to ask LiteRT for, so that it runs the whole model there or refuses it.
 *
 * To a set of the NPU alone `CompiledModel.create` adds the CPU (`litert/kotlin/…/Model.kt`), which then runs
 * whatever the NPU does not take, all of it where there is none, without a word. To a set of two it adds
 * nothing, and `NONE` asks for nothing (`litert/kotlin/src/main/jni/litert_compiled_model_jni.cc`). Without the
 * CPU a model that is not taken whole is refused (`litert/runtime/compiled_model.cc`).
 */
internal fun acceleratorsFor(delegate: Delegate): Set<Accelerator> = when (delegate) {
    Delegate.CPU -> setOf(Accelerator.CPU)
    Delegate.GPU -> setOf(Accelerator.GPU)
    Delegate.NPU -> setOf(Accelerator.NPU, Accelerator.NONE)
}

/**
 * Returns LiteRT's environment with the NPU in it, which the caller closes after the model.
 *
 * What the NPU's compiler makes of a model is kept in `Context.getCacheDir`, by LiteRT.
 *
 * @throws EngineException there is no NPU, or the app has no libraries for it.
 */
internal fun openNpu(context: Context): Environment {
    val provider = BuiltinNpuAcceleratorProvider(context)
    npuProblem(provider.isDeviceSupported(), File(provider.getLibraryDir()))?.let { throw EngineException(it) }
    val environment = Environment.create(context, provider)
    try {
        // LiteRT logs why it did not register one, and goes on (litert/runtime/accelerators/npu_registry.cc).
        if (Accelerator.NPU !in environment.getAvailableAccelerators()) {
            throw EngineException("LiteRT could not register an NPU; its log says why")
        }
        return environment
    } catch (error: Throwable) { // whatever it was, the environment's memory is not Java's
        environment.close()
        throw error
    }
}

/** Returns why an NPU cannot be used, as far as can be seen without LiteRT's native code; null where nothing is seen. */
internal fun npuProblem(isDeviceSupported: Boolean, libraries: File): String? {
    if (!isDeviceSupported) return "LiteRT knows no NPU that it could use on this device"
    val missing = LIBRARIES.firstOrNull { (prefix, _) -> libraries.walk().none { it.isLibrary(prefix) } } ?: return null
    return "this app has no ${missing.first}*.so, which ${missing.second}, in $libraries: add the maker's libraries of " +
        "LiteRT for NPUs, and have Android unpack them (packaging.jniLibs.useLegacyPackaging)"
}

private fun File.isLibrary(prefix: String) = isFile && name.startsWith(prefix) && name.endsWith(".so")

/** LiteRT finds them in the folder, by these names (`litert/core/dynamic_loading.cc`). */
private val LIBRARIES = listOf(
    "libLiteRtDispatch" to "runs models on an NPU",
    "libLiteRtCompilerPlugin" to "compiles a bundle's models for it",
)
