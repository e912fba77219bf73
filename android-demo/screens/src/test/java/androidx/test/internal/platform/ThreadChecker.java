package androidx.test.internal.platform;

/** Checks which thread runs. */
public interface ThreadChecker {
    void checkMainThread();

    void checkNotMainThread();
}
