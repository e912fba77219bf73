package androidx.test.runner.lifecycle;

/** Tells of stages. */
public interface ApplicationLifecycleMonitor {}
