package dev.edgetag.tagger

import java.io.File
import java.nio.ByteBuffer
import java.nio.charset.CharacterCodingException
import java.util.Base64
import kotlinx.serialization.json.JsonElement

/**
 * Signatures of bundles, as `edgetag bundle sign` makes them by OpenSSF's model-signing.
 *
 * `NAME.zip.sig` is a Sigstore bundle (JSON). In it lies a DSSE envelope, in that an in-toto statement,
 * and that has the SHA-256 of the zip.
 */
public object BundleSignature {
    /**
     * Checks that a bundle is what the holder of a key has signed. It says nothing about what is in it.
     *
     * @param zip the bundle.
     * @param signature the content of its `.sig` file.
     * @throws BundleException the signature is none, is of another key, or of other bytes.
     * @throws java.io.IOException the bundle cannot be read.
     */
    public fun verify(zip: File, signature: ByteArray, key: BundleKey): Unit =
        verify(mapFile(zip), zip.name, signature, key)

    internal fun verify(zip: ByteBuffer, name: String, signature: ByteArray, key: BundleKey) {
        val signed = try {
            signedDigest(name, text(signature), key)
        } catch (error: JsonException) {
            throw untrusted(name, "its signature is none: ${error.message}", error)
        }
        if (sha256(zip) != signed) throw untrusted(name, "it has changed since it was signed, or was never signed")
    }

    /** Returns the SHA-256 that the key's holder has signed, in hexadecimal. */
    private fun signedDigest(name: String, signature: String, key: BundleKey): String {
        var payload = ByteArray(0)
        StrictJson.read(signature) { bundle ->
            bundle.choice("mediaType", setOfOne("application/vnd.dev.sigstore.bundle.v0.3+json"))
            val named = bundle.fields("verificationMaterial").fields("publicKey")
            if (named.has("hint") && named.text("hint") != key.hint) {
                throw untrusted(name, "it was signed with another key")
            }
            val envelope = bundle.fields("dsseEnvelope")
            envelope.choice("payloadType", setOfOne(PAYLOAD_TYPE))
            payload = base64(envelope["payload"], "payload")
            val signatures = envelope.list("signatures") { it, at -> base64(StrictJson.fields(it, at)["sig"], "$at.sig") }
            if (signatures.size != 1) throw JsonException("it has ${signatures.size} signatures, not 1")
            if (!key.hasSigned(preAuthenticated(payload), signatures[0])) {
                throw untrusted(name, "its signature was changed, or was made with another key")
            }
        }
        return StrictJson.read(text(payload), ::digestIn)
    }

    /** Returns the digest in a statement: of one file, which is the model, and nothing beside it. */
    private fun digestIn(statement: JsonFields): String {
        statement.choice("_type", setOfOne("https://in-toto.io/Statement/v1"))
        statement.choice("predicateType", setOfOne("https://model_signing/signature/v1.0"))
        val predicate = statement.fields("predicate")
        val serialization = predicate.fields("serialization")
        serialization.choice("method", setOfOne("files"))
        serialization.choice("hash_type", setOfOne("sha256"))
        val digest = only(predicate, "resources").let {
            it.choice("name", setOfOne(".")) // a model that is one file
            it.choice("algorithm", setOfOne("sha256"))
            FileDigest.digest(it.text("digest"))
        }
        val ofAll = FileDigest.digest(only(statement, "subject").fields("digest").text("sha256"))
        if (sha256(ByteBuffer.wrap(bytesOf(digest))) != ofAll) throw JsonException("subject and resources contradict each other")
        return digest
    }

    private fun only(fields: JsonFields, name: String): JsonFields =
        fields.list(name, StrictJson::fields).singleOrNull() ?: throw JsonException("$name must be one file, the bundle")

    /** What is signed in place of the payload alone: DSSE's protocol, version 1. */
    private fun preAuthenticated(payload: ByteArray): ByteArray =
        "DSSEv1 ${PAYLOAD_TYPE.length} $PAYLOAD_TYPE ${payload.size} ".toByteArray() + payload

    private fun base64(element: JsonElement, place: String): ByteArray = try {
        Base64.getDecoder().decode(StrictJson.text(element, place))
    } catch (error: IllegalArgumentException) {
        throw JsonException("$place is not Base64")
    }

    private fun text(bytes: ByteArray): String {
        if (bytes.size > MOST_BYTES) throw JsonException("it has over $MOST_BYTES bytes")
        return try {
            Charsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString()
        } catch (_: CharacterCodingException) {
            throw JsonException("it is no UTF-8 text")
        }
    }

    private fun bytesOf(hex: String) = ByteArray(hex.length / 2) { hex.substring(2 * it, 2 * it + 2).toInt(16).toByte() }

    private fun setOfOne(value: String) = mapOf(value to value)

    private fun untrusted(name: String, why: String, cause: Throwable? = null) =
        BundleException("$name: $why; do not trust it.", cause)

    private const val PAYLOAD_TYPE = "application/vnd.in-toto+json"
    private const val MOST_BYTES = 1_000_000
}
