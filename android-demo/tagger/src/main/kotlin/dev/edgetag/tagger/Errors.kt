package dev.edgetag.tagger

/** The bundle cannot be used; the message says to people what is wrong and where. */
public class BundleException(message: String, cause: Throwable? = null) : Exception(message, cause)

/** One picture cannot be used; the next may be. The message is for people. */
public class PictureException(message: String, cause: Throwable? = null) : Exception(message, cause)

/** A runtime cannot run the model; the message is for people. */
public class EngineException(message: String, cause: Throwable? = null) : Exception(message, cause)

/** A job of the headless entry cannot be done; the message is one line for people. */
public class JobException(message: String, cause: Throwable? = null) : Exception(message, cause)
