package androidx.test.runner.intent;

/** Tells of intents. */
public interface IntentMonitor {}
