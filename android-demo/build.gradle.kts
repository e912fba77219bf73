// Named here once, so that all modules get the same version of each. The Android plugin compiles
// Kotlin itself, with the version that the JVM plugin brings.
plugins {
    alias(libs.plugins.android.application) apply false
    alias(libs.plugins.android.library) apply false
    alias(libs.plugins.kotlin.compose) apply false
    alias(libs.plugins.kotlin.jvm) apply false
}

subprojects {
    group = "dev.edgetag"
    version = rootProject.libs.versions.edgetag.get()

    plugins.withId("maven-publish") {
        configure<PublishingExtension> {
            publications.withType<MavenPublication>().configureEach {
                pom {
                    name = project.name
                    description = "Tags pictures with an edgetag bundle as its validation did."
                    licenses {
                        license {
                            name = "Apache-2.0"
                            url = "https://www.apache.org/licenses/LICENSE-2.0.txt"
                        }
                    }
                    // -Pedgetag.url=https://…: Maven Central wants it, a local repository does not.
                    providers.gradleProperty("edgetag.url").orNull?.let { address ->
                        url = address
                        scm {
                            connection = "scm:git:$address.git"
                            url = address
                        }
                    }
                }
            }
        }
    }
}
