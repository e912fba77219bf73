"""The app's texts against what Python says."""

import re

from edgetag.recipe import LIMITS
from tests.support.paths import ROOT

APP = ROOT / "android-demo/app/src/main"


def test_the_app_names_every_limit_as_edgetag_does() -> None:
    texts = (APP / "res/values/strings.xml").read_text(encoding="utf-8")
    named = dict(re.findall(r'<string name="((?:max|min)_\w+)">(.*)</string>', texts))
    words = {key: limit.words.replace("'", "’") for key, limit in LIMITS.items()}
    assert {key: text.lower() for key, text in named.items()} == {
        key: text.lower() for key, text in words.items()
    }
    code = (APP / "kotlin/dev/edgetag/demo/Limits.kt").read_text(encoding="utf-8")
    assert dict(re.findall(r'"(\w+)" to R\.string\.(\w+),', code)) == {key: key for key in LIMITS}
