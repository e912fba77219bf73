"""JSON of other programs to fuzz its readers with: Region Cropper, Label Studio, phones."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from edgetag.dataset.formats import draft
from edgetag.dataset.plan import open_sources
from edgetag.errors import InputError
from edgetag.phones.answer import Wanted, check_answer, read_answer, scores_of
from edgetag.phones.problems import PhoneError
from edgetag.phones.reading import read as read_phones
from edgetag.recipe import DataSection
from edgetag.reviewing.label_studio import read_tasks
from edgetag.workspace import Workspace
from tests.phones.measuring import ANSWER, DIGEST
from tests.support.fuzzing.holding import Target
from tests.support.fuzzing.inputs import damaged, json_bytes
from tests.support.fuzzing.tables import TABLE_TAGS
from tests.support.made_bundle import recipe_in
from tests.support.paths import ROOT

REGIONS = {
    "generator": "Region Cropper",
    "file_name": "a.png",
    "regions": [
        {
            "probability": 0.9,
            "label": 0,
            "rect": {"left": 0, "top": 0, "right": 9.5, "bottom": 9},
        },
        {"probability": 1, "label": 7, "rect": {"left": -5, "top": 1, "right": 2, "bottom": 3}},
    ],
}


@contextlib.contextmanager
def region_files(_: Path) -> Iterator[Target]:
    """Region Cropper's JSON, used whole and cut out, as a file and as one drafts a recipe."""
    options = st.fixed_dictionaries(
        {"regions": st.sampled_from(("whole", "crop")), "unknown_tags": st.just("ignore")}
    )

    def read(given: tuple[bytes, dict[str, Any]], folder: Path) -> None:
        data, more = given
        path = folder / "a.json"
        path.write_bytes(data)
        with contextlib.suppress(InputError):
            draft(DataSection(source=path), ())
        open_sources(DataSection(source=path, tags=TABLE_TAGS, **more))

    yield Target(st.tuples(json_bytes([REGIONS, [REGIONS, REGIONS]]), options), read)


TASKS = [
    {
        "id": 1,
        "data": {"image": "/data/local-files/?d=a%20b.png", "identity": "ab"},
        "annotations": [
            {
                "completed_by": {"id": 3, "email": "ann@example.org"},
                "created_at": "2026-11-28T09:30:00.5Z",
                "was_cancelled": False,
                "result": [
                    {
                        "from_name": "present",
                        "to_name": "image",
                        "type": "choices",
                        "value": {"choices": ["cat", "dog"]},
                        "meta": {"by": "ann", "at": {"cat": "2026-11-28T09:30:00.5Z"}},
                    },
                    {"from_name": "box", "type": "rectanglelabels", "value": {"x": 1}},
                ],
            }
        ],
    },
    {"data": {"path": "b.png"}, "annotations": [{"completed_by": 3, "result": []}]},
]


@contextlib.contextmanager
def label_studio_tasks(_: Path) -> Iterator[Target]:
    """Label Studio's JSON."""

    def read(given: bytes, folder: Path) -> None:
        path = folder / "tasks.json"
        path.write_bytes(given)
        for answer in read_tasks(path):
            assert isinstance(answer.identity + answer.path + answer.tag + answer.by, str)

    yield Target(json_bytes([TASKS]), read)


@contextlib.contextmanager
def phone_answers(place: Path) -> Iterator[Target]:
    """Answers of the app, and figures of others, as `edgetag phone read` takes them."""
    elsewhere = [path.read_bytes() for path in sorted((ROOT / "tests/phones/elsewhere").iterdir())]
    mobile = json.loads((ROOT / "tests/phones/elsewhere/mobile.json").read_bytes())
    rows = [
        json.loads(line)
        for line in (ROOT / "tests/phones/elsewhere/rows.jsonl").read_text().splitlines()
    ]
    wanted = Wanted(DIGEST, ("cat", "dog"), ("0", "1"))
    recipe = recipe_in(place)

    def read(given: bytes, folder: Path) -> None:
        path, workspace = folder / "answer.json", Workspace(folder / "run")
        path.write_bytes(given)
        with contextlib.suppress(PhoneError):  # which `read_phones` refuses in other words
            answer = read_answer(given)
            check_answer(answer, wanted)
            scores_of(answer, wanted)
            return
        (workspace.bench / "phones.json").unlink(missing_ok=True)
        read_phones(recipe, workspace, (path,), ())

    yield Target(
        st.one_of(
            json_bytes([ANSWER]),
            json_bytes([ANSWER]),
            json_bytes([mobile]),
            st.lists(json_bytes(rows), min_size=1, max_size=3).map(b"\n".join),
            damaged(elsewhere),
        ),
        read,
    )
