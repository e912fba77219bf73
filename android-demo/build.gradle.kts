// Named here once, so that both modules get the same version of each. The Android plugin compiles
// Kotlin itself, with the version that the JVM plugin brings.
plugins {
    alias(libs.plugins.android.application) apply false
    alias(libs.plugins.kotlin.jvm) apply false
}
