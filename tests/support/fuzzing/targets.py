"""Every reader of what strangers may have written, by name."""

import contextlib
from collections.abc import Callable
from pathlib import Path

from tests.support.fuzzing.archives import bundles, model_files
from tests.support.fuzzing.documents import label_studio_tasks, phone_answers, region_files
from tests.support.fuzzing.holding import Target
from tests.support.fuzzing.recipes import recipes
from tests.support.fuzzing.requests import review_requests
from tests.support.fuzzing.tables import answer_tables, label_tables

Make = Callable[[Path], contextlib.AbstractContextManager[Target]]
"""Makes a target; the folder is for what all of its inputs share."""

TARGETS: dict[str, Make] = {
    "model files": model_files,
    "bundles": bundles,
    "recipes": recipes,
    "tables of labels": label_tables,
    "tables of answers": answer_tables,
    "Region Cropper's JSON": region_files,
    "Label Studio's JSON": label_studio_tasks,
    "answers of phones": phone_answers,
    "requests to review": review_requests,
}
