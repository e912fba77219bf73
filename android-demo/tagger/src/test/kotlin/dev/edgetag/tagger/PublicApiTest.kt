package dev.edgetag.tagger

import java.io.File
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

class PublicApiTest {
    @Test
    fun `the public API is the accepted one`() = PublicApi.assertAccepted(Tagger::class.java, File("api/tagger.api"))

    @Test
    fun `a change of the public API fails with the change and with how to accept it`(@TempDir folder: File) {
        val removed = "public abstract fun anything"
        val accepted = File(folder, "tagger.api")
        accepted.writeText(File("api/tagger.api").readText() + "$removed\n")
        val error = assertFails(AssertionError::class.java, "-$removed", "To accept it, cp ") {
            PublicApi.assertAccepted(Tagger::class.java, accepted)
        }
        val command = error.message!!.substringAfter("cp ").split(" ")
        File(command[0]).copyTo(accepted, overwrite = true)
        assertEquals(accepted.path, command[1])
        PublicApi.assertAccepted(Tagger::class.java, accepted)
    }
}
