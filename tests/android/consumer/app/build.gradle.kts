plugins {
    id("com.android.application") version "9.1.0"
}

android {
    namespace = "com.example.tagging"
    compileSdk = 36
    defaultConfig.minSdk = 26
}

dependencies {
    implementation("dev.edgetag:tagger-android:0.1.0")
}
