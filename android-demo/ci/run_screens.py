"""Run the app's screens on a JVM and draw them: `run_screens.py PICTURE`, after `build_apk.py`.

Robolectric runs the framework's own code and draws with its own library. The model runs on this
machine's TensorFlow Lite, so tags and heat maps are real. Pictures of the screens are written to
`screens/target/screens`.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from project import PROJECT

LINKED = PROJECT / "app" / "target" / "linked"
CONFIG = PROJECT / "screens" / "target" / "test-classes" / "com/android/tools"


def main() -> int:
    """Run; the exit code is Maven's."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("picture", type=Path, help="a picture to tag in the screens")
    given = parser.parse_args()
    CONFIG.mkdir(parents=True, exist_ok=True)
    settings = {
        "android_merged_manifest": LINKED / "AndroidManifest.xml",
        "android_resource_apk": LINKED / "resources.apk",
        "android_merged_assets": PROJECT / "app/src/main/assets",
        "android_custom_package": "dev.edgetag.demo",
    }
    lines = "".join(f"{name}={value}\n" for name, value in settings.items())
    (CONFIG / "test_config.properties").write_text(lines, encoding="utf-8")
    return subprocess.run(
        [
            "mvn",
            "-q",
            "-B",
            "-f",
            str(PROJECT / "pom.xml"),
            "-Papp",
            "-pl",
            "screens",
            "-am",
            "test",
            "-Dmaven.test.skip=true",
            f"-Dedgetag.picture={given.picture.resolve()}",
        ],
        check=False,
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
