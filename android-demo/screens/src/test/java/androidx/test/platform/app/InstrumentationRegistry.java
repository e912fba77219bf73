package androidx.test.platform.app;

import android.app.Instrumentation;
import android.os.Bundle;

/** Robolectric hands over its instrumentation; nothing here asks for it. */
public final class InstrumentationRegistry {
    private InstrumentationRegistry() {}

    public static void registerInstance(Instrumentation instrumentation, Bundle arguments) {}
}
