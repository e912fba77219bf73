package androidx.test.runner.intent;

/** Nothing here asks for the monitor. */
public final class IntentMonitorRegistry {
    private IntentMonitorRegistry() {}

    public static void registerInstance(IntentMonitor monitor) {}
}
