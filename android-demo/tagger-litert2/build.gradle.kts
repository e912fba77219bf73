import org.jetbrains.kotlin.gradle.dsl.KotlinVersion

plugins {
    alias(libs.plugins.android.library)
    `maven-publish`
}

android {
    namespace = "dev.edgetag.tagger.litert2"
    compileSdk = libs.versions.app.compile.sdk.get().toInt()

    defaultConfig {
        minSdk = libs.versions.app.min.sdk.get().toInt()
    }

    // As :tagger, so that apps made for any version of Java take both.
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_1_8
        targetCompatibility = JavaVersion.VERSION_1_8
    }

    testOptions {
        unitTests.all { it.useJUnitPlatform() }
    }

    publishing {
        singleVariant("release") {
            withSourcesJar()
        }
    }
}

kotlin {
    compilerOptions {
        // What explicitApi() sets, said to the compiler itself: here the Android plugin runs it.
        freeCompilerArgs.add("-Xexplicit-api=strict")
        // As :tagger.
        languageVersion.set(KotlinVersion.KOTLIN_2_2)
        apiVersion.set(KotlinVersion.KOTLIN_2_2)
    }
}

publishing {
    publications {
        register<MavenPublication>("release") {
            // The Android plugin makes this component late.
            afterEvaluate { from(components["release"]) }
        }
    }
}

dependencies {
    api(project(":tagger"))
    implementation(libs.bundles.litert2)
    testImplementation(libs.junit.jupiter)
    testRuntimeOnly(libs.junit.platform.launcher)
}
