"""Requests to fuzz the review page with."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from hypothesis import strategies as st

from edgetag.dataset import open_dataset
from edgetag.errors import InputError
from edgetag.pool import open_pool
from edgetag.recipe import load_recipe
from edgetag.reviewing.app import make_app
from edgetag.reviewing.guard import Guard
from edgetag.reviewing.one_by_one import OneByOne
from edgetag.reviewing.opening import open_review
from edgetag.reviewing.pictures import Pictures
from edgetag.serving.settings import Settings
from tests.support.fuzzing.holding import Target
from tests.support.fuzzing.inputs import TEXTS, json_bytes
from tests.support.reviewed import make_reviewed

ASKED = (
    ("GET", "/v1/pictures"),
    ("GET", "/v1/changes"),
    ("GET", "/v1/thumbnails"),
    ("GET", "/v1/heat"),
    ("GET", "/v1/state"),
    ("POST", "/v1/answers"),
    ("POST", "/v1/undo"),
    ("PUT", "/v1/answers"),
    ("GET", "/v1/nothing"),
)
PARAMETERS = (
    "after",
    "count",
    "tag",
    "label",
    "split",
    "source",
    "kind",
    "state",
    "since",
    "identity",
)
IDENTITY = f"{3:064x}"
SAID = {
    "by": "ann",
    "answers": [
        {"key": "key number 1", "identity": IDENTITY, "tag": "cat", "before": None, "label": 1}
    ],
}
UNDO = {"by": "ann", "key": "key number 2"}
HEADERS = ("content-type", "origin", "host", "content-length", "authorization", "x")


@contextlib.contextmanager
def review_requests(place: Path) -> Iterator[Target]:
    """Requests to the review page: any path, parameters, headers and body."""
    run = make_reviewed(place / "review", count=12, findings=4)
    recipe = load_recipe(run.recipe)
    texts = st.one_of(st.sampled_from(TEXTS), st.sampled_from((IDENTITY, "cat", "open", "1", "5")))
    requests = st.fixed_dictionaries(
        {
            "asked": st.sampled_from(ASKED),
            "parameters": st.lists(st.tuples(st.sampled_from(PARAMETERS), texts), max_size=3),
            "headers": st.lists(
                st.tuples(
                    st.sampled_from(HEADERS),
                    st.sampled_from(
                        ("application/json", "http://127.0.0.1", "null", "", "9", "\xff")
                    ),
                ),
                max_size=2,
            ),
            "body": json_bytes([SAID, UNDO]),
        }
    )
    with (
        open_review(run.workspace) as (board, store),
        open_pool(1) as thread,
        asyncio.Runner() as runner,
    ):
        pictures = Pictures(recipe, open_dataset(run.workspace), run.workspace)
        pool = OneByOne("heat maps", thread), OneByOne("large pictures", thread)
        app = make_app(recipe.name, board, store, pictures, *pool, Settings())
        transport = httpx.ASGITransport(Guard(app, "", lambda: False, lambda: False))

        async def answered(given: dict[str, Any]) -> httpx.Response:
            method, path = given["asked"]
            headers = [("host", "127.0.0.1"), ("content-type", "application/json")]
            headers += given["headers"]
            url = httpx.URL("http://127.0.0.1", path=path)
            query = "&".join(
                f"{name}={quote(text.encode('utf-8', 'surrogatepass'))}"
                for name, text in given["parameters"]
            )
            request = httpx.Request(
                method,
                url.copy_with(query=query.encode()),
                headers=[(name.encode(), text.encode("latin-1")) for name, text in headers],
                content=given["body"],
            )
            response = await transport.handle_async_request(request)
            await response.aread()
            return response

        def ask(given: dict[str, Any], _: Path) -> None:
            response = runner.run(answered(given))
            assert response.status_code < 500, (response.status_code, response.text)
            if response.status_code >= 400:
                raise InputError(response.json()["detail"])

        yield Target(requests, ask)
