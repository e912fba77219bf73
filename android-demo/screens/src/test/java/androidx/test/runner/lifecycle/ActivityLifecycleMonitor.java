package androidx.test.runner.lifecycle;

import android.app.Activity;
import java.util.Collection;

/** Tells of stages. */
public interface ActivityLifecycleMonitor {
    void addLifecycleCallback(ActivityLifecycleCallback callback);

    void removeLifecycleCallback(ActivityLifecycleCallback callback);

    Collection<Activity> getActivitiesInStage(Stage stage);
}
