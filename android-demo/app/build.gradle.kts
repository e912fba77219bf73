plugins {
    alias(libs.plugins.android.application)
    alias(libs.plugins.kotlin.compose)
}

android {
    namespace = "dev.edgetag.demo"
    compileSdk = libs.versions.app.compile.sdk.get().toInt()

    defaultConfig {
        applicationId = "dev.edgetag.demo"
        minSdk = libs.versions.app.min.sdk.get().toInt()
        targetSdk = libs.versions.app.target.sdk.get().toInt()
        versionCode = libs.versions.app.version.code.get().toInt()
        versionName = libs.versions.app.version.name.get()
    }

    buildFeatures {
        compose = true
    }

    androidResources {
        localeFilters += listOf("en", "ja")
    }

    buildTypes {
        release {
            isMinifyEnabled = true
            isShrinkResources = true
            proguardFiles(getDefaultProguardFile("proguard-android-optimize.txt"), "proguard-rules.pro")
        }
    }

    packaging {
        // From Android 6 on, and with pages of 16 KB, libraries are mapped from the APK.
        jniLibs.useLegacyPackaging = false
    }
}

dependencies {
    implementation(project(":tagger-android"))
    implementation(libs.kotlinx.coroutines.android)
    implementation(libs.kotlinx.serialization.json)
    implementation(libs.bundles.compose)
}

/** Unpacks the demo bundle, so that a clone works as it is. */
abstract class UnpackBundle : DefaultTask() {
    @get:InputFile
    @get:PathSensitive(PathSensitivity.NAME_ONLY)
    abstract val bundle: RegularFileProperty

    @get:OutputDirectory
    abstract val assets: DirectoryProperty

    @get:Inject
    abstract val archives: ArchiveOperations

    @get:Inject
    abstract val files: FileSystemOperations

    @TaskAction
    fun unpack() {
        files.sync {
            from(archives.zipTree(bundle))
            into(assets.dir("edgetag"))
        }
    }
}

// Your own bundle, placed by `edgetag bundle android`, goes before the demo's.
if (!file("src/main/assets/edgetag/manifest.json").exists()) {
    val demo = fileTree("../../models/demo") { include("demo-*.zip") }
    val unpack = tasks.register<UnpackBundle>("unpackDemoBundle") {
        bundle.set(layout.file(provider {
            demo.files.maxByOrNull { it.name }
                ?: error("models/demo has no demo-*.zip; place a bundle with: edgetag bundle android ZIP --project android-demo")
        }))
    }
    androidComponents.onVariants { variant ->
        variant.sources.assets?.addGeneratedSourceDirectory(unpack, UnpackBundle::assets)
    }
}
