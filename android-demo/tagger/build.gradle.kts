import org.jetbrains.kotlin.gradle.dsl.JvmTarget
import org.jetbrains.kotlin.gradle.dsl.KotlinVersion

plugins {
    alias(libs.plugins.kotlin.jvm)
    `maven-publish`
}

kotlin {
    explicitApi()
    compilerOptions {
        jvmTarget.set(JvmTarget.JVM_1_8)
        freeCompilerArgs.add("-Xjdk-release=1.8")
        // The Kotlin that the Android plugin brings to an app, 2.2, reads no classes of 2.4.
        languageVersion.set(KotlinVersion.KOTLIN_2_2)
        apiVersion.set(KotlinVersion.KOTLIN_2_2)
    }
}

java {
    sourceCompatibility = JavaVersion.VERSION_1_8
    targetCompatibility = JavaVersion.VERSION_1_8
    withSourcesJar()
}

publishing {
    publications {
        register<MavenPublication>("release") {
            from(components["java"])
        }
    }
}

dependencies {
    api(libs.kotlin.stdlib)
    api(libs.kotlinx.coroutines.core)
    implementation(libs.kotlinx.serialization.json)
    testImplementation(libs.junit.jupiter)
    testImplementation(libs.kotlin.abi.tools)
    testImplementation(libs.tensorflow.lite.desktop)
    testRuntimeOnly(libs.junit.platform.launcher)
}

// The golden arrays and the bundle are written by Python: tests/android/kotlin_tests.py.
tasks.test {
    useJUnitPlatform()
    for (name in listOf("edgetag.golden", "edgetag.bundle", "edgetag.models")) {
        System.getProperty(name)?.let { systemProperty(name, it) }
    }
}
