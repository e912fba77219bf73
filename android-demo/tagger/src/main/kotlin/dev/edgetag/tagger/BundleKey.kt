package dev.edgetag.tagger

import java.math.BigInteger
import java.nio.ByteBuffer
import java.security.GeneralSecurityException
import java.security.KeyFactory
import java.security.Signature
import java.security.SignatureException
import java.security.interfaces.ECPublicKey
import java.security.spec.X509EncodedKeySpec
import java.util.Base64

/**
 * The public key that an app trusts bundles of: what `openssl ec -pubout` writes.
 *
 * @property hint SHA-256 of the key as PEM, by which a signature names it.
 */
public class BundleKey private constructor(private val key: ECPublicKey, private val algorithm: String) {
    internal val hint: String = sha256(ByteBuffer.wrap(pem(key.encoded).toByteArray()))

    /** Returns whether the holder of the key has signed [content]; false also for what is no signature. */
    internal fun hasSigned(content: ByteArray, signature: ByteArray): Boolean = try {
        Signature.getInstance(algorithm).run {
            initVerify(key)
            update(content)
            verify(signature)
        }
    } catch (_: SignatureException) {
        false // it is none in DER
    }

    public companion object {
        private const val BEGIN = "-----BEGIN PUBLIC KEY-----"
        private const val END = "-----END PUBLIC KEY-----"
        private const val LINE = 64

        /** A curve's order, which no other curve has, and the digest that Sigstore uses with it. */
        private val CURVES = mapOf(
            "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551" to "SHA256withECDSA",
            "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973" to
                "SHA384withECDSA",
            "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5" +
                "c9b8899c47aebb6fb71e91386409" to "SHA512withECDSA",
        ).mapKeys { BigInteger(it.key, 16) }

        /**
         * Reads a key in PEM.
         *
         * @throws BundleException it is no public key on P-256, P-384 or P-521.
         */
        public fun pem(text: String): BundleKey {
            val lines = text.trim().lines().map(String::trim)
            if (lines.first() != BEGIN || lines.last() != END) throw wrong("it must begin with $BEGIN and end with $END")
            return try {
                der(Base64.getDecoder().decode(lines.drop(1).dropLast(1).joinToString("")))
            } catch (error: IllegalArgumentException) {
                throw wrong("it is not Base64", error)
            }
        }

        /**
         * Reads a key in DER (SubjectPublicKeyInfo).
         *
         * @throws BundleException it is no public key on P-256, P-384 or P-521.
         */
        public fun der(bytes: ByteArray): BundleKey {
            val key = try {
                KeyFactory.getInstance("EC").generatePublic(X509EncodedKeySpec(bytes)) as ECPublicKey
            } catch (error: GeneralSecurityException) {
                throw wrong(error.message ?: "it is damaged", error)
            }
            return BundleKey(key, CURVES[key.params.order] ?: throw wrong("it is on a curve that is not used for bundles"))
        }

        private fun pem(der: ByteArray): String =
            (listOf(BEGIN) + Base64.getEncoder().encodeToString(der).chunked(LINE) + END).joinToString("") { it + "\n" }

        private fun wrong(why: String, cause: Throwable? = null) = BundleException(
            "not a public key that bundles are verified with: $why. It must be on P-256, P-384 or P-521; make it from " +
                "the private one with: openssl ec -in KEY -pubout",
            cause,
        )
    }
}
