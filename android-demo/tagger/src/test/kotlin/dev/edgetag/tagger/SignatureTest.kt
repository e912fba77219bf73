package dev.edgetag.tagger

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.File

/** Signatures that `edgetag bundle sign` and forgers make: `signatures/` and `signatures.json`, written by Python. */
class SignatureTest {
    private val folder = File(goldenFolder(), "signatures")

    @Test
    fun `signatures that Python refuses are refused here, and those that it takes are taken`() {
        val refused = mutableListOf<String>()
        val taken = mutableListOf<String>()
        StrictJson.read(File(goldenFolder(), "signatures.json").readText()) { cases ->
            for (name in cases.names) {
                val case = cases.fields(name)
                val python = case.text("refused")
                val here = refusal(case)
                val told = "$name: Python: $python, here: $here"
                assertEquals(python.isNotEmpty() || case.flag("stricter"), here.isNotEmpty(), told)
                for (word in case.list("words", StrictJson::text)) assertTrue(word in here, told)
                if (here.isEmpty()) taken += name else refused += name
            }
        }
        assertEquals(listOf("P-256", "P-384", "P-521", "a renamed bundle", "without a hint", "the other half of the order"), taken)
        assertTrue(refused.size > 30, "only $refused were refused")
    }

    @Test
    fun `a key is the same in PEM and in DER`() {
        val pem = File(folder, "P-256.pub").readText()
        val der = java.util.Base64.getMimeDecoder().decode(pem.lines().drop(1).dropLast(2).joinToString(""))
        assertEquals(BundleKey.pem(pem).hint, BundleKey.der(der).hint)
        assertEquals(BundleKey.pem(pem).hint, BundleKey.pem(pem.replace("\n", "\r\n")).hint)
    }

    @Test
    fun `what is no public key of a bundle is refused with what to do`() {
        val keys = folder.listFiles { file -> file.name.endsWith(".bad") }!!
        assertTrue(keys.size >= 4)
        for (key in keys) {
            assertFails(BundleException::class.java, "not a public key", "openssl ec") { BundleKey.pem(key.readText()) }
        }
    }

    private fun refusal(case: JsonFields): String = try {
        val signature = File(folder, case.text("signature")).readBytes()
        BundleSignature.verify(File(folder, case.text("bundle")), signature, BundleKey.pem(File(folder, case.text("key")).readText()))
        ""
    } catch (error: BundleException) {
        error.message!!
    }
}
