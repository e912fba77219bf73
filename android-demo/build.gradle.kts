// Named here once, so that all modules get the same version of each. The Android plugin compiles
// Kotlin itself, with the version that the JVM plugin brings.
plugins {
    alias(libs.plugins.android.application) apply false
    alias(libs.plugins.android.library) apply false
    alias(libs.plugins.kotlin.jvm) apply false
}
